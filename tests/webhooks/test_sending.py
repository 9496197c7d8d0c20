"""One attempt, as it should be: what is sent, and what is made of a proper answer."""

import asyncio
import json
import ssl
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook

from app.clock import SystemClock
from app.webhooks.egress_policy import PUBLIC
from app.webhooks.endpoint_rules import UrlFault
from app.webhooks.outcomes import (
    AddressRefused,
    ConnectFailed,
    Delivered,
    FailedAnswer,
    Gone,
    NameNotResolved,
    Phase,
    Redirected,
    Throttled,
    TimedOut,
    TlsFailed,
    UrlRefused,
)
from app.webhooks.sending import (
    MESSAGE_BYTES_MAX,
    Message,
    open_sender,
)
from app.webhooks.ssrf_guard import TlsFault
from tests.webhooks.certificates import self_signed
from tests.webhooks.receivers import (
    HOST,
    Answering,
    Connection,
    Pointing,
    gone,
    nobody,
    receiving,
    redirecting,
    silent,
    throttling,
)
from tests.webhooks.small_sender import (
    A_MESSAGE,
    AUTHORITY,
    BODY,
    NOW,
    SECRET,
    SOON_SECONDS,
    TRYING,
    a_sender,
    a_target,
    answer,
    sent,
)


async def test_a_message_is_posted_signed_as_it_is_with_the_endpoints_own_headers() -> None:
    tls = AUTHORITY.server(HOST)
    async with receiving(Answering(body=b"thanks"), tls=tls) as receiver, a_sender() as sender:
        target = a_target(receiver.url(target="/a?b=%20c"), headers={"Authorization": "Bearer x"})
        attempt = await sender.send(target, A_MESSAGE)
    assert attempt.outcome == Delivered(answer=answer(200, "thanks"))
    assert attempt.at == NOW
    (request,) = receiver.requests
    assert (request.target, request.body) == ("/a?b=%20c", BODY)
    assert {name: value for name, value in request.headers.items() if "webhook" not in name} == {
        "host": f"{HOST}:{receiver.port}",
        "accept": "*/*",
        "accept-encoding": "identity",
        "content-type": "application/json",
        "content-length": str(len(BODY)),
        "authorization": "Bearer x",
    } | {"user-agent": request.headers["user-agent"]}
    assert request.headers["webhook-timestamp"] == str(int(NOW.timestamp()))


async def test_what_arrives_is_verified_by_the_official_package() -> None:
    async with (
        receiving(Answering()) as receiver,
        open_sender(TRYING, SystemClock(), resolver=Pointing()) as sender,
    ):
        before = datetime.now(UTC)
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    (request,) = receiver.requests
    assert Webhook(SECRET).verify(request.body, request.headers) == json.loads(BODY)
    assert before <= attempt.at <= datetime.now(UTC)
    assert attempt.latency_seconds > 0


async def test_a_connection_is_used_again_and_each_endpoint_has_its_own() -> None:
    async with receiving(Answering()) as receiver, a_sender() as sender:
        for endpoint_id in ("ep_1", "ep_1", "ep_2", "ep_1"):
            target = a_target(receiver.url(), endpoint_id=endpoint_id)
            assert isinstance((await sender.send(target, A_MESSAGE)).outcome, Delivered)
    assert len(receiver.requests) == 4
    assert receiver.connections == 2


async def test_an_endpoint_gets_only_so_many_connections_while_another_is_not_held_up() -> None:
    free = asyncio.Event()

    async def holding(connection: Connection) -> None:
        await free.wait()
        await connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    async with (
        receiving(holding) as slow,
        receiving(Answering()) as quick,
        a_sender(connections_per_endpoint_max=2) as sender,
    ):
        waiting = [
            asyncio.create_task(sender.send(a_target(slow.url()), A_MESSAGE)) for _ in range(5)
        ]
        await slow.has_received(2)
        other = await sender.send(a_target(quick.url(), endpoint_id="ep_2"), A_MESSAGE)
        assert isinstance(other.outcome, Delivered)
        assert slow.connections == 2
        free.set()
        attempts = await asyncio.gather(*waiting)
    assert all(isinstance(attempt.outcome, Delivered) for attempt in attempts)


async def test_waiting_for_a_free_connection_does_not_count_as_waiting_for_the_endpoint() -> None:
    async with (
        receiving(silent) as receiver,
        a_sender(total_seconds=SOON_SECONDS, connections_per_endpoint_max=1) as sender,
    ):
        sending = [sender.send(a_target(receiver.url()), A_MESSAGE) for _ in range(3)]
        attempts = await asyncio.gather(*sending)
    assert {attempt.outcome for attempt in attempts} == {TimedOut(phase=Phase.WAITING)}


async def test_connections_that_are_not_used_for_long_are_closed() -> None:
    async with receiving(Answering()) as receiver, a_sender(endpoints_max=2) as sender:
        for number in (1, 2, 3, 1):
            target = a_target(receiver.url(), endpoint_id=f"ep_{number}")
            await sender.send(target, A_MESSAGE)
    assert receiver.connections == 4


@pytest.mark.parametrize(
    ("retry_after", "wait"),
    [
        ("120", timedelta(minutes=2)),
        ("Mon, 15 Mar 2021 09:02:00 GMT", timedelta(minutes=2)),
        (None, None),
    ],
)
@pytest.mark.parametrize("status", [429, 502, 504])
async def test_who_asks_for_less_is_heard_with_both_forms_of_retry_after(
    status: int, retry_after: str | None, wait: timedelta | None
) -> None:
    expected = Throttled(answer=answer(status), retry_after=wait)
    assert await sent(throttling(status, retry_after)) == expected


async def test_any_other_status_is_a_failure_and_may_say_when_to_come_again() -> None:
    wait = timedelta(seconds=7)
    assert await sent(throttling(503, "7")) == FailedAnswer(answer=answer(503), retry_after=wait)
    assert await sent(Answering(404, body=b"no")) == FailedAnswer(
        answer=answer(404, "no"), retry_after=None
    )


async def test_an_endpoint_that_is_gone_says_so() -> None:
    assert await sent(gone()) == Gone(answer=answer(410))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_no_redirect_is_followed(status: int) -> None:
    async with receiving(Answering()) as elsewhere:
        outcome = await sent(redirecting(elsewhere.url("127.0.0.1"), status))
    assert outcome == Redirected(answer=answer(status))
    assert elsewhere.connections == 0


async def test_a_redirect_to_a_metadata_address_is_a_failed_attempt_and_nothing_else() -> None:
    resolver = Pointing()
    outcome = await sent(redirecting("http://169.254.169.254/latest/"), resolver=resolver)
    assert outcome == Redirected(answer=answer(302))
    assert resolver.asked == [HOST]


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["169.254.169.254"],
        ["fe80::1%lo"],
    ],
)
async def test_a_name_that_leads_inside_is_refused_before_anything_is_connected(
    addresses: list[str],
) -> None:
    tls = AUTHORITY.server(HOST)
    async with (
        receiving(Answering(), tls=tls) as receiver,
        a_sender(PUBLIC, Pointing(addresses)) as sender,
    ):
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == AddressRefused()
    assert receiver.connections == 0
    assert "127.0" not in repr(attempt)


async def test_a_name_that_leads_inside_later_on_is_refused_then() -> None:
    """The first address is allowed, the second one not, though the name is the same."""
    resolver = Pointing(["127.0.0.1"], ["169.254.169.254"])
    closing = Answering(headers="Connection: close\r\n")
    async with receiving(closing) as receiver, a_sender(resolver=resolver) as sender:
        first = await sender.send(a_target(receiver.url()), A_MESSAGE)
        second = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert isinstance(first.outcome, Delivered)
    assert second.outcome == AddressRefused()
    assert len(receiver.requests) == 1
    assert resolver.asked == [HOST, HOST]


async def test_a_name_is_looked_up_once_a_connection_and_what_was_checked_is_connected_to() -> None:
    resolver = Pointing(["127.0.0.1"], ["169.254.169.254"])
    async with receiving(Answering()) as receiver, a_sender(resolver=resolver) as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert isinstance(attempt.outcome, Delivered)
    assert resolver.asked == [HOST]


async def test_the_next_address_is_tried_when_nobody_listens_at_the_first() -> None:
    resolver = Pointing(["127.0.0.2", "127.0.0.1"])
    async with receiving(Answering()) as receiver, a_sender(resolver=resolver) as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert isinstance(attempt.outcome, Delivered)


async def test_a_name_without_an_address_is_not_resolved() -> None:
    async with a_sender(resolver=Pointing([])) as sender:
        attempt = await sender.send(a_target(f"https://{HOST}/"), A_MESSAGE)
    assert attempt.outcome == NameNotResolved()


async def test_the_systems_own_resolver_knows_this_machine_and_no_invalid_name() -> None:
    async with (
        receiving(Answering()) as receiver,
        open_sender(TRYING, SystemClock()) as sender,
    ):
        here = await sender.send(a_target(receiver.url("localhost")), A_MESSAGE)
        nowhere = await sender.send(a_target("http://no-such-name.invalid/"), A_MESSAGE)
    assert isinstance(here.outcome, Delivered)
    assert nowhere.outcome == NameNotResolved()


async def test_where_nobody_listens_no_connection_is_made() -> None:
    async with nobody() as receiver, a_sender() as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == ConnectFailed()


async def test_a_stored_url_that_the_settings_no_longer_allow_is_refused() -> None:
    async with receiving(Answering()) as receiver, a_sender(PUBLIC) as sender:
        by_name = await sender.send(a_target(receiver.url()), A_MESSAGE)
        by_address = await sender.send(a_target("https://127.0.0.1/"), A_MESSAGE)
    assert by_name.outcome == UrlRefused(fault=UrlFault.NOT_HTTPS)
    assert by_address.outcome == UrlRefused(fault=UrlFault.ADDRESS_NOT_ALLOWED)
    assert receiver.connections == 0


@pytest.mark.parametrize(
    ("tls", "fault"),
    [
        (self_signed(HOST), TlsFault.CERTIFICATE_NOT_TRUSTED),
        (AUTHORITY.server("other.example.com"), TlsFault.CERTIFICATE_FOR_ANOTHER_NAME),
        (AUTHORITY.server("127.0.0.1"), TlsFault.CERTIFICATE_FOR_ANOTHER_NAME),
        (AUTHORITY.server(HOST, ended=True), TlsFault.CERTIFICATE_EXPIRED),
    ],
    ids=["self-signed", "of another name", "of its address", "expired"],
)
async def test_nothing_is_sent_to_a_server_that_cannot_prove_who_it_is(
    tls: ssl.SSLContext, fault: TlsFault
) -> None:
    async with receiving(Answering(), tls=tls) as receiver, a_sender() as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == TlsFailed(fault=fault)
    assert receiver.requests == []


async def test_an_address_may_have_a_certificate_too() -> None:
    tls = AUTHORITY.server("127.0.0.1")
    async with receiving(Answering(), tls=tls) as receiver, a_sender() as sender:
        attempt = await sender.send(a_target(receiver.url("127.0.0.1")), A_MESSAGE)
    assert isinstance(attempt.outcome, Delivered)


async def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiving(Answering(500)) as proxy, receiving(Answering()) as receiver:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url("127.0.0.1", ""))
        async with a_sender() as sender:
            attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert isinstance(attempt.outcome, Delivered)
    assert proxy.connections == 0


async def test_cookies_are_not_kept() -> None:
    setting = Answering(headers="Set-Cookie: a=b\r\n")
    async with receiving(setting) as receiver, a_sender() as sender:
        for _ in range(2):
            await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert all("cookie" not in request.headers for request in receiver.requests)


async def test_what_should_have_been_refused_before_is_not_sent() -> None:
    async with receiving(Answering()) as receiver, a_sender() as sender:
        with pytest.raises(ValueError, match="20001 bytes"):
            await sender.send(
                a_target(receiver.url()), Message(id="evt_1", body=b"x" * (MESSAGE_BYTES_MAX + 1))
            )
        with pytest.raises(ValueError, match="endpoint_header_not_allowed"):
            await sender.send(a_target(receiver.url(), headers={"Host": "x"}), A_MESSAGE)
    assert receiver.connections == 0

"""What a client does with providers that are late, without end, broken or not there at all."""

import asyncio
import json
import socket

import httpx
import pytest
from pydantic import ValidationError

from app.payments.provider.http import (
    BOOK_PAGE_BYTES_MAX,
    HttpPaymentProvider,
    ProviderLimits,
    ProviderNotConfigured,
    open_payment_provider,
)
from app.payments.provider.port import Unknown, UnknownWhy
from app.payments.provider.wire import BODY_BYTES_MAX
from app.settings import Settings
from tests.payments.provider.sandbox import (
    DEADLINE_SECONDS,
    a_payout,
    a_refund,
    answer,
    provider_at,
    read_request,
    serving,
)
from tests.payments.provider.stub_provider import (
    KEY,
    PAID,
    SUCCEEDED,
    Answering,
    answered_with,
    refunded,
    told,
    why,
)


class Failing(httpx.AsyncBaseTransport):
    """Fails in given ways, one a call, and counts the calls."""

    def __init__(self, *failures: httpx.TransportError) -> None:
        self.failures = list(failures)
        self.calls = 0

    async def handle_async_request(self, _: httpx.Request) -> httpx.Response:
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        return httpx.Response(200, stream=httpx.ByteStream(json.dumps(SUCCEEDED).encode()))


@pytest.mark.parametrize(
    "given",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"this is no HTTP\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000,
    ],
)
async def test_a_connection_that_breaks_after_the_order_was_sent_is_not_tried_again(
    given: bytes,
) -> None:
    breaking = Answering(given)
    async with serving(breaking.handle) as url, provider_at(url) as provider:
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.CONNECTION_LOST
    assert breaking.requests == 1


async def test_what_could_not_connect_is_tried_again_and_only_so_often() -> None:
    cases: list[tuple[list[httpx.TransportError], int, object]] = [
        ([httpx.ConnectError(""), httpx.ConnectTimeout("")], 3, PAID),
        ([httpx.ConnectError("")] * 9, 3, UnknownWhy.NOT_REACHED),
        ([httpx.PoolTimeout("")] * 9, 3, UnknownWhy.NOT_REACHED),
        ([httpx.ReadTimeout("")], 1, UnknownWhy.TIMED_OUT),
        ([httpx.WriteTimeout("")], 1, UnknownWhy.TIMED_OUT),
        ([httpx.WriteError("")], 1, UnknownWhy.CONNECTION_LOST),
        ([httpx.ReadError("")], 1, UnknownWhy.CONNECTION_LOST),
        ([httpx.ConnectError(""), httpx.ReadError("")], 2, UnknownWhy.CONNECTION_LOST),
    ]
    for failures, calls, expected in cases:
        transport = Failing(*failures)
        async with httpx.AsyncClient(transport=transport, base_url="http://provider") as client:
            limits = ProviderLimits(total_seconds=DEADLINE_SECONDS, connects_max=3)
            outcome = await HttpPaymentProvider(client, limits).refund(a_refund(KEY))
        assert (why(outcome) if isinstance(outcome, Unknown) else outcome) == expected
        assert transport.calls == calls


async def test_a_port_where_nobody_listens_is_not_reached() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        async with provider_at(f"http://127.0.0.1:{taken.getsockname()[1]}") as provider:
            assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.NOT_REACHED
            assert why(await provider.query(KEY)) is UnknownWhy.NOT_REACHED


async def test_a_provider_that_says_nothing_has_timed_out_not_failed() -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        serving(silent) as url,
        provider_at(url, provider_timeout_seconds=0.2) as provider,
    ):
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.TIMED_OUT
        assert why(await provider.query(KEY)) is UnknownWhy.TIMED_OUT


@pytest.mark.parametrize("begun", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n"])
async def test_an_answer_that_trickles_ends_at_the_total_time(begun: bytes) -> None:
    """Each byte comes well within the time for reading; only the total time can end it."""

    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(begun or b"HTTP/1.1 200 OK\r\n")
        while not writer.is_closing():
            writer.write(b"x" if begun else b"X: y\r\n")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        serving(trickle) as url,
        provider_at(url, provider_timeout_seconds=0.3) as provider,
    ):
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.TIMED_OUT


async def test_no_more_of_an_answer_is_read_than_its_bound() -> None:
    """The answer has no end: whoever read on would never come back."""

    async def endless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"1000\r\n" + b" " * 4096 + b"\r\n")
            await writer.drain()

    async with (
        asyncio.timeout(DEADLINE_SECONDS),
        serving(endless) as url,
        provider_at(url, provider_timeout_seconds=2 * DEADLINE_SECONDS) as provider,
    ):
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.ANSWER_TOO_LARGE
        assert why(await provider.query(KEY)) is UnknownWhy.ANSWER_TOO_LARGE
        assert why(await provider.book_page()) is UnknownWhy.ANSWER_TOO_LARGE


@pytest.mark.parametrize(("over", "believed"), [(0, True), (1, False)])
async def test_an_answer_may_be_as_long_as_its_bound_and_not_a_byte_longer(
    over: int, believed: bool
) -> None:
    body = json.dumps(SUCCEEDED).encode()
    padded = body + b" " * (BODY_BYTES_MAX + over - len(body))
    outcome = await refunded(answer(200, padded))
    assert (outcome == PAID) == believed
    page = b'{"entries": [], "next_after": null}'
    async with answered_with(answer(200, page.ljust(BOOK_PAGE_BYTES_MAX + over))) as provider:
        assert isinstance(await provider.book_page(), Unknown) != believed


async def test_a_redirect_is_not_followed() -> None:
    elsewhere = Answering(told(200, SUCCEEDED))
    async with serving(elsewhere.handle) as url:
        redirect = answer(307, headers=f"Location: {url}/v1/refunds\r\n")
        assert why(await refunded(redirect)) is UnknownWhy.MALFORMED_ANSWER
    assert elsewhere.requests == 0


async def test_no_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await refunded(told(200, SUCCEEDED)) == PAID


async def test_what_is_malformed_is_refused_before_it_is_sent() -> None:
    counting = Answering(told(200, SUCCEEDED))
    async with serving(counting.handle) as url, provider_at(url) as provider:
        for key in ("", "a b", "schlüssel", "k" * 201):
            with pytest.raises(ValueError, match="refund_key"):
                await provider.refund(a_refund(key))
            with pytest.raises(ValueError, match="pattern"):
                await provider.query(key)
        for amount in (0, -1, 2**63):
            with pytest.raises(ValueError, match="amount"):
                await provider.refund(a_refund(KEY, amount=amount))
            with pytest.raises(ValueError, match="amount") as refusal:
                await provider.payout(a_payout(KEY, amount=amount))
            assert "李雷" not in str(refusal.value)
    assert counting.requests == 0


@pytest.mark.parametrize("missing", ["provider_url", "provider_secret"])
async def test_without_address_or_secret_there_is_no_provider(missing: str) -> None:
    known = {"provider_url": "http://127.0.0.1:9", "provider_secret": "s", missing: None}
    with pytest.raises(ProviderNotConfigured):
        async with open_payment_provider(Settings(_env_file=None, **known)):  # type: ignore[arg-type]
            pass


@pytest.mark.parametrize(
    "url", ["pay.example.com", "ftp://pay.example.com", "https://", "https://me:secret@pay.example"]
)
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(ValidationError, match="provider_url"):
        Settings(_env_file=None, provider_url=url)

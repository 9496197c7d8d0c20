"""What a client makes of providers that answer badly, late, without end, or not at all."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from app.domain.money import Money
from app.payments.http_provider import (
    BOOK_PAGE_BYTES_MAX,
    HttpPaymentProvider,
    ProviderLimits,
    ProviderNotConfigured,
    open_payment_provider,
)
from app.payments.provider import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    RefusalCode,
    Refused,
    Succeeded,
    Unknown,
    UnknownWhy,
)
from app.payments.wire import BODY_BYTES_MAX
from app.settings import Settings
from tests.payments.surroundings import (
    DEADLINE_SECONDS,
    a_payout,
    a_refund,
    answer,
    provider_at,
    read_request,
    serving,
)

KEY = "refund-1"
TOLD = {"key": KEY, "amount": 12_900, "currency": "CNY"}
SUCCEEDED = {
    **TOLD,
    "status": "succeeded",
    "provider_reference": "ref-1",
    "paid_at": "2021-03-15T17:00:00+08:00",
}
ACCEPTED = {**TOLD, "status": "accepted"}
REFUSED = {**TOLD, "status": "refused", "code": "buyer_account_closed", "message": "closed"}
REUSED = {"key": KEY, "status": "key_reused", "message": "another order has it"}
NOT_KNOWN = {"key": KEY, "status": "not_known"}
PAID = Succeeded(
    provider_reference="ref-1",
    paid_at=datetime(2021, 3, 15, 9, 0, tzinfo=UTC),
    amount=Money(amount=12_900, currency="CNY"),
)
CLOSED = Refused(
    code=RefusalCode.BUYER_ACCOUNT_CLOSED, provider_code="buyer_account_closed", text="closed"
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


class Answering:
    """A provider that gives the same answer to whoever connects, and counts the requests."""

    def __init__(self, given: bytes) -> None:
        self.given = given
        self.requests = 0

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        self.requests += 1
        writer.write(self.given)
        await writer.drain()


@asynccontextmanager
async def answered_with(given: bytes, **changes: Any) -> AsyncIterator[HttpPaymentProvider]:
    async with serving(Answering(given).handle) as url, provider_at(url, **changes) as provider:
        yield provider


async def refunded(given: bytes, **changes: Any) -> PaymentOutcome:
    async with asyncio.timeout(DEADLINE_SECONDS), answered_with(given, **changes) as provider:
        return await provider.refund(a_refund(KEY))


def why(outcome: object) -> UnknownWhy:
    assert isinstance(outcome, Unknown)
    return outcome.why


def told(status: int, body: object) -> bytes:
    return answer(status, json.dumps(body).encode())


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (told(200, SUCCEEDED), PAID),
        (told(200, {**SUCCEEDED, "a_new_field": [1]}), PAID),
        (told(202, ACCEPTED), Accepted()),
        (told(422, REFUSED), CLOSED),
        (told(409, REUSED), KeyReused(text="another order has it")),
        (
            told(422, {**REFUSED, "code": "E-99", "message": "no\x00\nway" + "!" * 600}),
            Refused(code=RefusalCode.OTHER, provider_code="E-99", text="no way" + "!" * 494),
        ),
    ],
)
async def test_a_right_answer_is_believed(given: bytes, outcome: PaymentOutcome) -> None:
    assert await refunded(given) == outcome


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (told(200, SUCCEEDED), PAID),
        (told(200, ACCEPTED), Accepted()),
        (told(200, REFUSED), CLOSED),
        (told(404, NOT_KNOWN), NotKnown()),
    ],
)
async def test_a_query_tells_how_a_payment_stands(given: bytes, outcome: PaymentOutcome) -> None:
    async with answered_with(given) as provider:
        assert await provider.query(KEY) == outcome


WRONG_ANSWERS: Sequence[bytes] = [
    told(200, {**SUCCEEDED, "key": "refund-2"}),
    told(200, {**SUCCEEDED, "paid_at": "2021-03-15T17:00:00"}),
    told(200, {**SUCCEEDED, "paid_at": 1_615_798_800}),
    told(200, {**SUCCEEDED, "amount": "12900"}),
    told(200, {**SUCCEEDED, "amount": 12_900.0}),
    told(200, {**SUCCEEDED, "amount": 2**63}),
    told(200, {**SUCCEEDED, "provider_reference": ""}),
    told(200, {**SUCCEEDED, "status": "SUCCEEDED"}),
    told(200, {"key": KEY, "status": "succeeded"}),
    told(422, SUCCEEDED),
    told(409, REFUSED),
    told(404, SUCCEEDED),
    told(404, {"detail": "Not Found"}),
    told(200, NOT_KNOWN),
    told(201, SUCCEEDED),
    told(302, SUCCEEDED),
    told(400, REFUSED),
    told(200, [SUCCEEDED]),
    answer(200),
    answer(200, b"OK"),
    answer(200, b"\xff\xfe{}"),
    answer(200, json.dumps(SUCCEEDED).encode()[:-1]),
    answer(200, b"[" * 60_000),
    answer(200, gzip.compress(json.dumps(SUCCEEDED).encode()), "Content-Encoding: gzip\r\n"),
]


@pytest.mark.parametrize("given", WRONG_ANSWERS)
async def test_an_answer_that_is_not_exactly_right_tells_nothing(given: bytes) -> None:
    async with answered_with(given) as provider:
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.MALFORMED_ANSWER
        assert why(await provider.query(KEY)) is UnknownWhy.MALFORMED_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        {**SUCCEEDED, "amount": 12_901},
        {**SUCCEEDED, "currency": "USD"},
        {**REFUSED, "amount": 1},
        {**ACCEPTED, "currency": "HKD"},
    ],
)
async def test_an_answer_about_another_amount_than_was_ordered_tells_nothing(
    body: dict[str, Any],
) -> None:
    status = 422 if body["status"] == "refused" else 200
    assert why(await refunded(told(status, body))) is UnknownWhy.MALFORMED_ANSWER


async def test_an_order_is_never_not_known_and_a_query_never_a_reused_key() -> None:
    assert why(await refunded(told(404, NOT_KNOWN))) is UnknownWhy.MALFORMED_ANSWER
    async with answered_with(told(409, REUSED)) as provider:
        assert why(await provider.query(KEY)) is UnknownWhy.MALFORMED_ANSWER


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, UnknownWhy.SERVER_ERROR),
        (502, UnknownWhy.SERVER_ERROR),
        (504, UnknownWhy.SERVER_ERROR),
        (401, UnknownWhy.NOT_AUTHORIZED),
        (403, UnknownWhy.NOT_AUTHORIZED),
        (429, UnknownWhy.SLOWED_DOWN),
    ],
)
async def test_a_status_that_tells_nothing_is_named_whatever_its_body_says(
    status: int, expected: UnknownWhy
) -> None:
    assert why(await refunded(told(status, SUCCEEDED))) is expected
    async with answered_with(told(status, SUCCEEDED)) as provider:
        assert why(await provider.query(KEY)) is expected


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

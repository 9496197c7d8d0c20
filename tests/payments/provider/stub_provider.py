"""A provider that answers what a test tells it to, byte for byte."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from app.domain.money import Money
from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import (
    PaymentOutcome,
    RefusalCode,
    Refused,
    Succeeded,
    Unknown,
    UnknownWhy,
)
from tests.payments.provider.sandbox import (
    DEADLINE_SECONDS,
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

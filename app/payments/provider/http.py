"""The payment provider over HTTP.

Only a connection that could not be made is tried again here: then certainly nothing was sent.
After anything was sent, any failure gives `Unknown`, and the caller queries the key.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import httpx
import structlog
from pydantic import SecretStr, TypeAdapter

from app.domain.money import Money
from app.leased_work.backoff import Backoff
from app.payments.provider.answers import book_page, malformed, payment_outcome, query_outcome
from app.payments.provider.port import (
    WHOLE_BOOK,
    BookFilter,
    BookPage,
    KeyReused,
    PaymentOutcome,
    PayoutOrder,
    QueryOutcome,
    RefundOrder,
    Unknown,
    UnknownWhy,
)
from app.payments.provider.wire import (
    BODY_BYTES_MAX,
    BOOK_PATH,
    PAYMENTS_PATH,
    PAYOUTS_PATH,
    REFUNDS_PATH,
    Key,
    PayeeBody,
    PayoutBody,
    RefundBody,
    RequestBody,
)
from app.settings import Settings

BOOK_PAGE_BYTES_MAX = 1_048_576
CONNECT_RETRIES = Backoff(seconds_min=0.05, seconds_max=1.0, jitter=0.5)

_KEY: TypeAdapter[str] = TypeAdapter(Key)
_log = structlog.get_logger(__name__)
_Outcome = TypeVar("_Outcome")


class ProviderNotConfigured(Exception):
    """`AFTERSALES_PROVIDER_URL` or `AFTERSALES_PROVIDER_SECRET` is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLimits:
    """How long a call may take, connecting again included, and how often it may connect."""

    total_seconds: float
    connects_max: int


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    method: str
    path: str
    content: str | None = None
    query: Mapping[str, str] | None = None
    answer_bytes_max: int = BODY_BYTES_MAX


@asynccontextmanager
async def open_payment_provider(settings: Settings) -> AsyncIterator["HttpPaymentProvider"]:
    """Open connections to the provider in the settings; raises ProviderNotConfigured."""
    if settings.provider_url is None or settings.provider_secret is None:
        raise ProviderNotConfigured
    limits = ProviderLimits(
        total_seconds=settings.provider_timeout_seconds,
        connects_max=settings.provider_connects_max,
    )
    async with _client(settings, settings.provider_url, settings.provider_secret) as client:
        yield HttpPaymentProvider(client, limits)


@asynccontextmanager
async def open_provider_if_set(settings: Settings) -> AsyncIterator["HttpPaymentProvider | None"]:
    """Open connections to the provider in the settings, or give None where there is none."""
    if settings.provider_url is None or settings.provider_secret is None:
        yield None
        return
    async with open_payment_provider(settings) as provider:
        yield provider


class HttpPaymentProvider:
    """A `PaymentProvider`, and its `ProviderBook`, reached over HTTP."""

    def __init__(self, client: httpx.AsyncClient, limits: ProviderLimits) -> None:
        self._client = client
        self._limits = limits

    async def refund(self, order: RefundOrder) -> PaymentOutcome:
        """Pay back; see `PaymentProvider`."""
        body = RefundBody(
            refund_key=order.refund_key,
            shop_id=order.shop_id,
            channel=order.channel,
            order_id=order.order_id,
            amount=order.amount.amount,
            currency=order.amount.currency,
            reason=order.reason,
        )
        return await self._pay("refund", REFUNDS_PATH, order.refund_key, order.amount, body)

    async def payout(self, order: PayoutOrder) -> PaymentOutcome:
        """Pay out; see `PaymentProvider`."""
        payee = PayeeBody(
            kind=order.payee.kind, account=order.payee.account, holder=order.payee.holder
        )
        body = PayoutBody(
            payout_key=order.payout_key,
            shop_id=order.shop_id,
            payee=payee,
            amount=order.amount.amount,
            currency=order.amount.currency,
        )
        return await self._pay("payout", PAYOUTS_PATH, order.payout_key, order.amount, body)

    async def query(self, key: str) -> QueryOutcome:
        """Query a payment; see `PaymentProvider`."""
        asked = {"key": _KEY.validate_python(key, strict=True)}
        call = _Call(method="GET", path=PAYMENTS_PATH, query=asked)
        return await self._told("query", key, call, partial(query_outcome, key=key))

    async def book_page(
        self, wanted: BookFilter = WHOLE_BOOK, *, after: int = 0, limit: int = 200
    ) -> BookPage | Unknown:
        """Read the provider's book; see `ProviderBook`."""
        asked = {"after": str(after), "limit": str(limit), **_filters(wanted)}
        call = _Call(
            method="GET", path=BOOK_PATH, query=asked, answer_bytes_max=BOOK_PAGE_BYTES_MAX
        )
        return await self._told("book_page", str(after), call, book_page)

    async def _pay(
        self, operation: str, path: str, key: str, amount: Money, body: RequestBody
    ) -> PaymentOutcome:
        call = _Call(method="POST", path=path, content=body.model_dump_json())
        read = partial(payment_outcome, key=key, amount=amount)
        return await self._told(operation, key, call, read)

    async def _told(
        self, operation: str, key: str, call: _Call, read: Callable[[int, bytes], _Outcome]
    ) -> _Outcome | Unknown:
        """Make a call, read its answer, and log how it ended."""
        started = time.perf_counter()
        answer = await self._answer(call)
        outcome = answer if isinstance(answer, Unknown) else read(answer.status, answer.content)
        facts = {
            "operation": operation,
            "key": key,
            "latency_ms": round((time.perf_counter() - started) * 1000, 1),
            "outcome": type(outcome).__name__,
        }
        if isinstance(outcome, Unknown):
            _log.warning("provider_call", **facts, why=outcome.why.value, detail=outcome.detail)
        elif isinstance(outcome, KeyReused):
            _log.error("provider_call", **facts, text=outcome.text)
        else:
            _log.info("provider_call", **facts)
        return outcome

    async def _answer(self, call: _Call) -> _Answer | Unknown:
        """Make a call within its total time; any failure gives `Unknown` with its cause."""
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._connecting_again(call)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            return _unknown(UnknownWhy.NOT_REACHED, error)
        except (TimeoutError, httpx.TimeoutException) as error:
            return _unknown(UnknownWhy.TIMED_OUT, error)
        except (httpx.HTTPError, OSError) as error:
            return _unknown(UnknownWhy.CONNECTION_LOST, error)

    async def _connecting_again(self, call: _Call) -> _Answer | Unknown:
        for tried in range(1, self._limits.connects_max):
            try:
                return await self._once(call)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                await asyncio.sleep(CONNECT_RETRIES.after(tried, random.random()))  # noqa: S311
        return await self._once(call)

    async def _once(self, call: _Call) -> _Answer | Unknown:
        async with self._client.stream(
            call.method, call.path, content=call.content, params=call.query
        ) as response:
            if "content-encoding" in response.headers:
                return malformed("it is compressed, which was not asked for")
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > call.answer_bytes_max:
                    return Unknown(
                        why=UnknownWhy.ANSWER_TOO_LARGE,
                        detail=f"HTTP {response.status_code}, over {call.answer_bytes_max} bytes",
                    )
        return _Answer(response.status_code, bytes(content))


def _filters(wanted: BookFilter) -> dict[str, str]:
    instants = {"paid_from": wanted.paid_from, "paid_to": wanted.paid_to}
    asked = {
        "shop_id": wanted.shop_id,
        "key": wanted.key,
        **{name: None if at is None else at.isoformat() for name, at in instants.items()},
    }
    return {name: value for name, value in asked.items() if value is not None}


def _client(settings: Settings, url: str, secret: SecretStr) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url,
        headers={
            "Authorization": f"Bearer {secret.get_secret_value()}",
            "Accept": "application/json",
            "Accept-Encoding": "identity",  # a small answer must not become a large one
            "Content-Type": "application/json",
        },
        trust_env=False,
        follow_redirects=False,
        timeout=httpx.Timeout(
            settings.provider_timeout_seconds, connect=settings.provider_connect_timeout_seconds
        ),
        limits=httpx.Limits(max_connections=settings.provider_connections_max),
    )


def _unknown(why: UnknownWhy, error: Exception) -> Unknown:
    return Unknown(why=why, detail=type(error).__name__)

"""The payment provider as the service sees it: what is asked of it and every way it can end.

A payment has one key for life. Sending an order again under its key never pays twice: the provider
answers with the first outcome. A caller that does not know how a payment ended queries the key, or
sends the same order again; it never makes up a new key, and pays nothing else meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

from app.domain.money import Money
from app.domain.order.facts import PaymentChannel
from app.domain.payees import Payee


class PaymentKind(StrEnum):
    """What the provider is asked for."""

    REFUND = "refund"
    """Money back the way it came."""
    PAYOUT = "payout"
    """Money to another account of the buyer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """Pay an amount back to where the payment of an order came from.

    ``refund_key``: 1 to 200 visible ASCII characters. ``order_id``: what the provider knows the
    original payment by. ``amount``: more than zero, minor units. ``reason``: for the buyer to read.
    """

    refund_key: str
    shop_id: str
    channel: PaymentChannel
    order_id: str
    amount: Money
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayoutOrder:
    """Pay an amount to an account the buyer named, because the way it came is closed."""

    payout_key: str
    shop_id: str
    payee: Payee
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Succeeded:
    """The money was paid, once, at ``paid_at``."""

    provider_reference: str
    paid_at: datetime
    amount: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The provider has the order; a callback or a later query reports the end.

    It may arrive after the callback that reported the end: an end is final.
    """


class RefusalCode(StrEnum):
    """Why the provider refuses."""

    BUYER_ACCOUNT_CLOSED = "buyer_account_closed"
    BUYER_ACCOUNT_FROZEN = "buyer_account_frozen"
    MERCHANT_BALANCE_INSUFFICIENT = "merchant_balance_insufficient"
    PAYMENT_NOT_FOUND = "payment_not_found"
    PAYMENT_TOO_OLD = "payment_too_old"
    """The channel no longer takes refunds of a payment that long ago."""
    AMOUNT_ABOVE_PAYMENT = "amount_above_payment"
    PAYEE_NOT_ACCEPTED = "payee_not_accepted"
    OTHER = "other"
    """A code of the provider's that is not listed here; its text says more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Nothing was paid under this key, and nothing ever will be. ``text``: the provider's own."""

    code: RefusalCode
    provider_code: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyReused:
    """The key belongs to another order: a defect of ours, which a person must look at.

    It says nothing about that other order, which may have been paid: it is no refusal.
    """

    text: str


class UnknownWhy(StrEnum):
    """What happened instead of an answer."""

    TIMED_OUT = "timed_out"
    CONNECTION_LOST = "connection_lost"
    NOT_REACHED = "not_reached"
    """No connection could be made, this time; an earlier one may have carried the order."""
    SERVER_ERROR = "server_error"
    NOT_AUTHORIZED = "not_authorized"
    SLOWED_DOWN = "slowed_down"
    ANSWER_TOO_LARGE = "answer_too_large"
    MALFORMED_ANSWER = "malformed_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """It may have been paid or not: only a query for the key can say. Never treated as a failure.

    ``detail``: for an operator.
    """

    why: UnknownWhy
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotKnown:
    """The provider has never seen the key: send the order again, under the same key.

    It allows nothing else. An order on its way may still arrive, so its funding stays reserved.
    """


PaymentOutcome: TypeAlias = Succeeded | Accepted | Refused | KeyReused | Unknown
"""How sending an order ended."""

QueryOutcome: TypeAlias = Succeeded | Accepted | Refused | NotKnown | Unknown
"""The result of a query for a key."""


class PaymentProvider(Protocol):
    """The partner that moves money to buyers. No method raises for a failed call."""

    async def refund(self, order: RefundOrder) -> PaymentOutcome:
        """Pay back, once however often it is asked; ValueError, before sending, if malformed."""
        ...

    async def payout(self, order: PayoutOrder) -> PaymentOutcome:
        """Pay out, once however often it is asked; ValueError, before sending, if malformed."""
        ...

    async def query(self, key: str) -> QueryOutcome:
        """Return how the refund or payout of a key stands."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BookEntry:
    """One payment in the provider's own book. ``order_id``: of a refund; a payout has none."""

    position: int
    kind: PaymentKind
    key: str
    shop_id: str
    order_id: str | None
    amount: Money
    provider_reference: str
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BookPage:
    """Entries in the order they were paid; ``last`` if nothing follows by now."""

    entries: Sequence[BookEntry]
    last: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BookFilter:
    """Which entries of the book; None for all. ``paid_to`` is exclusive."""

    shop_id: str | None = None
    key: str | None = None
    paid_from: datetime | None = None
    paid_to: datetime | None = None


WHOLE_BOOK = BookFilter()


class ProviderBook(Protocol):
    """What the provider says it has paid, to reconcile with."""

    async def book_page(
        self, wanted: BookFilter = WHOLE_BOOK, *, after: int = 0, limit: int = 200
    ) -> BookPage | Unknown:
        """Return up to 200 entries after a position of the book."""
        ...

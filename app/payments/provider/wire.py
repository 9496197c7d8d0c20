"""What goes over the wire to the provider and back: JSON, money in minor units, RFC 3339 instants.

Answers are read strictly but unknown fields are ignored: a provider may add some.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from app.domain.money import AMOUNT_MAX, Money
from app.domain.order.facts import PaymentChannel
from app.domain.payees import PayeeKind
from app.payments.provider.port import PaymentKind

BODY_BYTES_MAX = 65_536
"""Longest body of a request, an answer or a callback, but for pages of the book."""

REFUNDS_PATH = "/v1/refunds"
PAYOUTS_PATH = "/v1/payouts"
PAYMENTS_PATH = "/v1/payments"
"""Asked for one payment: `?key=`."""
BOOK_PATH = "/v1/book"
BOOK_PAGE_ENTRIES_MAX = 200

Key = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]
ShortText = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Amount = Annotated[int, Field(gt=0, le=AMOUNT_MAX)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Position = Annotated[int, Field(ge=0, lt=2**63)]


class RequestBody(BaseModel):
    """Base of what is asked: nothing more than what is agreed. Its errors do not repeat values."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)


class RefundBody(RequestBody):
    """POST to `REFUNDS_PATH`."""

    refund_key: Key
    shop_id: ShortText
    channel: PaymentChannel
    order_id: ShortText
    amount: Amount
    currency: Currency
    reason: Annotated[str, StringConstraints(max_length=500)]


class PayeeBody(RequestBody):
    """The account of a payout."""

    kind: PayeeKind
    account: ShortText
    holder: ShortText


class PayoutBody(RequestBody):
    """POST to `PAYOUTS_PATH`."""

    payout_key: Key
    shop_id: ShortText
    payee: PayeeBody
    amount: Amount
    currency: Currency


class AnswerBody(BaseModel):
    """Base of what comes back."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    key: Key


class OrderedBody(AnswerBody):
    """Base of what comes back about an order the provider has."""

    amount: Amount
    currency: Currency

    @property
    def money(self) -> Money:
        """The amount of the order."""
        return Money(amount=self.amount, currency=self.currency)


class SucceededBody(OrderedBody):
    """Paid."""

    status: Literal["succeeded"]
    provider_reference: ShortText
    paid_at: AwareDatetime


class AcceptedBody(OrderedBody):
    """Taken, not paid yet."""

    status: Literal["accepted"]


class RefusedBody(OrderedBody):
    """Not paid, and never will be."""

    status: Literal["refused"]
    code: ShortText
    message: str


class NotKnownBody(AnswerBody):
    """No order has this key."""

    status: Literal["not_known"]


class KeyReusedBody(AnswerBody):
    """Another order has this key."""

    status: Literal["key_reused"]
    message: str


PaymentBody: TypeAlias = Annotated[
    SucceededBody | AcceptedBody | RefusedBody | NotKnownBody | KeyReusedBody,
    Field(discriminator="status"),
]
PAYMENT_BODY: TypeAdapter[PaymentBody] = TypeAdapter(PaymentBody)


class SucceededCallback(SucceededBody):
    """A callback about an order that was paid."""

    callback_id: ShortText
    kind: PaymentKind


class RefusedCallback(RefusedBody):
    """A callback about an order that was refused after all."""

    callback_id: ShortText
    kind: PaymentKind


CallbackBody: TypeAlias = Annotated[
    SucceededCallback | RefusedCallback, Field(discriminator="status")
]
CALLBACK_BODY: TypeAdapter[CallbackBody] = TypeAdapter(CallbackBody)


class BookEntryBody(BaseModel):
    """A line of the provider's book."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    position: Position
    kind: PaymentKind
    key: Key
    shop_id: ShortText
    order_id: ShortText | None
    amount: Amount
    currency: Currency
    provider_reference: ShortText
    paid_at: AwareDatetime


class BookPageBody(BaseModel):
    """A page of the provider's book, `?after=` a position; `next_after` is null on the last."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")

    entries: list[BookEntryBody]
    next_after: Position | None

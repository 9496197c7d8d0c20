"""An order as the sandbox keeps it, and how it is reported."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, assert_never

from app.payments.provider.port import PaymentKind
from app.payments.provider.wire import (
    AcceptedBody,
    PayoutBody,
    RefundBody,
    RefusedBody,
    RefusedCallback,
    SucceededBody,
    SucceededCallback,
)
from tools.sandboxes.payment_provider.behaviours import REFUSAL_TEXTS, Behaviour


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What was asked under a key; equal if the same was asked, for any reason."""

    kind: PaymentKind
    key: str
    shop_id: str
    channel: str | None
    order_id: str | None
    payee_account: str | None
    amount: int
    currency: str

    @property
    def target(self) -> str:
        """Where the money goes: an order's payer, or an account."""
        return self.order_id or self.payee_account or ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Success:
    """Paid."""

    provider_reference: str
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Not paid, and never will be."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Accepted; it comes to its end at ``settles_at``."""

    settles_at: datetime


State: TypeAlias = Success | Refusal | Wait


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """An order the sandbox has taken, and how it stands."""

    order: Order
    behaviour: Behaviour
    state: State


def order_of_refund(body: RefundBody) -> Order:
    """Return what a refund asks for."""
    return Order(
        kind=PaymentKind.REFUND,
        key=body.refund_key,
        shop_id=body.shop_id,
        channel=body.channel.value,
        order_id=body.order_id,
        payee_account=None,
        amount=body.amount,
        currency=body.currency,
    )


def order_of_payout(body: PayoutBody) -> Order:
    """Return what a payout asks for."""
    return Order(
        kind=PaymentKind.PAYOUT,
        key=body.payout_key,
        shop_id=body.shop_id,
        channel=None,
        order_id=None,
        payee_account=f"{body.payee.kind.value}:{body.payee.account}",
        amount=body.amount,
        currency=body.currency,
    )


def payment_of(row: sqlite3.Row) -> Payment:
    """Read a row of `payments`."""
    order = Order(
        kind=PaymentKind(row["kind"]),
        key=row["key"],
        shop_id=row["shop_id"],
        channel=row["channel"],
        order_id=row["order_id"],
        payee_account=row["payee_account"],
        amount=row["amount"],
        currency=row["currency"],
    )
    return Payment(order=order, behaviour=Behaviour(row["behaviour"]), state=_state_of(row))


def answer_of(payment: Payment) -> SucceededBody | RefusedBody | AcceptedBody:
    """Return what is answered about a payment."""
    order, state = payment.order, payment.state
    match state:
        case Success():
            return SucceededBody(
                key=order.key,
                status="succeeded",
                amount=order.amount,
                currency=order.currency,
                provider_reference=state.provider_reference,
                paid_at=state.paid_at,
            )
        case Refusal(code=code):
            return RefusedBody(
                key=order.key,
                status="refused",
                amount=order.amount,
                currency=order.currency,
                code=code,
                message=REFUSAL_TEXTS[code],
            )
        case Wait():
            return accepted_answer_of(payment)
        case _:
            assert_never(state)


def accepted_answer_of(payment: Payment) -> AcceptedBody:
    """Return the answer before the end is known."""
    order = payment.order
    return AcceptedBody(
        key=order.key, status="accepted", amount=order.amount, currency=order.currency
    )


def callback_of(payment: Payment, callback_id: str) -> str:
    """Return the body of the callback that reports how a payment ended."""
    answer, kind = answer_of(payment), payment.order.kind
    body: SucceededCallback | RefusedCallback
    match answer:
        case SucceededBody():
            body = SucceededCallback(**dict(answer), callback_id=callback_id, kind=kind)
        case RefusedBody():
            body = RefusedCallback(**dict(answer), callback_id=callback_id, kind=kind)
        case AcceptedBody():
            raise ValueError("it has not ended")
        case _:
            assert_never(answer)
    return body.model_dump_json()


def _state_of(row: sqlite3.Row) -> State:
    match row["status"]:
        case "succeeded":
            paid_at = datetime.fromisoformat(row["paid_at"])
            return Success(provider_reference=row["provider_reference"], paid_at=paid_at)
        case "refused":
            return Refusal(code=row["refusal_code"])
        case _:
            return Wait(settles_at=datetime.fromisoformat(row["settles_at"]))

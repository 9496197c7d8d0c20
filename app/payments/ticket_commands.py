"""What a ticket records of its money, issued in the service's own name.

The same commands follow from a provider's answer, its callback and a reconciliation. Payees of
payouts are sealed for the one payout they were named for, and masked wherever they are shown.
"""

from base64 import b64decode, b64encode
from datetime import datetime
from typing import assert_never

from pydantic_core import from_json, to_json

from app.command_handling.handler import CommandHandler
from app.command_handling.requests import Answer, History, OrderRequest, Refusal
from app.domain.money import Money
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.payouts import (
    PayoutReport,
    RecordPayoutRefusal,
    RecordPayoutSuccess,
    RecordPayoutUnknown,
)
from app.domain.order.refunds import (
    RecordRefundRefusal,
    RecordRefundSuccess,
    RecordRefundUnknown,
    RefundCommand,
)
from app.domain.order.state import Order, Unregistered
from app.domain.payees import Payee, SealedPayee, masked_account, masked_holder
from app.domain.refunds import RefundRefusal
from app.event_store.codec import Codec
from app.event_store.log import EventLog
from app.event_store.recorded_event import Actor, Role
from app.event_store.streams import order_stream, partition_of
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    PaymentKind,
    Refused,
    Succeeded,
    Unknown,
)
from app.postgres.pool import Pool
from app.sealing import Seal

REFUNDS = Actor(role=Role.SYSTEM, id="refunds")
"""In whose name refunds and payouts are carried out."""

PaymentCommand = RefundCommand | PayoutReport


class Outcome:
    """The result of a command: the order's history, or why it was refused."""

    def __init__(self) -> None:
        self.history: History = ()
        self.refusal: Refusal | None = None

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        """Keep the history."""
        self.history = history
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        """Keep the refusal."""
        self.refusal = refusal
        return Answer(status=409, body=b"")


async def command_order(
    handler: CommandHandler,
    shop_id: str,
    order_id: str,
    command: PaymentCommand,
    *,
    correlation_id: str,
) -> Outcome:
    """Issue a command and return its result. Raises what the command handler raises."""
    outcome = Outcome()
    request = OrderRequest(
        shop_id=shop_id,
        order_id=order_id,
        commands=(command,),
        actor=REFUNDS,
        correlation_id=correlation_id,
    )
    await handler.handle(request, outcome)
    return outcome


async def read_order(
    pool: Pool, codec: Codec[OrderEvent], shop_id: str, order_id: str
) -> Order | None:
    """Return an order as its stream has it now; None if it is not registered."""
    history = await EventLog(codec).read_stream(
        pool, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    return order_of(history)


def order_of(history: History) -> Order | None:
    """Return the order a history is of; None if it is not registered."""
    order = fold(Unregistered(), [recorded.event for recorded in history])
    return order if isinstance(order, Order) else None


def outcome_of_query(
    known: Succeeded | Accepted | Refused | Unknown, ordered: Money
) -> Succeeded | Accepted | Refused | KeyReused | Unknown:
    """Return what the answer to a query means for an order.

    A query names the key only. An answer that another amount was paid is of another order.
    """
    if isinstance(known, Succeeded) and known.amount != ordered:
        return KeyReused(text="under this key another amount was paid than was ordered")
    return known


def ended_command(
    kind: PaymentKind, ticket_id: str, key: str, outcome: Succeeded | Refused
) -> PaymentCommand:
    """Return the command that records how the payment of a key ended."""
    if isinstance(outcome, Succeeded):
        return paid_command(kind, ticket_id, key, outcome.provider_reference)
    refusal, text = RefundRefusal(outcome.code.value), outcome.text
    match kind:
        case PaymentKind.REFUND:
            return RecordRefundRefusal(
                ticket_id=ticket_id, refund_key=key, refusal=refusal, provider_text=text
            )
        case PaymentKind.PAYOUT:
            return RecordPayoutRefusal(
                ticket_id=ticket_id, payout_key=key, refusal=refusal, provider_text=text
            )
        case _:
            assert_never(kind)


def paid_command(kind: PaymentKind, ticket_id: str, key: str, reference: str) -> PaymentCommand:
    """Return the command that records that the payment of a key was paid."""
    match kind:
        case PaymentKind.REFUND:
            return RecordRefundSuccess(
                ticket_id=ticket_id, refund_key=key, provider_reference=reference
            )
        case PaymentKind.PAYOUT:
            return RecordPayoutSuccess(
                ticket_id=ticket_id, payout_key=key, provider_reference=reference
            )
        case _:
            assert_never(kind)


def unknown_command(kind: PaymentKind, ticket_id: str, key: str, why: str) -> PaymentCommand:
    """Return the command that records that it is not known how the payment of a key ended."""
    match kind:
        case PaymentKind.REFUND:
            return RecordRefundUnknown(ticket_id=ticket_id, refund_key=key, why=why)
        case PaymentKind.PAYOUT:
            return RecordPayoutUnknown(ticket_id=ticket_id, payout_key=key, why=why)
        case _:
            assert_never(kind)


def seal_payee(seal: Seal, payee: Payee, payout_key: str) -> SealedPayee:
    """Return a payee as events hold it; moved to another payout it does not open."""
    text = to_json({"account": payee.account, "holder": payee.holder}).decode()
    return SealedPayee(
        kind=payee.kind,
        account_masked=masked_account(payee.account),
        holder_masked=masked_holder(payee.holder),
        sealed=b64encode(seal.seal(text, payout_key.encode())).decode(),
    )


def open_payee(seal: Seal, sealed: SealedPayee, payout_key: str) -> Payee:
    """Return the payee of a payout; UnreadableSeal if no key of the service opens it."""
    content = from_json(seal.open(b64decode(sealed.sealed), payout_key.encode()))
    return Payee(kind=sealed.kind, account=content["account"], holder=content["holder"])

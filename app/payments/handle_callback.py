"""Records the outcome of a callback whose signature is right, if it fits the ticket."""

from enum import StrEnum
from typing import assert_never

from app.command_handling.handler import CommandHandler
from app.domain.order.events import OrderEvent
from app.domain.order.state import Order
from app.domain.order.tickets import Ticket
from app.domain.refunds import PayoutStatus
from app.event_store.codec import Codec
from app.payments.provider.callbacks import Callback
from app.payments.provider.port import PaymentKind
from app.payments.ticket_commands import command_order, ended_command, read_order
from app.postgres.pool import Pool


class CallbackFault(StrEnum):
    """Why a callback has no effect, though the provider signed it."""

    REFUND_UNKNOWN = "callback_refund_unknown"
    PAYOUT_UNKNOWN = "callback_payout_unknown"
    AMOUNT_DIFFERS = "callback_amount_differs"
    CURRENCY_DIFFERS = "callback_currency_differs"


async def record_outcome(
    pool: Pool, codec: Codec[OrderEvent], handler: CommandHandler, callback: Callback
) -> CallbackFault | None:
    """Record the outcome on the ticket; a repetition, or one after the end, changes nothing."""
    shop_id, _, rest = callback.key.partition("/")
    ticket_id = rest.partition("/")[0]
    order_id = ticket_id.rpartition("-")[0]
    order = await read_order(pool, codec, shop_id, order_id)
    fault = _unknown(callback) if order is None else _fault(order, ticket_id, callback)
    if fault is not None:
        return fault
    command = ended_command(callback.kind, ticket_id, callback.key, callback.outcome)
    await command_order(handler, shop_id, order_id, command, correlation_id=callback.callback_id)
    return None


def _unknown(callback: Callback) -> CallbackFault:
    match callback.kind:
        case PaymentKind.REFUND:
            return CallbackFault.REFUND_UNKNOWN
        case PaymentKind.PAYOUT:
            return CallbackFault.PAYOUT_UNKNOWN
        case _:
            assert_never(callback.kind)


def _fault(order: Order, ticket_id: str, callback: Callback) -> CallbackFault | None:
    ticket = order.tickets.get(ticket_id)
    if ticket is None or not _asked_for(ticket, callback):
        return _unknown(callback)
    if callback.amount.currency != order.facts.payment.amount.currency:
        return CallbackFault.CURRENCY_DIFFERS
    return None if callback.amount.amount == ticket.amount else CallbackFault.AMOUNT_DIFFERS


def _asked_for(ticket: Ticket, callback: Callback) -> bool:
    """Return whether the provider may have been asked for what it reports."""
    match callback.kind:
        case PaymentKind.REFUND:
            return ticket.refund is not None and ticket.refund.refund_key == callback.key
        case PaymentKind.PAYOUT:
            payout = ticket.payout(callback.key)
            never_sent = {PayoutStatus.REQUESTED, PayoutStatus.DECLINED}
            return payout is not None and payout.status not in never_sent
        case _:
            assert_never(callback.kind)

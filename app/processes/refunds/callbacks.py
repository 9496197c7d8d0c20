"""What follows from a callback of the provider that is signed rightly: its outcome, or nothing."""

from enum import StrEnum
from typing import assert_never

from app.command_handling.handler import CommandHandler
from app.database import Pool
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.domain.order.ticket_commands import RecordRefundRefusal, RecordRefundSuccess
from app.domain.refunds import RefundRefusal
from app.event_store.codec import Codec
from app.event_store.log import EventLog
from app.event_store.partitions import partition_of
from app.event_store.streams import order_stream
from app.payments.callbacks import Callback
from app.payments.provider import PaymentKind, Refused, Succeeded
from app.processes.refunds.commanding import command_order


class CallbackFault(StrEnum):
    """Why nothing follows from a callback, though the provider signed it."""

    REFUND_UNKNOWN = "callback_refund_unknown"
    AMOUNT_DIFFERS = "callback_amount_differs"
    CURRENCY_DIFFERS = "callback_currency_differs"


async def tell_outcome(
    pool: Pool, codec: Codec[OrderEvent], handler: CommandHandler, callback: Callback
) -> CallbackFault | None:
    """Record the outcome on the ticket; telling it again, or after its end, changes nothing."""
    shop_id, _, ticket_id = callback.key.partition("/")
    order_id = ticket_id.rpartition("-")[0]
    history = await EventLog(codec).read_stream(
        pool, partition_of(shop_id), order_stream(shop_id, order_id)
    )
    order = fold(Unregistered(), [recorded.event for recorded in history])
    fault = _fault(order, ticket_id, callback) if isinstance(order, Order) else _UNKNOWN
    if fault is not None:
        return fault
    match callback.outcome:
        case Succeeded(provider_reference=reference):
            command: RecordRefundSuccess | RecordRefundRefusal = RecordRefundSuccess(
                ticket_id=ticket_id, refund_key=callback.key, provider_reference=reference
            )
        case Refused(code=code, text=text):
            command = RecordRefundRefusal(
                ticket_id=ticket_id,
                refund_key=callback.key,
                refusal=RefundRefusal(code.value),
                provider_text=text,
            )
        case _:
            assert_never(callback.outcome)
    await command_order(handler, shop_id, order_id, command, correlation_id=callback.callback_id)
    return None


_UNKNOWN = CallbackFault.REFUND_UNKNOWN


def _fault(order: Order, ticket_id: str, callback: Callback) -> CallbackFault | None:
    ticket = order.tickets.get(ticket_id)
    if callback.kind is not PaymentKind.REFUND or ticket is None or ticket.refund is None:
        return _UNKNOWN
    if ticket.refund.refund_key != callback.key:
        return _UNKNOWN
    if callback.amount.currency != order.facts.payment.amount.currency:
        return CallbackFault.CURRENCY_DIFFERS
    return None if callback.amount.amount == ticket.amount else CallbackFault.AMOUNT_DIFFERS

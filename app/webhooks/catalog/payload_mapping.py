"""The mapping of order and ticket views to the payloads of public events."""

from app.domain.order.tickets import Due
from app.projections.orders.view import EntryView, OrderView
from app.projections.refunds.payout_view import PayoutView
from app.projections.tickets.view import (
    ArbitrationView,
    RefundView,
    ShipmentView,
    TicketRejection,
    TicketView,
)
from app.webhooks.catalog import payloads


def shown_order(view: OrderView) -> payloads.EventOrder:
    """Return an order as public events show it."""
    paid = view.facts.payment.amount
    return payloads.EventOrder(
        order_id=view.facts.order_id,
        buyer_id=view.buyer_id,
        paid=payloads.EventMoney(amount=paid.amount, currency=paid.currency),
        refunded=payloads.EventMoney(amount=view.refunded_amount, currency=paid.currency),
        shipped_at=view.shipped_at,
        receipt_confirmed_at=view.receipt_confirmed_at,
        settled_at=view.settled_at,
        entry=_entry(view.entry),
        active_ticket_id=next((each.ticket_id for each in view.tickets if each.active), None),
    )


def shown_ticket(view: TicketView) -> payloads.EventTicket:
    """Return a ticket as public events show it."""
    return payloads.EventTicket(
        ticket_id=view.ticket_id,
        version=view.version,
        type=view.type.value,
        state=view.state.value,
        waiting_for=None if view.waiting_for is None else view.waiting_for.value,
        overdue=view.overdue,
        entry_generation=view.entry_generation,
        reason=view.reason.value,
        items=[
            payloads.EventTicketItem(
                item_id=item.item_id, quantity=item.quantity, amount=item.amount
            )
            for item in view.items
        ],
        amount=payloads.EventMoney(amount=view.amount, currency=view.currency),
        modifications=view.modifications,
        due=_due(view.due),
        agreed_automatically=view.agreed_automatically,
        agreed_without_return=view.agreed_without_return,
        rejection_reason=_reason(view.rejected),
        returned_goods_rejection_reason=_reason(view.returned_goods_rejected),
        return_carrier=_carrier(view.return_shipment),
        replacement_carrier=_carrier(view.replacement),
        arbitration=_arbitration(view.arbitration, view.currency),
        close_cause=None if view.close_cause is None else view.close_cause.value,
        refund=_refund(view.refund),
        advance_payout=_payout(view.payouts[-1]) if view.payouts else None,
        refunded=payloads.EventMoney(amount=view.refunded_amount, currency=view.currency),
    )


def _entry(entry: EntryView) -> payloads.EventEntry:
    return payloads.EventEntry(
        state=entry.state.value,
        generation=entry.generation,
        opened_at=entry.opened_at,
        expires_at=entry.expires_at,
        used=entry.used,
        closed_at=entry.closed_at,
        reopening_requested=entry.reopening is not None,
        decline_reason=None if entry.declined is None else entry.declined.reason.value,
    )


def _due(due: Due | None) -> payloads.EventDue | None:
    return None if due is None else payloads.EventDue(at=due.at, action=due.action.value)


def _reason(rejection: TicketRejection | None) -> str | None:
    return None if rejection is None else rejection.reason.value


def _carrier(parcel: ShipmentView | None) -> str | None:
    return None if parcel is None else parcel.shipment.carrier.value


def _arbitration(
    arbitration: ArbitrationView | None, currency: str
) -> payloads.EventArbitration | None:
    if arbitration is None:
        return None
    ruling = arbitration.ruling
    return payloads.EventArbitration(
        number=arbitration.number,
        cause=arbitration.cause.value,
        withdrawn=arbitration.withdrawn_at is not None,
        ruling=None if ruling is None else ruling.ruling.value,
        blame=None if ruling is None else ruling.blame.value,
        granted=None
        if ruling is None
        else payloads.EventMoney(amount=ruling.final_amount, currency=currency),
    )


def _refund(refund: RefundView | None) -> payloads.EventRefund | None:
    if refund is None:
        return None
    return payloads.EventRefund(
        refund_key=refund.refund_key,
        status=refund.status.value,
        source=refund.source.value,
        funds_insufficient=refund.insufficient,
        refusal=None if refund.refusal is None else refund.refusal.value,
    )


def _payout(payout: PayoutView) -> payloads.EventPayout:
    return payloads.EventPayout(
        payout_key=payout.payout_key,
        status=payout.status.value,
        refusal=None if payout.refusal is None else payout.refusal.value,
    )

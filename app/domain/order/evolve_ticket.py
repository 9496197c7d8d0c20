"""What an event makes of a ticket. Total, like all evolving."""

from collections.abc import Sequence
from dataclasses import replace
from typing import assert_never

from app.domain.order.cost import CostPreview
from app.domain.order.payout_events import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.domain.order.ticket_events import (
    ApplicationAgreed,
    ApplicationModified,
    ApplicationRejected,
    ArbitrationEvidenceSubmitted,
    ArbitrationRequested,
    ArbitrationRuled,
    ArbitrationWithdrawn,
    AssistantNotified,
    GoodsShippedBack,
    RefundChange,
    RefundFunded,
    RefundOutcomeUnknown,
    RefundRefused,
    RefundSucceeded,
    RejectionReversed,
    ReplacementReceived,
    ReplacementShipped,
    ReturnDeadlineExtended,
    ReturnedGoodsRejected,
    ReturnReceived,
    ReturnShipmentCorrected,
    TicketChange,
    TicketClosed,
    TicketCreated,
    TicketEscalated,
    TicketRemarked,
)
from app.domain.order.tickets import (
    Arbitration,
    ArbitrationCause,
    Payout,
    Refund,
    RequestedItem,
    Side,
    Ticket,
    TicketState,
)
from app.domain.refunds import KEY_OF_ANOTHER, PayoutStatus, RefundStatus


def created_ticket(event: TicketCreated, version: int, previewed: CostPreview | None) -> Ticket:
    """Return the ticket an application became, at a version of its order's stream."""
    return Ticket(
        ticket_id=event.ticket_id,
        type=event.type,
        state=event.state,
        items=event.items,
        amount=event.amount,
        reason=event.reason,
        overdue=event.overdue,
        due=event.due,
        version=version,
        previewed=previewed,
    )


def changed_ticket(ticket: Ticket, event: TicketChange, version: int) -> Ticket:
    """Return the ticket after one more event, at a version of its order's stream."""
    moved = replace(
        ticket,
        state=event.state,
        due=event.due,
        version=version,
        reminded=ticket.reminded and event.due == ticket.due,
    )
    match event:
        case ApplicationModified():
            return _modified(moved, event)
        case ApplicationAgreed(without_return=without_return):
            previewed = event.acknowledged_cost or ticket.previewed
            return replace(moved, return_waived=without_return, previewed=previewed)
        case GoodsShippedBack(shipment=shipment):
            return replace(moved, return_shipment=shipment, return_shipment_corrected=False)
        case ReturnShipmentCorrected(shipment=shipment):
            return replace(moved, return_shipment=shipment, return_shipment_corrected=True)
        case ReturnDeadlineExtended():
            return replace(moved, return_extensions=ticket.return_extensions + 1)
        case ReturnReceived():
            previewed = event.acknowledged_cost or ticket.previewed
            return replace(moved, goods_returned=True, previewed=previewed)
        case ReturnedGoodsRejected():
            return replace(moved, goods_returned=True)
        case TicketRemarked():
            return replace(moved, remarks=ticket.remarks + 1)
        case AssistantNotified():
            return replace(moved, assistant_notified=True)
        case (
            ArbitrationRequested()
            | TicketEscalated()
            | ArbitrationEvidenceSubmitted()
            | ArbitrationRuled()
            | ArbitrationWithdrawn()
        ):
            return _arbitrated(moved, event, came_from=ticket.state)
        case (
            ApplicationRejected()
            | RejectionReversed()
            | TicketClosed()
            | ReplacementShipped()
            | ReplacementReceived()
        ):
            return moved
        case RefundFunded() | RefundOutcomeUnknown() | RefundRefused() | RefundSucceeded():
            return replace(moved, refund=_refund(ticket.refund, event))
        case (
            AdvancePayoutRequested()
            | AdvancePayoutStarted()
            | AdvancePayoutDeclined()
            | AdvancePayoutOutcomeUnknown()
            | AdvancePayoutRefused()
            | AdvancePayoutPaid()
        ):
            return replace(moved, payouts=_payouts(ticket.payouts, event))
        case _:
            assert_never(event)


def _refund(refund: Refund | None, event: RefundChange) -> Refund | None:
    match event:
        case RefundFunded():
            return Refund(
                refund_key=event.refund_key,
                status=RefundStatus.FUNDED,
                source=event.source,
                shares=event.shares,
            )
        case RefundOutcomeUnknown(why=why):
            of_another = why == KEY_OF_ANOTHER
            return refund and replace(
                refund, status=RefundStatus.UNKNOWN, key_of_another=of_another
            )
        case RefundRefused():
            return refund and replace(refund, status=RefundStatus.REFUSED)
        case RefundSucceeded():
            return refund and replace(refund, status=RefundStatus.SUCCEEDED)
        case _:
            assert_never(event)


def _payouts(payouts: tuple[Payout, ...], event: PayoutChange) -> tuple[Payout, ...]:
    if isinstance(event, AdvancePayoutRequested):
        asked = Payout(
            payout_key=event.payout_key,
            status=PayoutStatus.REQUESTED,
            payee=event.payee,
            requested_by=event.requested_by,
        )
        return (*payouts, asked)
    return tuple(
        _payout(one, event) if one.payout_key == event.payout_key else one for one in payouts
    )


def _payout(
    payout: Payout,
    event: AdvancePayoutStarted
    | AdvancePayoutDeclined
    | AdvancePayoutOutcomeUnknown
    | AdvancePayoutRefused
    | AdvancePayoutPaid,
) -> Payout:
    match event:
        case AdvancePayoutStarted(shares=shares):
            return replace(payout, status=PayoutStatus.STARTED, shares=shares)
        case AdvancePayoutDeclined():
            return replace(payout, status=PayoutStatus.DECLINED)
        case AdvancePayoutOutcomeUnknown(why=why):
            of_another = why == KEY_OF_ANOTHER
            return replace(payout, status=PayoutStatus.UNKNOWN, key_of_another=of_another)
        case AdvancePayoutRefused():
            return replace(payout, status=PayoutStatus.REFUSED)
        case AdvancePayoutPaid():
            return replace(payout, status=PayoutStatus.PAID)
        case _:
            assert_never(event)


def _modified(ticket: Ticket, event: ApplicationModified) -> Ticket:
    return replace(
        ticket,
        type=event.type,
        items=event.items,
        amount=event.amount,
        reason=event.reason,
        modifications=ticket.modifications + 1,
        assistant_notified=False,
        goods_returned=ticket.goods_returned and _no_more_units(event.items, ticket.items),
    )


def _no_more_units(now: Sequence[RequestedItem], before: Sequence[RequestedItem]) -> bool:
    """Whether all units asked about now were asked about before, and so came back with them."""
    units = {item.item_id: item.quantity for item in before}
    return all(item.quantity <= units.get(item.item_id, 0) for item in now)


def _arbitrated(
    ticket: Ticket,
    event: ArbitrationRequested
    | TicketEscalated
    | ArbitrationEvidenceSubmitted
    | ArbitrationRuled
    | ArbitrationWithdrawn,
    came_from: TicketState,
) -> Ticket:
    match event:
        case ArbitrationRequested():
            begun = _begun(ArbitrationCause.BUYER_REQUEST, came_from)
            return replace(ticket, arbitration=begun, arbitrations=ticket.arbitrations + 1)
        case TicketEscalated(cause=cause):
            return replace(ticket, arbitration=_begun(cause, came_from))
        case ArbitrationEvidenceSubmitted(side=side):
            return replace(ticket, arbitration=_with_evidence(ticket.arbitration, side))
        case ArbitrationRuled(items=items, amount=amount):
            granted = replace(ticket, items=items, amount=amount) if items else ticket
            return replace(granted, arbitration=None)
        case ArbitrationWithdrawn():
            return replace(ticket, arbitration=None)
        case _:
            assert_never(event)


def _begun(cause: ArbitrationCause, came_from: TicketState) -> Arbitration:
    return Arbitration(cause=cause, came_from=came_from, merchant_evidence=0, consumer_evidence=0)


def _with_evidence(arbitration: Arbitration | None, side: Side) -> Arbitration | None:
    if arbitration is None:
        return None
    if side is Side.MERCHANT:
        return replace(arbitration, merchant_evidence=arbitration.merchant_evidence + 1)
    return replace(arbitration, consumer_evidence=arbitration.consumer_evidence + 1)

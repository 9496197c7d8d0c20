"""What an event makes of a ticket."""

from dataclasses import replace
from typing import assert_never

from app.domain.order.answers import (
    AnswerToApplication,
    ApplicationAgreed,
    ApplicationRejected,
    AssistantNotified,
    RejectionReversed,
)
from app.domain.order.applications import (
    ApplicationModified,
    BuyersChange,
    TicketClosed,
    TicketCreated,
    TicketDueReminded,
    TicketRemarked,
)
from app.domain.order.arbitration import (
    ArbitrationChange,
    ArbitrationEvidenceSubmitted,
    ArbitrationRequested,
    ArbitrationRuled,
    ArbitrationWithdrawn,
    TicketEscalated,
)
from app.domain.order.events import OrderEvent, TicketChange, TicketEvent
from app.domain.order.payouts import AdvancePayoutPaid, PayoutChange
from app.domain.order.refunds import (
    RefundChange,
    RefundFunded,
    RefundOutcomeUnknown,
    RefundRefused,
    RefundSucceeded,
)
from app.domain.order.replacements import ReplacementChange, ReplacementReceived, ReplacementShipped
from app.domain.order.returns import (
    GoodsShippedBack,
    ReturnChange,
    ReturnDeadlineExtended,
    ReturnedGoodsRejected,
    ReturnReceived,
    ReturnShipmentCorrected,
)
from app.domain.order.tickets import ArbitrationCause, Side
from app.domain.refunds import FundingSource, RefundStatus
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_of_stream
from app.projections.refunds.payout_view import PayoutView, fold_payouts
from app.projections.tickets.view import (
    ArbitrationView,
    EvidenceView,
    RefundView,
    RemarkView,
    RulingView,
    ShipmentView,
    TicketRejection,
    TicketView,
)


def fold_ticket(
    ticket: TicketView | None, event: TicketEvent, recorded: Recorded[OrderEvent]
) -> TicketView | None:
    """Return the ticket after ``event``, one of its own, which ``recorded`` places in the log.

    None stands for a ticket not created yet. An event the ticket has seen already changes nothing,
    nor does a reminder.
    """
    if isinstance(event, TicketCreated):
        return ticket or _created(event, recorded)
    if isinstance(event, TicketDueReminded):
        return ticket
    if ticket is None or recorded.version <= ticket.version:
        return ticket
    moved = replace(
        ticket, state=event.state, due=event.due, updated_at=event.at, version=recorded.version
    )
    return _changed(moved, event)


def _created(event: TicketCreated, recorded: Recorded[OrderEvent]) -> TicketView:
    shop_id, order_id = order_of_stream(recorded.stream_id)
    return TicketView(
        ticket_id=event.ticket_id,
        shop_id=shop_id,
        order_id=order_id,
        buyer_id=event.buyer_id,
        type=event.type,
        state=event.state,
        items=event.items,
        amount=event.amount,
        currency=event.currency,
        reason=event.reason,
        description=event.description,
        evidence=event.evidence,
        overdue=event.overdue,
        entry_generation=event.entry_generation,
        due=event.due,
        created_at=event.at,
        updated_at=event.at,
        version=recorded.version,
    )


def _changed(ticket: TicketView, event: TicketChange) -> TicketView:
    if isinstance(event, AnswerToApplication):
        return _answered(ticket, event)
    if isinstance(event, BuyersChange):
        return _changed_by_buyer(ticket, event)
    if isinstance(event, ReturnChange):
        return _with_return(ticket, event)
    if isinstance(event, ReplacementChange):
        return _with_replacement(ticket, event)
    if isinstance(event, ArbitrationChange):
        return _with_arbitration(ticket, event)
    if isinstance(event, PayoutChange):
        return _with_payout(ticket, event)
    match event:
        case TicketRemarked():
            remark = RemarkView(
                at=event.at, side=event.side, text=event.text, pictures=event.pictures
            )
            return replace(ticket, remarks=(*ticket.remarks, remark))
        case RefundFunded() | RefundOutcomeUnknown() | RefundRefused():
            return replace(ticket, refund=_refund(ticket.refund, event))
        case RefundSucceeded():
            amount = ticket.refunded_amount + event.amount
            return replace(
                ticket,
                refund=_refund(ticket.refund, event),
                refunded_at=event.at,
                refunded_amount=amount,
            )
        case _:
            assert_never(event)


def _answered(ticket: TicketView, event: AnswerToApplication) -> TicketView:
    match event:
        case ApplicationAgreed():
            return replace(
                ticket,
                agreed_at=event.at,
                agreed_automatically=event.automatic,
                agreed_without_return=event.without_return,
                agreed_by_rule=event.rule,
            )
        case ApplicationRejected():
            return replace(ticket, rejected=_rejection(event))
        case RejectionReversed():
            return replace(ticket, rejection_reversed_at=event.at)
        case AssistantNotified():
            return ticket
        case _:
            assert_never(event)


def _changed_by_buyer(ticket: TicketView, event: BuyersChange) -> TicketView:
    match event:
        case ApplicationModified():
            return replace(
                ticket,
                type=event.type,
                items=event.items,
                amount=event.amount,
                reason=event.reason,
                description=event.description,
                evidence=event.evidence,
                modifications=ticket.modifications + 1,
            )
        case TicketClosed():
            return replace(ticket, closed_at=event.at, close_cause=event.cause)
        case _:
            assert_never(event)


def _with_return(ticket: TicketView, event: ReturnChange) -> TicketView:
    parcel = ticket.return_shipment
    match event:
        case GoodsShippedBack():
            sent = ShipmentView(at=event.at, shipment=event.shipment)
            return replace(ticket, return_shipment=sent)
        case ReturnShipmentCorrected():
            corrected = parcel and replace(
                parcel, shipment=event.shipment, first_told=event.previous, corrected_at=event.at
            )
            return replace(ticket, return_shipment=corrected)
        case ReturnDeadlineExtended():
            return replace(ticket, return_extensions=ticket.return_extensions + 1)
        case ReturnReceived():
            return replace(ticket, return_shipment=_received(parcel, event))
        case ReturnedGoodsRejected():
            return replace(ticket, returned_goods_rejected=_rejection(event))
        case _:
            assert_never(event)


def _with_replacement(ticket: TicketView, event: ReplacementChange) -> TicketView:
    match event:
        case ReplacementShipped():
            sent = ShipmentView(at=event.at, shipment=event.shipment)
            return replace(ticket, replacement=sent)
        case ReplacementReceived():
            return replace(ticket, replacement=_received(ticket.replacement, event))
        case _:
            assert_never(event)


def _with_arbitration(ticket: TicketView, event: ArbitrationChange) -> TicketView:
    arbitration = ticket.arbitration
    match event:
        case ArbitrationRequested():
            given = EvidenceView(
                at=event.at, side=Side.CONSUMER, note=event.note, evidence=event.evidence
            )
            return replace(ticket, arbitration=_begun(ticket, event, given))
        case TicketEscalated():
            return replace(ticket, arbitration=_begun(ticket, event))
        case ArbitrationEvidenceSubmitted():
            given = EvidenceView(
                at=event.at, side=event.side, note=event.note, evidence=event.evidence
            )
            more = arbitration and replace(arbitration, evidence=(*arbitration.evidence, given))
            return replace(ticket, arbitration=more)
        case ArbitrationRuled():
            return _ruled(ticket, event)
        case ArbitrationWithdrawn():
            withdrawn = arbitration and replace(arbitration, withdrawn_at=event.at)
            return replace(ticket, arbitration=withdrawn)
        case _:
            assert_never(event)


def _with_payout(ticket: TicketView, event: PayoutChange) -> TicketView:
    changed = replace(ticket, payouts=fold_payouts(ticket.payouts, event))
    if not isinstance(event, AdvancePayoutPaid):
        return changed
    refund = ticket.refund and _paid_in_advance(ticket.refund, changed.payouts, event)
    amount = ticket.refunded_amount + event.amount
    return replace(changed, refund=refund, refunded_at=event.at, refunded_amount=amount)


def _paid_in_advance(
    refund: RefundView, payouts: tuple[PayoutView, ...], event: AdvancePayoutPaid
) -> RefundView:
    """The platform paid after all; the refund still shows what the provider had refused."""
    paid = next((one for one in payouts if one.payout_key == event.payout_key), None)
    return replace(
        refund,
        status=RefundStatus.SUCCEEDED,
        source=FundingSource.PLATFORM_ADVANCE,
        shares=refund.shares if paid is None or paid.shares is None else paid.shares,
        provider_reference=event.provider_reference,
    )


def _begun(
    ticket: TicketView, event: ArbitrationRequested | TicketEscalated, *given: EvidenceView
) -> ArbitrationView:
    cause = event.cause if isinstance(event, TicketEscalated) else ArbitrationCause.BUYER_REQUEST
    return ArbitrationView(
        number=1 if ticket.arbitration is None else ticket.arbitration.number + 1,
        cause=cause,
        began_at=event.at,
        evidence=given,
    )


def _ruled(ticket: TicketView, event: ArbitrationRuled) -> TicketView:
    ruling = RulingView(
        at=event.at,
        automatic=event.automatic,
        ruling=event.ruling,
        blame=event.blame,
        final_amount=event.amount,
        note=event.note,
    )
    ruled = ticket.arbitration and replace(ticket.arbitration, ruling=ruling)
    closed_at = None if event.close_cause is None else event.at
    return replace(ticket, arbitration=ruled, closed_at=closed_at, close_cause=event.close_cause)


def _refund(refund: RefundView | None, event: RefundChange) -> RefundView | None:
    match event:
        case RefundFunded():
            return RefundView(
                refund_key=event.refund_key,
                status=RefundStatus.FUNDED,
                source=event.source,
                shares=event.shares,
                insufficient=event.insufficient,
                preview=event.preview,
                funded_at=event.at,
            )
        case RefundOutcomeUnknown():
            return refund and replace(
                refund,
                status=RefundStatus.UNKNOWN,
                unknown_since=refund.unknown_since or event.at,
            )
        case RefundRefused():
            return refund and replace(
                refund,
                status=RefundStatus.REFUSED,
                refused_at=event.at,
                refusal=event.refusal,
                provider_text=event.provider_text,
            )
        case RefundSucceeded():
            reference = event.provider_reference
            return refund and replace(
                refund, status=RefundStatus.SUCCEEDED, provider_reference=reference
            )
        case _:
            assert_never(event)


def _received(
    parcel: ShipmentView | None, event: ReturnReceived | ReplacementReceived
) -> ShipmentView | None:
    return parcel and replace(parcel, received_at=event.at, received_automatically=event.automatic)


def _rejection(event: ApplicationRejected | ReturnedGoodsRejected) -> TicketRejection:
    return TicketRejection(
        at=event.at, reason=event.reason, note=event.note, evidence=event.evidence
    )

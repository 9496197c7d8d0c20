"""Whom what happened to a ticket concerns, and what they are told."""

from typing import assert_never

from pydantic import JsonValue

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
from app.domain.order.events import TicketEvent
from app.domain.order.payouts import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.domain.order.refunds import (
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
from app.domain.order.tickets import AppliedRule, CloseCause, Due, Side, TicketState
from app.domain.shipments import Shipment
from app.event_store.recorded_event import Role
from app.notifications.templates import Template
from app.projections.texts import instant_text

Params = dict[str, JsonValue]
Told = tuple[Role, Template, Params]
"""Who is told what, with which facts."""

_CONSUMER, _MERCHANT = Role.CONSUMER, Role.MERCHANT


def notifications_for_ticket(event: TicketEvent) -> tuple[Told, ...]:
    """Return what each side is told, at most one message a side."""
    ticket: Params = {"ticket_id": event.ticket_id}
    return tuple((role, template, ticket | params) for role, template, params in _told(event))


def _told(event: TicketEvent) -> tuple[Told, ...]:
    if isinstance(event, AnswerToApplication):
        return _told_of_answer(event)
    if isinstance(event, BuyersChange):
        return (_told_of_buyers_change(event),)
    if isinstance(event, ReturnChange):
        return _told_of_return(event)
    if isinstance(event, ReplacementChange):
        return (_told_of_replacement(event),)
    if isinstance(event, ArbitrationChange):
        return _told_of_arbitration(event)
    if isinstance(event, PayoutChange):
        return _told_of_payout(event)
    match event:
        case TicketCreated():
            return ((_MERCHANT, Template.TICKET_CREATED, _application(event)),)
        case TicketRemarked(side=side):
            return _to_the_others(side, Template.TICKET_REMARKED, {"side": side.value})
        case RefundFunded() | RefundOutcomeUnknown():
            return ()
        case RefundRefused(refusal=refusal):
            return _to_both(Template.REFUND_REFUSED, {"refund_refusal": refusal.value})
        case RefundSucceeded():
            paid: Params = {"amount": event.amount, "currency": event.currency}
            return ((_CONSUMER, Template.REFUND_SUCCEEDED, paid),)
        case TicketDueReminded(side=side, due=due):
            role = _CONSUMER if side is Side.CONSUMER else _MERCHANT
            what: Params = {"due_action": due.action.value}
            return ((role, Template.TICKET_DUE_SOON, what | _due(due)),)
        case _:
            assert_never(event)


def _told_of_answer(event: AnswerToApplication) -> tuple[Told, ...]:
    match event:
        case ApplicationAgreed(rule=AppliedRule() as rule):
            by_rule = (_MERCHANT, Template.APPLICATION_AGREED_BY_RULE, _rule(rule))
            return (_agreed(event), by_rule)
        case ApplicationAgreed(automatic=True):
            return (_agreed(event), (_MERCHANT, Template.APPLICATION_AGREED_AUTOMATICALLY, {}))
        case ApplicationAgreed():
            return (_agreed(event),)
        case ApplicationRejected():
            return ((_CONSUMER, Template.APPLICATION_REJECTED, _rejection(event)),)
        case RejectionReversed():
            return ((_CONSUMER, Template.REJECTION_REVERSED, {}),)
        case AssistantNotified(rule=rule):
            return ((_MERCHANT, Template.ASSISTANT_NOTIFIED, _rule(rule)),)
        case _:
            assert_never(event)


def _agreed(event: ApplicationAgreed) -> Told:
    if event.state is TicketState.AWAITING_RETURN:
        return _CONSUMER, Template.SHIP_GOODS_BACK, _due(event.due)
    return _CONSUMER, Template.APPLICATION_AGREED, {}


def _told_of_buyers_change(event: BuyersChange) -> Told:
    match event:
        case ApplicationModified():
            return _MERCHANT, Template.APPLICATION_MODIFIED, _application(event)
        case TicketClosed(cause=CloseCause.WITHDRAWN):
            return _MERCHANT, Template.APPLICATION_WITHDRAWN, {}
        case TicketClosed(cause=cause):
            return _CONSUMER, Template.TICKET_CLOSED, {"close_cause": cause.value}
        case _:
            assert_never(event)


def _told_of_return(event: ReturnChange) -> tuple[Told, ...]:
    match event:
        case GoodsShippedBack():
            parcel = _shipment(event.shipment) | _due(event.due)
            return ((_MERCHANT, Template.GOODS_SHIPPED_BACK, parcel),)
        case ReturnShipmentCorrected():
            parcel = _shipment(event.shipment)
            return ((_MERCHANT, Template.RETURN_SHIPMENT_CORRECTED, parcel),)
        case ReturnDeadlineExtended():
            return ((_CONSUMER, Template.RETURN_DEADLINE_EXTENDED, _due(event.due)),)
        case ReturnReceived(automatic=automatic):
            received: Told = (_CONSUMER, Template.RETURN_RECEIVED, {})
            by_itself: Told = (_MERCHANT, Template.RETURN_RECEIVED_AUTOMATICALLY, {})
            return (received, by_itself) if automatic else (received,)
        case ReturnedGoodsRejected():
            return ((_CONSUMER, Template.RETURNED_GOODS_REJECTED, _rejection(event)),)
        case _:
            assert_never(event)


def _told_of_replacement(event: ReplacementChange) -> Told:
    match event:
        case ReplacementShipped():
            return _CONSUMER, Template.REPLACEMENT_SHIPPED, _shipment(event.shipment)
        case ReplacementReceived():
            return _MERCHANT, Template.REPLACEMENT_RECEIVED, {}
        case _:
            assert_never(event)


def _told_of_arbitration(event: ArbitrationChange) -> tuple[Told, ...]:
    match event:
        case ArbitrationRequested():
            return ((_MERCHANT, Template.ARBITRATION_REQUESTED, _due(event.due)),)
        case TicketEscalated(cause=cause):
            why: Params = {"arbitration_cause": cause.value}
            return _to_both(Template.TICKET_ESCALATED, why)
        case ArbitrationEvidenceSubmitted(side=side):
            by: Params = {"side": side.value}
            return _to_the_others(side, Template.ARBITRATION_EVIDENCE_SUBMITTED, by)
        case ArbitrationRuled():
            ruling: Params = {"ruling": event.ruling.value, "blame": event.blame.value}
            paid: Params = {"amount": event.amount, "currency": event.currency}
            return _to_both(Template.ARBITRATION_RULED, ruling | paid)
        case ArbitrationWithdrawn():
            return ((_MERCHANT, Template.ARBITRATION_WITHDRAWN, {}),)
        case _:
            assert_never(event)


def _told_of_payout(event: PayoutChange) -> tuple[Told, ...]:
    match event:
        case AdvancePayoutStarted():
            paid: Params = {"amount": event.amount, "currency": event.currency}
            charged: Told = (_MERCHANT, Template.PAYOUT_CHARGED, paid)
            return (_CONSUMER, Template.PAYOUT_STARTED, paid), charged
        case AdvancePayoutRefused(refusal=refusal):
            return _to_both(Template.PAYOUT_REFUSED, {"refund_refusal": refusal.value})
        case AdvancePayoutPaid():
            paid = {"amount": event.amount, "currency": event.currency}
            return _to_both(Template.PAYOUT_PAID, paid)
        case AdvancePayoutRequested() | AdvancePayoutDeclined() | AdvancePayoutOutcomeUnknown():
            return ()
        case _:
            assert_never(event)


def _to_both(template: Template, params: Params) -> tuple[Told, ...]:
    return (_CONSUMER, template, params), (_MERCHANT, template, params)


def _to_the_others(side: Side, template: Template, params: Params) -> tuple[Told, ...]:
    """Tell everybody but the side that did it."""
    own = {Side.CONSUMER: _CONSUMER, Side.MERCHANT: _MERCHANT}.get(side)
    return tuple(told for told in _to_both(template, params) if told[0] is not own)


def _application(event: TicketCreated | ApplicationModified) -> Params:
    facts: Params = {"type": event.type.value, "application_reason": event.reason.value}
    overdue: Params = {"overdue": event.overdue} if isinstance(event, TicketCreated) else {}
    return facts | overdue | _due(event.due)


def _rejection(event: ApplicationRejected | ReturnedGoodsRejected) -> Params:
    return {"reject_reason": event.reason.value, "note": event.note}


def _shipment(shipment: Shipment) -> Params:
    return {"carrier": shipment.carrier.value, "tracking_number": shipment.tracking_number}


def _rule(rule: AppliedRule) -> Params:
    return {"rule_id": rule.rule_id, "rule_name": rule.name, "rule_version": rule.version}


def _due(due: Due | None) -> Params:
    return {"due_at": None if due is None else instant_text(due.at)}

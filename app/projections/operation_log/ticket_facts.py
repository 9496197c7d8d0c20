"""What the operation log says of what happened to a ticket."""

from collections.abc import Sequence
from typing import assert_never

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from app.domain.attachments import Attachment
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
from app.domain.order.events import TicketChange, TicketEvent
from app.domain.order.payouts import PayoutChange
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
from app.domain.order.tickets import AppliedRule, CloseCause, Due
from app.domain.refunds import differs
from app.domain.shipments import Shipment
from app.projections.operation_log.codes import LogCode, LogFacts, Params, cost_facts
from app.projections.operation_log.payout_facts import payout_facts
from app.projections.texts import instant_text

Facts = tuple[LogCode, Params]


def ticket_facts(event: TicketEvent) -> LogFacts:
    """Return what the log says of an event about a ticket."""
    code, facts = _of(event)
    params: Params = {"ticket_id": event.ticket_id, "due": _due(event.due)}
    return LogFacts(
        code=code, subject=event.ticket_id, after=event.state.value, params=params | facts
    )


def _of(event: TicketEvent) -> Facts:
    match event:
        case TicketCreated():
            code = LogCode.OVERDUE_TICKET_CREATED if event.overdue else LogCode.TICKET_CREATED
            door: Params = {"overdue": event.overdue, "generation": event.entry_generation}
            return code, _application(event) | door
        case TicketDueReminded():
            return LogCode.TICKET_DUE_REMINDED, {
                "side": event.side.value,
                "due_action": event.due.action.value,
                "due_at": instant_text(event.due.at),
            }
        case _:
            return _of_change(event)


def _of_change(event: TicketChange) -> Facts:
    if isinstance(event, AnswerToApplication):
        return _of_answer(event)
    if isinstance(event, BuyersChange):
        return _of_buyers_change(event)
    if isinstance(event, ReturnChange):
        return _of_return(event)
    if isinstance(event, ReplacementChange):
        return _of_replacement(event)
    if isinstance(event, ArbitrationChange):
        return _of_arbitration(event)
    if isinstance(event, RefundChange):
        return _of_refund(event)
    if isinstance(event, PayoutChange):
        return payout_facts(event)
    match event:
        case TicketRemarked():
            remark: Params = {"side": event.side.value, "text": event.text}
            return LogCode.TICKET_REMARKED, remark | {"pictures": _files(event.pictures)}
        case _:
            assert_never(event)


def _of_answer(event: AnswerToApplication) -> Facts:
    match event:
        case ApplicationAgreed(rule=AppliedRule() as rule):
            without: Params = {"without_return": event.without_return}
            return LogCode.APPLICATION_AGREED_BY_RULE, without | _rule(rule)
        case ApplicationAgreed(automatic=True):
            return LogCode.APPLICATION_AGREED_AUTOMATICALLY, {}
        case ApplicationAgreed(without_return=True):
            return LogCode.APPLICATION_AGREED_WITHOUT_RETURN, _acknowledged(event)
        case ApplicationAgreed():
            return LogCode.APPLICATION_AGREED, _acknowledged(event)
        case ApplicationRejected():
            return LogCode.APPLICATION_REJECTED, _rejection(event)
        case RejectionReversed():
            return LogCode.REJECTION_REVERSED, {}
        case AssistantNotified(rule=rule):
            return LogCode.ASSISTANT_NOTIFIED, _rule(rule)
        case _:
            assert_never(event)


def _of_buyers_change(event: BuyersChange) -> Facts:
    match event:
        case ApplicationModified():
            return LogCode.APPLICATION_MODIFIED, _application(event)
        case TicketClosed(cause=CloseCause.WITHDRAWN):
            return LogCode.APPLICATION_WITHDRAWN, {}
        case TicketClosed():
            return LogCode.TICKET_CLOSED, {"close_cause": event.cause.value}
        case _:
            assert_never(event)


def _of_return(event: ReturnChange) -> Facts:
    match event:
        case GoodsShippedBack():
            return LogCode.GOODS_SHIPPED_BACK, _shipment(event.shipment)
        case ReturnShipmentCorrected():
            previous: Params = {
                "previous_carrier": event.previous.carrier.value,
                "previous_tracking_number": event.previous.tracking_number,
            }
            return LogCode.RETURN_SHIPMENT_CORRECTED, _shipment(event.shipment) | previous
        case ReturnDeadlineExtended():
            return LogCode.RETURN_DEADLINE_EXTENDED, {
                "days": event.days,
                "previous_due_at": instant_text(event.previous_due_at),
                "due_at": None if event.due is None else instant_text(event.due.at),
            }
        case ReturnReceived(automatic=True):
            return LogCode.RETURN_RECEIVED_AUTOMATICALLY, {}
        case ReturnReceived():
            return LogCode.RETURN_RECEIVED, _acknowledged(event)
        case ReturnedGoodsRejected():
            return LogCode.RETURNED_GOODS_REJECTED, _rejection(event)
        case _:
            assert_never(event)


def _of_replacement(event: ReplacementChange) -> Facts:
    match event:
        case ReplacementShipped():
            return LogCode.REPLACEMENT_SHIPPED, _shipment(event.shipment)
        case ReplacementReceived(automatic=True):
            return LogCode.REPLACEMENT_RECEIVED_AUTOMATICALLY, {}
        case ReplacementReceived():
            return LogCode.REPLACEMENT_RECEIVED, {}
        case _:
            assert_never(event)


def _of_arbitration(event: ArbitrationChange) -> Facts:
    match event:
        case ArbitrationRequested():
            given: Params = {"note": event.note, "evidence": _files(event.evidence)}
            return LogCode.ARBITRATION_REQUESTED, given
        case TicketEscalated():
            return LogCode.TICKET_ESCALATED, {"arbitration_cause": event.cause.value}
        case ArbitrationEvidenceSubmitted():
            given = {"note": event.note, "evidence": _files(event.evidence)}
            return LogCode.ARBITRATION_EVIDENCE_SUBMITTED, given | {"side": event.side.value}
        case ArbitrationRuled():
            code = (
                LogCode.ARBITRATION_RULED_AUTOMATICALLY
                if event.automatic
                else LogCode.ARBITRATION_RULED
            )
            return code, _ruling(event)
        case ArbitrationWithdrawn():
            return LogCode.ARBITRATION_WITHDRAWN, {}
        case _:
            assert_never(event)


def _of_refund(event: RefundChange) -> Facts:
    match event:
        case RefundFunded():
            code = LogCode.REFUND_ADVANCED if event.insufficient else LogCode.REFUND_FUNDED
            return code, {
                "refund_key": event.refund_key,
                "amount": event.amount,
                "currency": event.currency,
                "funding_source": event.source.value,
                "shares": to_jsonable_python(event.shares),
                "insufficient": event.insufficient,
                "preview": None if event.preview is None else cost_facts(event.preview),
                "differs": differs(event.preview, event.source, event.shares.shop),
            }
        case RefundOutcomeUnknown():
            return LogCode.REFUND_OUTCOME_UNKNOWN, {
                "refund_key": event.refund_key,
                "why": event.why,
            }
        case RefundRefused():
            return LogCode.REFUND_REFUSED, {
                "refund_key": event.refund_key,
                "refund_refusal": event.refusal.value,
                "provider_text": event.provider_text,
            }
        case RefundSucceeded():
            return LogCode.REFUND_SUCCEEDED, {
                "amount": event.amount,
                "currency": event.currency,
                "refund_key": event.refund_key,
                "funding_source": None if event.source is None else event.source.value,
                "provider_reference": event.provider_reference,
            }
        case _:
            assert_never(event)


def _application(event: TicketCreated | ApplicationModified) -> Params:
    return {
        "type": event.type.value,
        "items": to_jsonable_python(event.items),
        "amount": event.amount,
        "currency": event.currency,
        "application_reason": event.reason.value,
        "description": event.description,
        "evidence": _files(event.evidence),
    }


def _ruling(event: ArbitrationRuled) -> Params:
    return {
        "ruling": event.ruling.value,
        "blame": event.blame.value,
        "items": to_jsonable_python(event.items),
        "amount": event.amount,
        "currency": event.currency,
        "note": event.note,
        "close_cause": None if event.close_cause is None else event.close_cause.value,
    }


def _rejection(event: ApplicationRejected | ReturnedGoodsRejected) -> Params:
    return {
        "reject_reason": event.reason.value,
        "note": event.note,
        "evidence": _files(event.evidence),
    }


def _shipment(shipment: Shipment) -> Params:
    return {"carrier": shipment.carrier.value, "tracking_number": shipment.tracking_number}


def _acknowledged(event: ApplicationAgreed | ReturnReceived) -> Params:
    cost = event.acknowledged_cost
    return {} if cost is None else {"acknowledged_cost": cost_facts(cost)}


def _rule(rule: AppliedRule) -> Params:
    return {"rule_id": rule.rule_id, "rule_name": rule.name, "rule_version": rule.version}


def _files(attachments: Sequence[Attachment]) -> JsonValue:
    files: JsonValue = to_jsonable_python(attachments)
    return files


def _due(due: Due | None) -> JsonValue:
    return None if due is None else {"at": instant_text(due.at), "action": due.action.value}

"""Reactions to the events of an arbitration."""

from pydantic_core import to_jsonable_python

from app.domain.order import arbitration
from app.reactions.applications import to_other_side
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Addressed,
    Params,
    Reaction,
    due_params,
    files,
    money_params,
    one_line,
    one_message,
    text,
    to_both,
    to_merchant,
)


def _given(
    event: arbitration.ArbitrationRequested | arbitration.ArbitrationEvidenceSubmitted,
) -> Params:
    return {"note": event.note, "evidence": files(event.evidence)}


def _ruling(event: arbitration.ArbitrationRuled) -> Params:
    return {
        "ruling": event.ruling.value,
        "blame": event.blame.value,
        "items": to_jsonable_python(event.items),
        **money_params(event),
        "note": event.note,
        "close_cause": None if event.close_cause is None else event.close_cause.value,
    }


def _ruled(event: arbitration.ArbitrationRuled) -> tuple[Addressed, ...]:
    ruling: Params = {"ruling": event.ruling.value, "blame": event.blame.value}
    return to_both("arbitration_ruled", {**ruling, **money_params(event)})


REACTIONS = (
    Reaction(
        event=arbitration.ArbitrationRequested,
        lines=one_line(
            "arbitration_requested",
            "买家申请平台仲裁售后单 {ticket_id}",
            "Buyer asked the platform to arbitrate ticket {ticket_id}",
        ),
        facts=_given,
        messages=one_message(
            "arbitration_requested",
            "买家申请平台仲裁",
            "A buyer asked for arbitration",
            "售后单 {ticket_id} 已进入平台仲裁,请在 {due_at} 前提交凭证。",
            "Ticket {ticket_id} is in arbitration. Please give evidence before {due_at}.",
        ),
        notify=lambda event: to_merchant("arbitration_requested", due_params(event.due)),
        public=EventType.TICKET_ARBITRATION_REQUESTED,
    ),
    Reaction(
        event=arbitration.TicketEscalated,
        lines=one_line(
            "ticket_escalated",
            "平台介入售后单 {ticket_id}:{arbitration_cause}",
            "Platform stepped in on ticket {ticket_id}: {arbitration_cause}",
        ),
        facts=lambda event: {"arbitration_cause": event.cause.value},
        messages=one_message(
            "ticket_escalated",
            "平台已介入售后单",
            "The platform stepped in",
            "售后单 {ticket_id} 由平台介入:{arbitration_cause}。",
            "The platform stepped in on ticket {ticket_id}: {arbitration_cause}.",
        ),
        notify=lambda event: to_both("ticket_escalated", {"arbitration_cause": event.cause.value}),
        public=EventType.TICKET_ESCALATED,
    ),
    Reaction(
        event=arbitration.ArbitrationEvidenceSubmitted,
        lines=one_line(
            "arbitration_evidence_submitted",
            "{side}提交仲裁凭证(售后单 {ticket_id})",
            "Evidence given by the {side} for ticket {ticket_id}",
        ),
        facts=lambda event: {**_given(event), "side": event.side.value},
        messages=one_message(
            "arbitration_evidence_submitted",
            "对方提交了仲裁凭证",
            "New evidence in an arbitration",
            "售后单 {ticket_id} 的{side}提交了凭证。",
            "The {side} gave evidence on ticket {ticket_id}.",
        ),
        notify=lambda event: to_other_side(event.side, "arbitration_evidence_submitted"),
        public=EventType.TICKET_EVIDENCE_SUBMITTED,
    ),
    Reaction(
        event=arbitration.ArbitrationRuled,
        lines={
            "arbitration_ruled": text(
                "平台仲裁:{ruling},{blame},金额 {amount}",
                "Platform ruled {ruling}: {blame}, amount {amount}",
            ),
            "arbitration_ruled_automatically": text(
                "商家逾期未举证,平台判定{ruling},金额 {amount}",
                "No evidence of the merchant in time: ruled {ruling}, amount {amount}",
            ),
        },
        line=lambda event: (
            "arbitration_ruled_automatically" if event.automatic else "arbitration_ruled"
        ),
        facts=_ruling,
        messages=one_message(
            "arbitration_ruled",
            "平台已作出仲裁",
            "The platform has ruled",
            "售后单 {ticket_id} 仲裁结果:{ruling},{blame}。",
            "Ticket {ticket_id}: ruled {ruling}, {blame}.",
        ),
        notify=_ruled,
        public=EventType.TICKET_RULED,
    ),
    Reaction(
        event=arbitration.ArbitrationWithdrawn,
        lines=one_line(
            "arbitration_withdrawn",
            "买家撤销仲裁申请(售后单 {ticket_id})",
            "Buyer took the request for arbitration of ticket {ticket_id} back",
        ),
        messages=one_message(
            "arbitration_withdrawn",
            "买家撤销了仲裁申请",
            "A buyer withdrew an arbitration",
            "售后单 {ticket_id} 的仲裁申请已撤销。",
            "The request for arbitration of ticket {ticket_id} was withdrawn.",
        ),
        notify=lambda _: to_merchant("arbitration_withdrawn"),
        public=EventType.TICKET_ARBITRATION_WITHDRAWN,
    ),
)

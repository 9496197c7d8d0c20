"""Reactions to the merchant's answers to an application."""

from app.domain.order import answers
from app.domain.order.returns import ReturnedGoodsRejected
from app.domain.order.tickets import TicketState
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Addressed,
    Params,
    Reaction,
    acknowledged,
    due_params,
    files,
    message,
    one_line,
    one_message,
    rule_params,
    text,
    to_consumer,
    to_merchant,
)


def _agreed_line(event: answers.ApplicationAgreed) -> str:
    if event.rule is not None:
        return "application_agreed_by_rule"
    if event.automatic:
        return "application_agreed_automatically"
    return "application_agreed_without_return" if event.without_return else "application_agreed"


def _agreed_facts(event: answers.ApplicationAgreed) -> Params:
    if event.rule is not None:
        return {"without_return": event.without_return, **rule_params(event.rule)}
    return {} if event.automatic else acknowledged(event.acknowledged_cost)


def _agreed(event: answers.ApplicationAgreed) -> tuple[Addressed, ...]:
    if event.state is TicketState.AWAITING_RETURN:
        consumer = to_consumer("ship_goods_back", due_params(event.due))
    else:
        consumer = to_consumer("application_agreed")
    if event.rule is not None:
        return consumer + to_merchant("application_agreed_by_rule", rule_params(event.rule))
    return consumer + (to_merchant("application_agreed_automatically") if event.automatic else ())


def rejection_facts(event: answers.ApplicationRejected | ReturnedGoodsRejected) -> Params:
    """Return the reason, note and evidence of a rejection."""
    return {
        "reject_reason": event.reason.value,
        "note": event.note,
        "evidence": files(event.evidence),
    }


def rejection_params(event: answers.ApplicationRejected | ReturnedGoodsRejected) -> Params:
    """Return what the buyer reads of a rejection."""
    return {"reject_reason": event.reason.value, "note": event.note}


REACTIONS = (
    Reaction(
        event=answers.ApplicationAgreed,
        lines={
            "application_agreed": text(
                "商家同意售后单 {ticket_id}", "Merchant agreed to ticket {ticket_id}"
            ),
            "application_agreed_automatically": text(
                "商家超时未处理,系统自动同意售后单 {ticket_id}",
                "Ticket {ticket_id} agreed automatically: the merchant did not answer in time",
            ),
            "application_agreed_by_rule": text(
                "小助手规则「{rule_name}」(第 {rule_version} 版)自动同意售后单 {ticket_id}",
                "Ticket {ticket_id} agreed to by the assistant, rule {rule_name} (version {rule_version})",
            ),
            "application_agreed_without_return": text(
                "商家同意售后单 {ticket_id},买家无需退货",
                "Merchant agreed to ticket {ticket_id}; the goods stay with the buyer",
            ),
        },
        line=_agreed_line,
        facts=_agreed_facts,
        messages={
            "application_agreed": message(
                "售后申请已通过",
                "Your application was agreed to",
                "您的售后单 {ticket_id} 已通过,请留意后续进度。",
                "Your ticket {ticket_id} was agreed to. Please follow its next steps.",
            ),
            "application_agreed_automatically": message(
                "售后单已超时自动同意",
                "A ticket was agreed to automatically",
                "售后单 {ticket_id} 超时未处理,系统已自动同意。",
                "Ticket {ticket_id} was not answered in time and was agreed to automatically.",
            ),
            "application_agreed_by_rule": message(
                "小助手已自动同意售后单",
                "The assistant agreed to a ticket",
                "规则「{rule_name}」已自动同意售后单 {ticket_id}。",
                'Your rule "{rule_name}" agreed to ticket {ticket_id}.',
            ),
            "ship_goods_back": message(
                "请寄回商品",
                "Please send the goods back",
                "售后单 {ticket_id} 已同意,请在 {due_at} 前寄回商品并填写物流单号。",
                "Ticket {ticket_id} was agreed to. Please send the goods back and enter the tracking number before {due_at}.",
            ),
        },
        notify=_agreed,
        public=EventType.TICKET_AGREED,
    ),
    Reaction(
        event=answers.ApplicationRejected,
        lines=one_line(
            "application_rejected",
            "商家拒绝售后单 {ticket_id}:{reject_reason}",
            "Merchant rejected ticket {ticket_id}: {reject_reason}",
        ),
        facts=rejection_facts,
        messages=one_message(
            "application_rejected",
            "商家拒绝了您的售后申请",
            "Your application was rejected",
            "您的售后单 {ticket_id} 被商家拒绝,原因:{reject_reason}。",
            "The merchant rejected your ticket {ticket_id}: {reject_reason}.",
        ),
        notify=lambda event: to_consumer("application_rejected", rejection_params(event)),
        public=EventType.TICKET_REJECTED,
    ),
    Reaction(
        event=answers.RejectionReversed,
        lines=one_line(
            "rejection_reversed",
            "商家再次处理并同意售后单 {ticket_id}",
            "Merchant took ticket {ticket_id} up again and agreed",
        ),
        messages=one_message(
            "rejection_reversed",
            "商家重新同意了您的售后申请",
            "Your rejected ticket was agreed to after all",
            "您的售后单 {ticket_id} 已由商家再次处理并同意。",
            "The merchant took your ticket {ticket_id} up again and agreed to it.",
        ),
        notify=lambda _: to_consumer("rejection_reversed"),
        public=EventType.TICKET_REJECTION_REVERSED,
    ),
    # Not public: a message to the merchant alone.
    Reaction(
        event=answers.AssistantNotified,
        lines=one_line(
            "assistant_notified",
            "小助手规则「{rule_name}」(第 {rule_version} 版)提醒商家关注售后单 {ticket_id}",
            "The assistant pointed the merchant to ticket {ticket_id}, rule {rule_name} (version {rule_version})",
        ),
        facts=lambda event: rule_params(event.rule),
        messages=one_message(
            "assistant_notified",
            "小助手提醒",
            "Your assistant points to a ticket",
            "规则「{rule_name}」提醒您关注售后单 {ticket_id}。",
            'Your rule "{rule_name}" asks you to look at ticket {ticket_id}.',
        ),
        notify=lambda event: to_merchant("assistant_notified", rule_params(event.rule)),
    ),
)

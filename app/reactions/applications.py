"""Reactions to the events of an application: created, modified, closed, remarked on, due soon."""

from pydantic_core import to_jsonable_python

from app.domain.order import applications
from app.domain.order.tickets import CloseCause, Side
from app.domain.text import instant_text
from app.event_store.recorded_event import Role
from app.reactions.public_types import EventType
from app.reactions.reaction import (
    Addressed,
    Params,
    Reaction,
    due_params,
    files,
    message,
    one_line,
    one_message,
    text,
    to_both,
    to_consumer,
    to_merchant,
)


def _application(event: applications.TicketCreated | applications.ApplicationModified) -> Params:
    return {
        "type": event.type.value,
        "items": to_jsonable_python(event.items),
        "amount": event.amount,
        "currency": event.currency,
        "application_reason": event.reason.value,
        "description": event.description,
        "evidence": files(event.evidence),
    }


def _wish(event: applications.TicketCreated | applications.ApplicationModified) -> Params:
    return {
        "type": event.type.value,
        "application_reason": event.reason.value,
        **due_params(event.due),
    }


def _withdrawn(event: applications.TicketClosed) -> bool:
    return event.cause is CloseCause.WITHDRAWN


def _closed(event: applications.TicketClosed) -> tuple[Addressed, ...]:
    if _withdrawn(event):
        return to_merchant("application_withdrawn")
    return to_consumer("ticket_closed", {"close_cause": event.cause.value})


def _due_soon(event: applications.TicketDueReminded) -> tuple[Addressed, ...]:
    params: Params = {"due_action": event.due.action.value, **due_params(event.due)}
    to = to_consumer if event.side is Side.CONSUMER else to_merchant
    return to("ticket_due_soon", params)


def to_other_side(side: Side, template: str) -> tuple[Addressed, ...]:
    """Address a message to every side but the one that acted."""
    own = {Side.CONSUMER: Role.CONSUMER, Side.MERCHANT: Role.MERCHANT}.get(side)
    addressed = to_both(template, {"side": side.value})
    return tuple(each for each in addressed if each[0] is not own)


REACTIONS = (
    Reaction(
        event=applications.TicketCreated,
        lines={
            "ticket_created": text(
                "买家申请售后({type}),原因:{application_reason},售后单 {ticket_id}",
                "Buyer applied ({type}), reason: {application_reason}; ticket {ticket_id}",
            ),
            "overdue_ticket_created": text(
                "买家通过已打开的入口申请超期售后({type}),原因:{application_reason},售后单 {ticket_id}",
                "Buyer applied past the after-sales period ({type}), reason: {application_reason}; ticket {ticket_id}",
            ),
        },
        line=lambda event: "overdue_ticket_created" if event.overdue else "ticket_created",
        facts=lambda event: {
            **_application(event),
            "overdue": event.overdue,
            "generation": event.entry_generation,
        },
        messages=one_message(
            "ticket_created",
            "您有新的售后单",
            "A new after-sales ticket",
            "订单 {order_id} 的买家申请{type},原因:{application_reason},请在 {due_at} 前处理售后单 {ticket_id}。",
            "The buyer of order {order_id} applied ({type}): {application_reason}. Please answer ticket {ticket_id} before {due_at}.",
        ),
        notify=lambda event: to_merchant(
            "ticket_created", {**_wish(event), "overdue": event.overdue}
        ),
        public=EventType.TICKET_CREATED,
    ),
    Reaction(
        event=applications.ApplicationModified,
        lines=one_line(
            "application_modified",
            "买家修改售后单 {ticket_id}:{type},原因:{application_reason}",
            "Buyer modified ticket {ticket_id}: {type}, reason: {application_reason}",
        ),
        facts=_application,
        messages=one_message(
            "application_modified",
            "买家修改了售后申请",
            "A buyer modified an application",
            "订单 {order_id} 的买家修改了售后单 {ticket_id}({type}),请在 {due_at} 前处理。",
            "The buyer of order {order_id} modified ticket {ticket_id} ({type}). Please answer before {due_at}.",
        ),
        notify=lambda event: to_merchant("application_modified", _wish(event)),
        public=EventType.TICKET_MODIFIED,
    ),
    Reaction(
        event=applications.TicketClosed,
        lines={
            "application_withdrawn": text(
                "买家撤销售后单 {ticket_id}", "Buyer withdrew ticket {ticket_id}"
            ),
            "ticket_closed": text(
                "售后单 {ticket_id} 关闭:{close_cause}", "Ticket {ticket_id} closed: {close_cause}"
            ),
        },
        line=lambda event: "application_withdrawn" if _withdrawn(event) else "ticket_closed",
        facts=lambda event: {} if _withdrawn(event) else {"close_cause": event.cause.value},
        messages={
            "application_withdrawn": message(
                "买家已撤销售后申请",
                "A buyer withdrew an application",
                "订单 {order_id} 的买家已撤销售后单 {ticket_id},无需处理。",
                "The buyer of order {order_id} withdrew ticket {ticket_id}. Nothing is left to do.",
            ),
            "ticket_closed": message(
                "售后单已关闭",
                "Your ticket was closed",
                "您的售后单 {ticket_id} 已关闭:{close_cause}。",
                "Your ticket {ticket_id} was closed: {close_cause}.",
            ),
        },
        notify=_closed,
        public=EventType.TICKET_CLOSED,
    ),
    Reaction(
        event=applications.TicketRemarked,
        lines=one_line("ticket_remarked", "{side}留言:{text}", "Remark of the {side}: {text}"),
        facts=lambda event: {
            "side": event.side.value,
            "text": event.text,
            "pictures": files(event.pictures),
        },
        messages=one_message(
            "ticket_remarked",
            "售后单有新留言",
            "A new remark on a ticket",
            "售后单 {ticket_id} 有{side}的新留言。",
            "The {side} added a remark to ticket {ticket_id}.",
        ),
        notify=lambda event: to_other_side(event.side, "ticket_remarked"),
        public=EventType.TICKET_REMARKED,
    ),
    # Not public: a message to one side, and the ticket's `due` showed the instant long before.
    Reaction(
        event=applications.TicketDueReminded,
        lines=one_line(
            "ticket_due_reminded",
            "已提醒{side}:{due_at} 后{due_action}",
            "Reminded the {side}: after {due_at} {due_action}",
        ),
        facts=lambda event: {
            "side": event.side.value,
            "due_action": event.due.action.value,
            "due_at": instant_text(event.due.at),
        },
        messages=one_message(
            "ticket_due_soon",
            "售后单即将超时",
            "A ticket is about to run out of time",
            "售后单 {ticket_id}:{due_at} 后{due_action}。",
            "Ticket {ticket_id}: after {due_at} {due_action}.",
        ),
        notify=_due_soon,
    ),
)

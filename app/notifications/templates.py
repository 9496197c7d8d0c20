"""What people are told in the site, in both languages."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from pydantic import JsonValue

from app.domain.text import Text
from app.read_models.texts import filled


class Template(StrEnum):
    """The stable name of each message. The list only grows."""

    ENTRY_OPENED = "entry_opened"
    ENTRY_EXPIRING = "entry_expiring"
    ENTRY_EXPIRED = "entry_expired"
    REOPENING_REQUESTED = "reopening_requested"
    REOPENING_DECLINED = "reopening_declined"
    TICKET_CREATED = "ticket_created"
    APPLICATION_AGREED = "application_agreed"
    APPLICATION_AGREED_AUTOMATICALLY = "application_agreed_automatically"
    APPLICATION_REJECTED = "application_rejected"
    APPLICATION_WITHDRAWN = "application_withdrawn"
    TICKET_CLOSED = "ticket_closed"
    REFUND_SUCCEEDED = "refund_succeeded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message in words."""

    title: Text
    body: Text


TEMPLATES: Mapping[Template, Message] = MappingProxyType(
    {
        Template.ENTRY_OPENED: Message(
            title=Text(zh_cn="商家已为您打开售后入口", en="You may apply for after-sales again"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口已打开,请在 {expires_at} 前申请售后。",
                en="The merchant opened the after-sales entry of order {order_id}. "
                "Please apply before {expires_at}.",
            ),
        ),
        Template.ENTRY_EXPIRING: Message(
            title=Text(zh_cn="售后入口即将关闭", en="The after-sales entry is about to close"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口将于 {expires_at} 关闭,您尚未申请售后。",
                en="The after-sales entry of order {order_id} closes at {expires_at} and you have "
                "not applied yet.",
            ),
        ),
        Template.ENTRY_EXPIRED: Message(
            title=Text(zh_cn="售后入口已关闭", en="The after-sales entry has closed"),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口已到期关闭。如仍需售后,可请商家再次打开。",
                en="The after-sales entry of order {order_id} has expired. "
                "You may ask the merchant to open it again.",
            ),
        ),
        Template.REOPENING_REQUESTED: Message(
            title=Text(zh_cn="买家请求再次打开售后入口", en="A buyer asks for the entry again"),
            body=Text(
                zh_cn="订单 {order_id} 的买家请求再次打开售后入口,请打开或拒绝。",
                en="The buyer of order {order_id} asks for the after-sales entry to be opened "
                "again. Please open it or decline.",
            ),
        ),
        Template.REOPENING_DECLINED: Message(
            title=Text(
                zh_cn="商家未同意再次打开售后入口",
                en="The merchant declined to open the entry again",
            ),
            body=Text(
                zh_cn="订单 {order_id} 的售后入口不再打开,原因:{decline_reason}。",
                en="The after-sales entry of order {order_id} will not be opened again: "
                "{decline_reason}.",
            ),
        ),
        Template.TICKET_CREATED: Message(
            title=Text(zh_cn="您有新的售后单", en="A new after-sales ticket"),
            body=Text(
                zh_cn="订单 {order_id} 的买家申请{type},原因:{application_reason},"
                "请在 {due_at} 前处理售后单 {ticket_id}。",
                en="The buyer of order {order_id} applied ({type}): {application_reason}. "
                "Please answer ticket {ticket_id} before {due_at}.",
            ),
        ),
        Template.APPLICATION_AGREED: Message(
            title=Text(zh_cn="售后申请已通过", en="Your application was agreed to"),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 已通过,请留意后续进度。",
                en="Your ticket {ticket_id} was agreed to. Please follow its next steps.",
            ),
        ),
        Template.APPLICATION_AGREED_AUTOMATICALLY: Message(
            title=Text(zh_cn="售后单已超时自动同意", en="A ticket was agreed to automatically"),
            body=Text(
                zh_cn="售后单 {ticket_id} 超时未处理,系统已自动同意。",
                en="Ticket {ticket_id} was not answered in time and was agreed to automatically.",
            ),
        ),
        Template.APPLICATION_REJECTED: Message(
            title=Text(zh_cn="商家拒绝了您的售后申请", en="Your application was rejected"),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 被商家拒绝,原因:{reject_reason}。",
                en="The merchant rejected your ticket {ticket_id}: {reject_reason}.",
            ),
        ),
        Template.APPLICATION_WITHDRAWN: Message(
            title=Text(zh_cn="买家已撤销售后申请", en="A buyer withdrew an application"),
            body=Text(
                zh_cn="订单 {order_id} 的买家已撤销售后单 {ticket_id},无需处理。",
                en="The buyer of order {order_id} withdrew ticket {ticket_id}. Nothing is left "
                "to do.",
            ),
        ),
        Template.TICKET_CLOSED: Message(
            title=Text(zh_cn="售后单已关闭", en="Your ticket was closed"),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 已关闭:{close_cause}。",
                en="Your ticket {ticket_id} was closed: {close_cause}.",
            ),
        ),
        Template.REFUND_SUCCEEDED: Message(
            title=Text(zh_cn="退款成功", en="Your refund succeeded"),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 已退款 {amount}。",
                en="{amount} were refunded to you for ticket {ticket_id}.",
            ),
        ),
    }
)
"""Every message; placeholders are names of its params."""


def render(template: Template, params: Mapping[str, JsonValue]) -> Message:
    """Return a message in words, its facts shown in each language."""
    message = TEMPLATES[template]
    return Message(title=filled(message.title, params), body=filled(message.body, params))

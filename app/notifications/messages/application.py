"""What is said of an application, its answer, and what follows if nobody acts."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.notifications.templates import Message, Template

APPLICATION_MESSAGES: Mapping[Template, Message] = MappingProxyType(
    {
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
        Template.APPLICATION_AGREED_BY_RULE: Message(
            title=Text(zh_cn="小助手已自动同意售后单", en="The assistant agreed to a ticket"),
            body=Text(
                zh_cn="规则「{rule_name}」已自动同意售后单 {ticket_id}。",
                en='Your rule "{rule_name}" agreed to ticket {ticket_id}.',
            ),
        ),
        Template.ASSISTANT_NOTIFIED: Message(
            title=Text(zh_cn="小助手提醒", en="Your assistant points to a ticket"),
            body=Text(
                zh_cn="规则「{rule_name}」提醒您关注售后单 {ticket_id}。",
                en='Your rule "{rule_name}" asks you to look at ticket {ticket_id}.',
            ),
        ),
        Template.APPLICATION_MODIFIED: Message(
            title=Text(zh_cn="买家修改了售后申请", en="A buyer modified an application"),
            body=Text(
                zh_cn="订单 {order_id} 的买家修改了售后单 {ticket_id}({type}),"
                "请在 {due_at} 前处理。",
                en="The buyer of order {order_id} modified ticket {ticket_id} "
                "({type}). Please answer before {due_at}.",
            ),
        ),
        Template.REJECTION_REVERSED: Message(
            title=Text(
                zh_cn="商家重新同意了您的售后申请",
                en="Your rejected ticket was agreed to after all",
            ),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 已由商家再次处理并同意。",
                en="The merchant took your ticket {ticket_id} up again and agreed to it.",
            ),
        ),
        Template.TICKET_REMARKED: Message(
            title=Text(zh_cn="售后单有新留言", en="A new remark on a ticket"),
            body=Text(
                zh_cn="售后单 {ticket_id} 有{side}的新留言。",
                en="The {side} added a remark to ticket {ticket_id}.",
            ),
        ),
        Template.TICKET_DUE_SOON: Message(
            title=Text(zh_cn="售后单即将超时", en="A ticket is about to run out of time"),
            body=Text(
                zh_cn="售后单 {ticket_id}:{due_at} 后{due_action}。",
                en="Ticket {ticket_id}: after {due_at} {due_action}.",
            ),
        ),
    }
)

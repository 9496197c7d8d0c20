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
    REFUND_REFUSED = "refund_refused"
    PAYOUT_STARTED = "payout_started"
    PAYOUT_CHARGED = "payout_charged"
    PAYOUT_REFUSED = "payout_refused"
    PAYOUT_PAID = "payout_paid"
    APPLICATION_AGREED_BY_RULE = "application_agreed_by_rule"
    ASSISTANT_NOTIFIED = "assistant_notified"
    APPLICATION_MODIFIED = "application_modified"
    REJECTION_REVERSED = "rejection_reversed"
    SHIP_GOODS_BACK = "ship_goods_back"
    GOODS_SHIPPED_BACK = "goods_shipped_back"
    RETURN_SHIPMENT_CORRECTED = "return_shipment_corrected"
    RETURN_DEADLINE_EXTENDED = "return_deadline_extended"
    RETURN_RECEIVED = "return_received"
    RETURN_RECEIVED_AUTOMATICALLY = "return_received_automatically"
    RETURNED_GOODS_REJECTED = "returned_goods_rejected"
    REPLACEMENT_SHIPPED = "replacement_shipped"
    REPLACEMENT_RECEIVED = "replacement_received"
    ARBITRATION_REQUESTED = "arbitration_requested"
    TICKET_ESCALATED = "ticket_escalated"
    ARBITRATION_EVIDENCE_SUBMITTED = "arbitration_evidence_submitted"
    ARBITRATION_RULED = "arbitration_ruled"
    ARBITRATION_WITHDRAWN = "arbitration_withdrawn"
    TICKET_REMARKED = "ticket_remarked"
    TICKET_DUE_SOON = "ticket_due_soon"
    DEPOSIT_BELOW_REQUIRED = "deposit_below_required"
    DEPOSIT_RESTORED = "deposit_restored"
    SHOP_RESTRICTED = "shop_restricted"
    RESTRICTION_LIFTED = "restriction_lifted"
    ARREARS_COLLECTED = "arrears_collected"
    WEBHOOK_ENDPOINT_GONE = "webhook_endpoint_gone"
    WEBHOOK_ENDPOINT_FAILING = "webhook_endpoint_failing"


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
        Template.SHIP_GOODS_BACK: Message(
            title=Text(zh_cn="请寄回商品", en="Please send the goods back"),
            body=Text(
                zh_cn="售后单 {ticket_id} 已同意,请在 {due_at} 前寄回商品并填写物流单号。",
                en="Ticket {ticket_id} was agreed to. Please send the goods back and "
                "enter the tracking number before {due_at}.",
            ),
        ),
        Template.GOODS_SHIPPED_BACK: Message(
            title=Text(zh_cn="买家已寄回商品", en="A buyer shipped the goods back"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的商品已寄回:{carrier} "
                "{tracking_number},请在 {due_at} 前处理。",
                en="The goods of ticket {ticket_id} are on their way: {carrier} {tracking_number}. "
                "Please confirm or reject them before {due_at}.",
            ),
        ),
        Template.RETURN_SHIPMENT_CORRECTED: Message(
            title=Text(zh_cn="买家更正了退货物流", en="A buyer corrected the return"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的退货物流更正为 {carrier} {tracking_number}。",
                en="The return of ticket {ticket_id} is {carrier} {tracking_number}.",
            ),
        ),
        Template.RETURN_DEADLINE_EXTENDED: Message(
            title=Text(zh_cn="退货时间已延长", en="You have more time for the return"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的退货时间已延长至 {due_at}。",
                en="You may send the goods of ticket {ticket_id} back until {due_at}.",
            ),
        ),
        Template.RETURN_RECEIVED: Message(
            title=Text(zh_cn="商家已收到退货", en="The merchant has your return"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的退货已确认收到。",
                en="The returned goods of ticket {ticket_id} were received.",
            ),
        ),
        Template.RETURN_RECEIVED_AUTOMATICALLY: Message(
            title=Text(zh_cn="退货已自动确认收货", en="A return was confirmed automatically"),
            body=Text(
                zh_cn="售后单 {ticket_id} 超时未处理,系统已自动确认收到退货。",
                en="Ticket {ticket_id} was not handled in time: the "
                "returned goods count as received.",
            ),
        ),
        Template.RETURNED_GOODS_REJECTED: Message(
            title=Text(zh_cn="商家拒绝了您退回的商品", en="Your return was rejected"),
            body=Text(
                zh_cn="售后单 {ticket_id} 退回的商品被商家拒绝,原因:{reject_reason}。",
                en="The merchant rejected the goods you sent back for "
                "ticket {ticket_id}: {reject_reason}.",
            ),
        ),
        Template.REPLACEMENT_SHIPPED: Message(
            title=Text(zh_cn="商家已发货", en="The goods are on their way"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的商品已发出:{carrier} {tracking_number},收到后请确认。",
                en="The goods of ticket {ticket_id} are on their way: {carrier} {tracking_number}. "
                "Please confirm them when they arrive.",
            ),
        ),
        Template.REPLACEMENT_RECEIVED: Message(
            title=Text(zh_cn="售后单已完成", en="A ticket is completed"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的商品已确认收货。",
                en="The goods of ticket {ticket_id} were received.",
            ),
        ),
        Template.ARBITRATION_REQUESTED: Message(
            title=Text(zh_cn="买家申请平台仲裁", en="A buyer asked for arbitration"),
            body=Text(
                zh_cn="售后单 {ticket_id} 已进入平台仲裁,请在 {due_at} 前提交凭证。",
                en="Ticket {ticket_id} is in arbitration. Please give evidence before {due_at}.",
            ),
        ),
        Template.TICKET_ESCALATED: Message(
            title=Text(zh_cn="平台已介入售后单", en="The platform stepped in"),
            body=Text(
                zh_cn="售后单 {ticket_id} 由平台介入:{arbitration_cause}。",
                en="The platform stepped in on ticket {ticket_id}: {arbitration_cause}.",
            ),
        ),
        Template.ARBITRATION_EVIDENCE_SUBMITTED: Message(
            title=Text(zh_cn="对方提交了仲裁凭证", en="New evidence in an arbitration"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的{side}提交了凭证。",
                en="The {side} gave evidence on ticket {ticket_id}.",
            ),
        ),
        Template.ARBITRATION_RULED: Message(
            title=Text(zh_cn="平台已作出仲裁", en="The platform has ruled"),
            body=Text(
                zh_cn="售后单 {ticket_id} 仲裁结果:{ruling},{blame}。",
                en="Ticket {ticket_id}: ruled {ruling}, {blame}.",
            ),
        ),
        Template.ARBITRATION_WITHDRAWN: Message(
            title=Text(zh_cn="买家撤销了仲裁申请", en="A buyer withdrew an arbitration"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的仲裁申请已撤销。",
                en="The request for arbitration of ticket {ticket_id} was withdrawn.",
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
        Template.DEPOSIT_BELOW_REQUIRED: Message(
            title=Text(zh_cn="保证金低于要求", en="The deposit is below its required level"),
            body=Text(
                zh_cn="店铺保证金余额 {deposit},低于要求的 {level},请尽快补足。",
                en="The deposit holds {deposit}, less than the required {level}. Please top it up.",
            ),
        ),
        Template.DEPOSIT_RESTORED: Message(
            title=Text(zh_cn="保证金已补足", en="The deposit is at its required level again"),
            body=Text(
                zh_cn="店铺保证金余额 {deposit},已达到要求的 {level}。",
                en="The deposit holds {deposit}; {level} are required.",
            ),
        ),
        Template.SHOP_RESTRICTED: Message(
            title=Text(zh_cn="店铺欠款,暂不能打开售后入口", en="The shop may open no more entries"),
            body=Text(
                zh_cn="平台先行赔付后店铺欠款 {arrears},超过上限 {limit}。"
                "充值补足前不能打开新的售后入口,已打开的入口和售后单不受影响。",
                en="The shop owes {arrears} for refunds paid in advance, more than {limit}. Until "
                "a top-up no after-sales entry can be opened; open entries and tickets run on.",
            ),
        ),
        Template.RESTRICTION_LIFTED: Message(
            title=Text(zh_cn="可以重新打开售后入口", en="The shop may open entries again"),
            body=Text(
                zh_cn="店铺欠款 {arrears},已在上限以内,可以打开售后入口。",
                en="The shop owes {arrears}, which is within the limit: entries can be opened.",
            ),
        ),
        Template.ARREARS_COLLECTED: Message(
            title=Text(zh_cn="充值已用于偿还欠款", en="A top-up paid back what the shop owed"),
            body=Text(
                zh_cn="充值 {reference} 中的 {collected} 已用于偿还欠款(追缴),剩余欠款 {arrears}。",
                en="Of the top-up {reference}, {collected} paid back what the platform had "
                "advanced; {arrears} are still owed.",
            ),
        ),
        Template.WEBHOOK_ENDPOINT_GONE: Message(
            title=Text(zh_cn="消息推送地址已停用", en="A webhook endpoint was disabled"),
            body=Text(
                zh_cn="消息推送地址 {url} 答复已不再使用(410),已停用。"
                "修复后可以重新启用,并补发期间的消息。",
                en="{url} answered that it is gone (410), so nothing is sent there any more. Once "
                "it is mended you can enable it again and have sent what it missed.",
            ),
        ),
        Template.WEBHOOK_ENDPOINT_FAILING: Message(
            title=Text(zh_cn="消息推送地址已停用", en="A webhook endpoint was disabled"),
            body=Text(
                zh_cn="消息推送地址 {url} 连续多日无法送达,已停用。"
                "修复后可以重新启用,并补发期间的消息。",
                en="Nothing could be delivered to {url} for days, so nothing is sent there any "
                "more. Once it is mended you can enable it again and have sent what it missed.",
            ),
        ),
        Template.REFUND_REFUSED: Message(
            title=Text(zh_cn="退款未能到账", en="A refund could not be paid"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的退款未能到账:{refund_refusal}。平台客服将协助处理。",
                en="The refund of ticket {ticket_id} could not be paid: {refund_refusal}. "
                "Customer service will take care of it.",
            ),
        ),
        Template.PAYOUT_STARTED: Message(
            title=Text(zh_cn="平台先行赔付处理中", en="The platform pays you in advance"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的 {amount} 将由平台先行赔付至您提供的收款账户。",
                en="The platform pays {amount} for ticket {ticket_id} in advance, to the account "
                "you named.",
            ),
        ),
        Template.PAYOUT_CHARGED: Message(
            title=Text(zh_cn="平台先行赔付,扣除保证金", en="The platform pays in advance"),
            body=Text(
                zh_cn="售后单 {ticket_id} 原路退款失败,平台先行赔付 {amount},已扣除保证金。"
                "保证金不足部分将从下次充值中追缴。",
                en="The refund of ticket {ticket_id} failed, so the platform pays {amount} in "
                "advance and charges your deposit. What it lacks is collected from your next "
                "top-up.",
            ),
        ),
        Template.PAYOUT_REFUSED: Message(
            title=Text(zh_cn="先行赔付未能到账", en="An advance payout could not be paid"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的先行赔付未能到账:{refund_refusal}。"
                "平台客服将协助处理。",
                en="The advance payout for ticket {ticket_id} could not be paid: {refund_refusal}. "
                "Customer service will take care of it.",
            ),
        ),
        Template.PAYOUT_PAID: Message(
            title=Text(zh_cn="先行赔付已到账", en="The advance payout has arrived"),
            body=Text(
                zh_cn="售后单 {ticket_id} 的先行赔付 {amount} 已支付。",
                en="The advance payout of {amount} for ticket {ticket_id} has been paid.",
            ),
        ),
    }
)
"""Every message; placeholders are names of its params."""


def render(template: Template, params: Mapping[str, JsonValue]) -> Message:
    """Return a message in words, its facts shown in each language."""
    message = TEMPLATES[template]
    return Message(title=filled(message.title, params), body=filled(message.body, params))

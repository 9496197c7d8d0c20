"""What is said of goods on their way, and of arbitration."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.notifications.templates import Message, Template

GOODS_MESSAGES: Mapping[Template, Message] = MappingProxyType(
    {
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
    }
)

"""What is said of money on its way to a buyer."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.notifications.templates import Message, Template

REFUND_MESSAGES: Mapping[Template, Message] = MappingProxyType(
    {
        Template.REFUND_SUCCEEDED: Message(
            title=Text(zh_cn="退款成功", en="Your refund succeeded"),
            body=Text(
                zh_cn="您的售后单 {ticket_id} 已退款 {amount}。",
                en="{amount} were refunded to you for ticket {ticket_id}.",
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

"""The operation log in words."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.projections.operation_log.codes import LogCode
from app.projections.operation_log.entry import LogEntry
from app.projections.texts import filled

LOG_TEXTS: Mapping[LogCode, Text] = MappingProxyType(
    {
        LogCode.ORDER_REGISTERED: Text(
            zh_cn="订单已登记,实付 {amount}", en="Order registered, {amount} paid"
        ),
        LogCode.ORDER_SHIPPED: Text(
            zh_cn="商家已于 {shipped_at} 发货", en="Goods shipped at {shipped_at}"
        ),
        LogCode.RECEIPT_CONFIRMED: Text(
            zh_cn="买家已于 {confirmed_at} 确认收货", en="Receipt confirmed at {confirmed_at}"
        ),
        LogCode.ORDER_SETTLED: Text(
            zh_cn="订单已于 {settled_at} 结算", en="Order settled at {settled_at}"
        ),
        LogCode.ENTRY_OPENED: Text(
            zh_cn="商家第 {generation} 次打开售后入口,有效期至 {expires_at}",
            en="Merchant opened the after-sales entry (no. {generation}), open until {expires_at}",
        ),
        LogCode.ENTRY_EXPIRING: Text(
            zh_cn="已提醒买家:售后入口将于 {expires_at} 关闭",
            en="Buyer reminded: the after-sales entry closes at {expires_at}",
        ),
        LogCode.ENTRY_EXPIRED: Text(
            zh_cn="售后入口到期关闭,买家已通过该入口申请售后",
            en="After-sales entry expired; the buyer had applied through it",
        ),
        LogCode.ENTRY_EXPIRED_UNUSED: Text(
            zh_cn="售后入口到期关闭,买家未使用", en="After-sales entry expired unused"
        ),
        LogCode.REOPENING_REQUESTED: Text(
            zh_cn="买家请求再次打开售后入口", en="Buyer asked for the entry to be opened again"
        ),
        LogCode.REOPENING_DECLINED: Text(
            zh_cn="商家拒绝再次打开售后入口:{decline_reason}",
            en="Merchant declined to open the entry again: {decline_reason}",
        ),
        LogCode.TICKET_CREATED: Text(
            zh_cn="买家申请售后({type}),原因:{application_reason},售后单 {ticket_id}",
            en="Buyer applied ({type}), reason: {application_reason}; ticket {ticket_id}",
        ),
        LogCode.OVERDUE_TICKET_CREATED: Text(
            zh_cn="买家通过已打开的入口申请超期售后({type}),原因:{application_reason},"
            "售后单 {ticket_id}",
            en="Buyer applied past the after-sales period ({type}), reason: {application_reason}; "
            "ticket {ticket_id}",
        ),
        LogCode.APPLICATION_AGREED: Text(
            zh_cn="商家同意售后单 {ticket_id}", en="Merchant agreed to ticket {ticket_id}"
        ),
        LogCode.APPLICATION_AGREED_AUTOMATICALLY: Text(
            zh_cn="商家超时未处理,系统自动同意售后单 {ticket_id}",
            en="Ticket {ticket_id} agreed automatically: the merchant did not answer in time",
        ),
        LogCode.APPLICATION_REJECTED: Text(
            zh_cn="商家拒绝售后单 {ticket_id}:{reject_reason}",
            en="Merchant rejected ticket {ticket_id}: {reject_reason}",
        ),
        LogCode.APPLICATION_WITHDRAWN: Text(
            zh_cn="买家撤销售后单 {ticket_id}", en="Buyer withdrew ticket {ticket_id}"
        ),
        LogCode.TICKET_CLOSED: Text(
            zh_cn="售后单 {ticket_id} 关闭:{close_cause}",
            en="Ticket {ticket_id} closed: {close_cause}",
        ),
        LogCode.REFUND_FUNDED: Text(
            zh_cn="售后单 {ticket_id} 退款 {amount} 由{funding_source}支付,已提交支付渠道",
            en="Refund of {amount} for ticket {ticket_id} paid from "
            "{funding_source}, provider asked",
        ),
        LogCode.REFUND_ADVANCED: Text(
            zh_cn="商家资金不足,平台先行赔付售后单 {ticket_id} 退款 {amount}",
            en="The merchant's funds do not cover {amount} for ticket {ticket_id}: "
            "the platform pays in advance",
        ),
        LogCode.REFUND_OUTCOME_UNKNOWN: Text(
            zh_cn="售后单 {ticket_id} 退款结果未知,等待支付渠道答复",
            en="The outcome of the refund for ticket {ticket_id} is "
            "unknown; waiting for the provider",
        ),
        LogCode.REFUND_REFUSED: Text(
            zh_cn="售后单 {ticket_id} 退款被支付渠道拒绝:{refund_refusal}",
            en="The provider refused the refund for ticket {ticket_id}: {refund_refusal}",
        ),
        LogCode.REFUND_SUCCEEDED: Text(
            zh_cn="售后单 {ticket_id} 退款成功,金额 {amount}",
            en="Refund of {amount} for ticket {ticket_id} succeeded",
        ),
        LogCode.PAYOUT_REQUESTED: Text(
            zh_cn="平台商服 {requested_by} 为售后单 {ticket_id} 发起先行赔付 {amount},"
            "收款账户:{payee_kind} {payee_account}({payee_holder})",
            en="Platform customer service {requested_by} asked for an advance payout of {amount} "
            "for ticket {ticket_id} to {payee_kind} {payee_account} ({payee_holder})",
        ),
        LogCode.PAYOUT_AWAITS_APPROVAL: Text(
            zh_cn="平台商服 {requested_by} 为售后单 {ticket_id} 申请先行赔付 {amount},待另一人审批,"
            "收款账户:{payee_kind} {payee_account}({payee_holder})",
            en="Platform customer service {requested_by} asked for an advance payout of {amount} "
            "for ticket {ticket_id} to {payee_kind} {payee_account} ({payee_holder}); "
            "another person must approve it",
        ),
        LogCode.PAYOUT_STARTED: Text(
            zh_cn="平台先行赔付售后单 {ticket_id} {amount},扣除商家保证金,已提交支付渠道",
            en="The platform pays {amount} for ticket {ticket_id} in advance and charges the "
            "deposit; provider asked",
        ),
        LogCode.PAYOUT_APPROVED: Text(
            zh_cn="{approved_by} 已审批,平台先行赔付售后单 {ticket_id} {amount},扣除商家保证金,"
            "已提交支付渠道",
            en="Approved by {approved_by}: the platform pays {amount} for ticket {ticket_id} in "
            "advance and charges the deposit; provider asked",
        ),
        LogCode.PAYOUT_DECLINED: Text(
            zh_cn="{declined_by} 否决了售后单 {ticket_id} 的先行赔付",
            en="{declined_by} declined the advance payout for ticket {ticket_id}",
        ),
        LogCode.PAYOUT_OUTCOME_UNKNOWN: Text(
            zh_cn="售后单 {ticket_id} 先行赔付结果未知,等待支付渠道答复",
            en="The outcome of the advance payout for ticket {ticket_id} is unknown; "
            "waiting for the provider",
        ),
        LogCode.PAYOUT_REFUSED: Text(
            zh_cn="售后单 {ticket_id} 先行赔付被支付渠道拒绝:{refund_refusal}",
            en="The provider refused the advance payout for ticket {ticket_id}: {refund_refusal}",
        ),
        LogCode.PAYOUT_PAID: Text(
            zh_cn="售后单 {ticket_id} 先行赔付成功,金额 {amount}",
            en="Advance payout of {amount} for ticket {ticket_id} succeeded",
        ),
        LogCode.APPLICATION_AGREED_BY_RULE: Text(
            zh_cn="小助手规则「{rule_name}」(第 {rule_version} 版)自动同意售后单 {ticket_id}",
            en="Ticket {ticket_id} agreed to by the assistant, rule "
            "{rule_name} (version {rule_version})",
        ),
        LogCode.APPLICATION_AGREED_WITHOUT_RETURN: Text(
            zh_cn="商家同意售后单 {ticket_id},买家无需退货",
            en="Merchant agreed to ticket {ticket_id}; the goods stay with the buyer",
        ),
        LogCode.APPLICATION_MODIFIED: Text(
            zh_cn="买家修改售后单 {ticket_id}:{type},原因:{application_reason}",
            en="Buyer modified ticket {ticket_id}: {type}, reason: {application_reason}",
        ),
        LogCode.REJECTION_REVERSED: Text(
            zh_cn="商家再次处理并同意售后单 {ticket_id}",
            en="Merchant took ticket {ticket_id} up again and agreed",
        ),
        LogCode.ASSISTANT_NOTIFIED: Text(
            zh_cn="小助手规则「{rule_name}」(第 {rule_version} 版)提醒商家关注售后单 {ticket_id}",
            en="The assistant pointed the merchant to ticket {ticket_id}, "
            "rule {rule_name} (version {rule_version})",
        ),
        LogCode.GOODS_SHIPPED_BACK: Text(
            zh_cn="买家已寄回商品:{carrier} {tracking_number}",
            en="Buyer shipped the goods back: {carrier} {tracking_number}",
        ),
        LogCode.RETURN_SHIPMENT_CORRECTED: Text(
            zh_cn="买家更正退货物流:{previous_carrier} {previous_tracking_number} "
            "改为 {carrier} {tracking_number}",
            en="Buyer corrected the return from {previous_carrier} {previous_tracking_number} "
            "to {carrier} {tracking_number}",
        ),
        LogCode.RETURN_DEADLINE_EXTENDED: Text(
            zh_cn="商家延长退货时间 {days} 天,至 {due_at}",
            en="Merchant extended the time for the return by {days} days, until {due_at}",
        ),
        LogCode.RETURN_RECEIVED: Text(
            zh_cn="商家确认收到退货(售后单 {ticket_id})",
            en="Merchant confirmed the returned goods of ticket {ticket_id}",
        ),
        LogCode.RETURN_RECEIVED_AUTOMATICALLY: Text(
            zh_cn="商家超时未处理,系统自动确认收到退货(售后单 {ticket_id})",
            en="The returned goods of ticket {ticket_id} count as received:"
            " the merchant did not answer in time",
        ),
        LogCode.RETURNED_GOODS_REJECTED: Text(
            zh_cn="商家拒绝退回的商品:{reject_reason}",
            en="Merchant rejected the returned goods: {reject_reason}",
        ),
        LogCode.REPLACEMENT_SHIPPED: Text(
            zh_cn="商家已发出商品:{carrier} {tracking_number}",
            en="Merchant shipped the goods: {carrier} {tracking_number}",
        ),
        LogCode.REPLACEMENT_RECEIVED: Text(
            zh_cn="买家确认收到商品(售后单 {ticket_id})",
            en="Buyer confirmed the goods sent for ticket {ticket_id}",
        ),
        LogCode.REPLACEMENT_RECEIVED_AUTOMATICALLY: Text(
            zh_cn="买家超时未确认,系统自动确认收货(售后单 {ticket_id})",
            en="The goods sent for ticket {ticket_id} count as received:"
            " the buyer did not answer in time",
        ),
        LogCode.ARBITRATION_REQUESTED: Text(
            zh_cn="买家申请平台仲裁售后单 {ticket_id}",
            en="Buyer asked the platform to arbitrate ticket {ticket_id}",
        ),
        LogCode.ARBITRATION_EVIDENCE_SUBMITTED: Text(
            zh_cn="{side}提交仲裁凭证(售后单 {ticket_id})",
            en="Evidence given by the {side} for ticket {ticket_id}",
        ),
        LogCode.ARBITRATION_RULED: Text(
            zh_cn="平台仲裁:{ruling},{blame},金额 {amount}",
            en="Platform ruled {ruling}: {blame}, amount {amount}",
        ),
        LogCode.ARBITRATION_RULED_AUTOMATICALLY: Text(
            zh_cn="商家逾期未举证,平台判定{ruling},金额 {amount}",
            en="No evidence of the merchant in time: ruled {ruling}, amount {amount}",
        ),
        LogCode.ARBITRATION_WITHDRAWN: Text(
            zh_cn="买家撤销仲裁申请(售后单 {ticket_id})",
            en="Buyer took the request for arbitration of ticket {ticket_id} back",
        ),
        LogCode.TICKET_ESCALATED: Text(
            zh_cn="平台介入售后单 {ticket_id}:{arbitration_cause}",
            en="Platform stepped in on ticket {ticket_id}: {arbitration_cause}",
        ),
        LogCode.TICKET_REMARKED: Text(
            zh_cn="{side}留言:{text}",
            en="Remark of the {side}: {text}",
        ),
        LogCode.TICKET_DUE_REMINDED: Text(
            zh_cn="已提醒{side}:{due_at} 后{due_action}",
            en="Reminded the {side}: after {due_at} {due_action}",
        ),
    }
)
"""What each code says; placeholders are names of the line's params."""


def render(entry: LogEntry) -> Text:
    """Return a line of the log in words, reasons included."""
    return filled(LOG_TEXTS[entry.code], entry.params)

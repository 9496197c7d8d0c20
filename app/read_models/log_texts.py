"""The operation log in words."""

from collections.abc import Mapping
from types import MappingProxyType

from app.domain.text import Text
from app.read_models.log_entry import LogEntry
from app.read_models.log_facts import LogCode
from app.read_models.texts import filled

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
        LogCode.REFUND_SUCCEEDED: Text(
            zh_cn="售后单 {ticket_id} 退款成功,金额 {amount}",
            en="Refund of {amount} for ticket {ticket_id} succeeded",
        ),
    }
)
"""What each code says; placeholders are names of the line's params."""


def render(entry: LogEntry) -> Text:
    """Return a line of the log in words, reasons included."""
    return filled(LOG_TEXTS[entry.code], entry.params)

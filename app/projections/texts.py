"""How codes and facts are shown to people, in both languages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue

from app.domain.order.tickets import (
    ArbitrationCause,
    Blame,
    CloseCause,
    DueAction,
    Ruling,
    Side,
    TicketState,
    TicketType,
)
from app.domain.payees import PayeeKind
from app.domain.policy import SHANGHAI
from app.domain.reasons import (
    APPLICATION_REASON_TEXTS,
    DECLINE_REASON_TEXTS,
    REJECT_REASON_TEXTS,
    ApplicationReason,
    DeclineReason,
    RejectReason,
)
from app.domain.refunds import FundingSource, PayoutStatus, RefundRefusal, RefundStatus
from app.domain.shipments import CARRIER_TEXTS, Carrier
from app.domain.text import Text
from app.projections.orders.view import EntryState
from app.projections.refunds.view import RefundProgress, RefundWaiting

OVERDUE_LABEL = "overdue"
LABEL_TEXTS: Mapping[str, Text] = MappingProxyType(
    {OVERDUE_LABEL: Text(zh_cn="超期售后", en="Past after-sales period")}
)
"""The labels a ticket may carry, by their stable code."""

ENTRY_STATE_TEXTS: Mapping[EntryState, Text] = MappingProxyType(
    {
        EntryState.NEVER_OPENED: Text(zh_cn="未打开", en="Never opened"),
        EntryState.OPEN: Text(zh_cn="已打开", en="Open"),
        EntryState.CLOSED: Text(zh_cn="已关闭", en="Closed"),
    }
)

TICKET_TYPE_TEXTS: Mapping[TicketType, Text] = MappingProxyType(
    {
        TicketType.REFUND_ONLY: Text(zh_cn="仅退款", en="Refund only"),
        TicketType.RETURN_AND_REFUND: Text(zh_cn="退货退款", en="Return and refund"),
        TicketType.EXCHANGE: Text(zh_cn="换货", en="Exchange"),
        TicketType.REISSUE: Text(zh_cn="补寄", en="Reissue"),
        TicketType.REPAIR: Text(zh_cn="维修", en="Repair"),
    }
)

TICKET_STATE_TEXTS: Mapping[TicketState, Text] = MappingProxyType(
    {
        TicketState.PENDING_MERCHANT: Text(zh_cn="待商家处理", en="Awaiting the merchant"),
        TicketState.AWAITING_RETURN: Text(zh_cn="待买家退货", en="Awaiting the buyer's return"),
        TicketState.AWAITING_REPLACEMENT: Text(zh_cn="待商家发货", en="Awaiting replacement"),
        TicketState.REFUNDING: Text(zh_cn="退款中", en="Refunding"),
        TicketState.REJECTED: Text(zh_cn="商家已拒绝", en="Rejected by the merchant"),
        TicketState.SUCCEEDED: Text(zh_cn="售后成功", en="Succeeded"),
        TicketState.CLOSED: Text(zh_cn="售后关闭", en="Closed"),
        TicketState.AWAITING_MERCHANT_RECEIPT: Text(
            zh_cn="待商家收货", en="Awaiting the merchant's receipt"
        ),
        TicketState.AWAITING_BUYER_RECEIPT: Text(
            zh_cn="待买家收货", en="Awaiting the buyer's receipt"
        ),
        TicketState.REJECTED_AFTER_RETURN: Text(
            zh_cn="商家拒绝退回的商品", en="Returned goods rejected by the merchant"
        ),
        TicketState.IN_ARBITRATION: Text(zh_cn="平台仲裁中", en="In arbitration"),
        TicketState.COMPLETED: Text(zh_cn="售后完成", en="Completed"),
    }
)

DUE_ACTION_TEXTS: Mapping[DueAction, Text] = MappingProxyType(
    {
        DueAction.AGREE: Text(zh_cn="将自动同意申请", en="the application is agreed to"),
        DueAction.CLOSE: Text(zh_cn="售后单将自动关闭", en="the ticket is closed"),
        DueAction.CONFIRM_RETURN: Text(
            zh_cn="将自动确认收到退货", en="the returned goods count as received"
        ),
        DueAction.ESCALATE: Text(zh_cn="将由平台介入", en="the platform steps in"),
        DueAction.COMPLETE: Text(zh_cn="将自动确认收货", en="the goods count as received"),
        DueAction.RULE_FOR_BUYER: Text(
            zh_cn="将判定支持买家", en="the platform rules for the buyer"
        ),
    }
)

SIDE_TEXTS: Mapping[Side, Text] = MappingProxyType(
    {
        Side.CONSUMER: Text(zh_cn="买家", en="buyer"),
        Side.MERCHANT: Text(zh_cn="商家", en="merchant"),
        Side.PLATFORM: Text(zh_cn="平台", en="platform"),
    }
)

RULING_TEXTS: Mapping[Ruling, Text] = MappingProxyType(
    {
        Ruling.FOR_BUYER: Text(zh_cn="支持买家", en="for the buyer"),
        Ruling.FOR_MERCHANT: Text(zh_cn="支持商家", en="for the merchant"),
    }
)

BLAME_TEXTS: Mapping[Blame, Text] = MappingProxyType(
    {
        Blame.BUYER: Text(zh_cn="买家责任", en="the buyer's fault"),
        Blame.MERCHANT: Text(zh_cn="商家责任", en="the merchant's fault"),
        Blame.CARRIER: Text(zh_cn="物流责任", en="the carrier's fault"),
        Blame.NOBODY: Text(zh_cn="无责任方", en="nobody's fault"),
    }
)

ARBITRATION_CAUSE_TEXTS: Mapping[ArbitrationCause, Text] = MappingProxyType(
    {
        ArbitrationCause.BUYER_REQUEST: Text(zh_cn="买家申请平台介入", en="the buyer asked for it"),
        ArbitrationCause.REPLACEMENT_NOT_SHIPPED: Text(
            zh_cn="商家逾期未发货", en="the merchant did not ship in time"
        ),
    }
)

CLOSE_CAUSE_TEXTS: Mapping[CloseCause, Text] = MappingProxyType(
    {
        CloseCause.WITHDRAWN: Text(zh_cn="买家撤销申请", en="withdrawn by the buyer"),
        CloseCause.NOT_RETURNED_IN_TIME: Text(
            zh_cn="买家逾期未退货", en="the goods were not returned in time"
        ),
        CloseCause.REJECTION_NOT_CONTESTED: Text(
            zh_cn="买家逾期未处理商家的拒绝", en="the rejection was not contested in time"
        ),
        CloseCause.RULED_FOR_MERCHANT: Text(
            zh_cn="平台判定支持商家", en="the platform ruled for the merchant"
        ),
        CloseCause.NOTHING_LEFT_TO_REFUND: Text(
            zh_cn="已无可退金额", en="nothing is left to refund"
        ),
    }
)

FUNDING_SOURCE_TEXTS: Mapping[FundingSource, Text] = MappingProxyType(
    {
        FundingSource.ESCROW: Text(zh_cn="未结算货款", en="escrow"),
        FundingSource.CASH: Text(zh_cn="现金户", en="cash"),
        FundingSource.DEPOSIT: Text(zh_cn="保证金", en="the deposit"),
        FundingSource.PLATFORM_ADVANCE: Text(zh_cn="平台先行赔付", en="the platform's advance"),
    }
)

REFUND_REFUSAL_TEXTS: Mapping[RefundRefusal, Text] = MappingProxyType(
    {
        RefundRefusal.BUYER_ACCOUNT_CLOSED: Text(
            zh_cn="买家账户已注销", en="the buyer's account is closed"
        ),
        RefundRefusal.BUYER_ACCOUNT_FROZEN: Text(
            zh_cn="买家账户已冻结", en="the buyer's account is frozen"
        ),
        RefundRefusal.MERCHANT_BALANCE_INSUFFICIENT: Text(
            zh_cn="支付渠道的商户余额不足", en="the balance at the provider does not cover it"
        ),
        RefundRefusal.PAYMENT_NOT_FOUND: Text(
            zh_cn="支付渠道查无原支付单", en="the provider does not know the payment"
        ),
        RefundRefusal.PAYMENT_TOO_OLD: Text(
            zh_cn="原支付单已超过可退期限", en="the payment is too old to be refunded"
        ),
        RefundRefusal.AMOUNT_ABOVE_PAYMENT: Text(
            zh_cn="金额超过原支付金额", en="more than was paid"
        ),
        RefundRefusal.PAYEE_NOT_ACCEPTED: Text(
            zh_cn="收款账户不被接受", en="the payee's account is not accepted"
        ),
        RefundRefusal.OTHER: Text(zh_cn="支付渠道拒绝", en="refused by the provider"),
    }
)

PAYEE_KIND_TEXTS: Mapping[PayeeKind, Text] = MappingProxyType(
    {
        PayeeKind.ALIPAY: Text(zh_cn="支付宝", en="Alipay"),
        PayeeKind.WECHAT: Text(zh_cn="微信", en="WeChat Pay"),
        PayeeKind.BANK_CARD: Text(zh_cn="银行卡", en="bank card"),
    }
)

PAYOUT_STATUS_TEXTS: Mapping[PayoutStatus, Text] = MappingProxyType(
    {
        PayoutStatus.REQUESTED: Text(zh_cn="待审批", en="Waiting for approval"),
        PayoutStatus.DECLINED: Text(zh_cn="已否决", en="Declined"),
        PayoutStatus.STARTED: Text(zh_cn="赔付处理中", en="On its way"),
        PayoutStatus.UNKNOWN: Text(zh_cn="结果确认中", en="Outcome being confirmed"),
        PayoutStatus.REFUSED: Text(zh_cn="赔付失败", en="Refused"),
        PayoutStatus.PAID: Text(zh_cn="赔付成功", en="Paid"),
    }
)

REFUND_STATUS_TEXTS: Mapping[RefundStatus, Text] = MappingProxyType(
    {
        RefundStatus.FUNDED: Text(zh_cn="退款处理中", en="On its way"),
        RefundStatus.UNKNOWN: Text(zh_cn="结果确认中", en="Outcome being confirmed"),
        RefundStatus.REFUSED: Text(zh_cn="退款失败", en="Refused"),
        RefundStatus.SUCCEEDED: Text(zh_cn="退款成功", en="Succeeded"),
    }
)

REFUND_PROGRESS_TEXTS: Mapping[RefundProgress, Text] = MappingProxyType(
    {
        RefundProgress.REQUESTED: Text(zh_cn="待退款", en="Requested"),
        RefundProgress.FUNDED: REFUND_STATUS_TEXTS[RefundStatus.FUNDED],
        RefundProgress.UNKNOWN: REFUND_STATUS_TEXTS[RefundStatus.UNKNOWN],
        RefundProgress.REFUSED: REFUND_STATUS_TEXTS[RefundStatus.REFUSED],
        RefundProgress.SUCCEEDED: REFUND_STATUS_TEXTS[RefundStatus.SUCCEEDED],
    }
)

REFUND_WAITING_TEXTS: Mapping[RefundWaiting, Text] = MappingProxyType(
    {
        RefundWaiting.MONEY: Text(zh_cn="等待出资", en="for its money to be found"),
        RefundWaiting.FINANCE: Text(
            zh_cn="非线上支付,等待财务退款", en="for finance: it was not paid online"
        ),
        RefundWaiting.PROVIDER: Text(
            zh_cn="等待支付渠道或财务的结果", en="for the provider's answer, or finance's report"
        ),
        RefundWaiting.OUTCOME: Text(
            zh_cn="结果不明,等待支付渠道的查询结果", en="for the provider to say how it ended"
        ),
        RefundWaiting.BOOKS: Text(zh_cn="等待记账", en="for the books to follow"),
        RefundWaiting.PERSON: Text(
            zh_cn="已被拒绝或单号有误,等待人工处理",
            en="for a person: it was refused, or its key is another order's",
        ),
    }
)

MINOR_DIGITS: Mapping[str, int] = MappingProxyType({"JPY": 0, "KRW": 0, "VND": 0})
"""Decimal places of the currencies that have not two."""


def filled(template: Text, params: Mapping[str, JsonValue]) -> Text:
    """Return a text with its placeholders filled by facts, shown in each language.

    A fact is shown by its name: reasons, types and causes as their texts, ``*_at`` as local time in
    Asia/Shanghai, ``amount`` (with ``currency``) as money, what is said of a shop's money in its
    one currency without naming that. KeyError if a fact is missing.
    """
    return Text(
        zh_cn=template.zh_cn.format_map(_shown(params, _zh_cn)),
        en=template.en.format_map(_shown(params, _en)),
    )


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units as people read it: ``CNY 129.00``."""
    digits = MINOR_DIGITS.get(currency, 2)
    if digits == 0:
        return f"{currency} {amount}"
    major, minor = divmod(amount, 10**digits)
    return f"{currency} {major}.{minor:0{digits}}"


def plain_money(amount: int) -> str:
    """Return an amount in hundredths without a currency: ``-1.05``."""
    major, minor = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{major}.{minor:02}"


def local_time(instant: datetime) -> str:
    """Return an instant as a date and time in Asia/Shanghai, to the minute."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


_Pick = Callable[[Text], str]

_CODED: Mapping[str, Callable[[str], Text]] = MappingProxyType(
    {
        "application_reason": lambda code: APPLICATION_REASON_TEXTS[ApplicationReason(code)],
        "reject_reason": lambda code: REJECT_REASON_TEXTS[RejectReason(code)],
        "decline_reason": lambda code: DECLINE_REASON_TEXTS[DeclineReason(code)],
        "close_cause": lambda code: CLOSE_CAUSE_TEXTS[CloseCause(code)],
        "type": lambda code: TICKET_TYPE_TEXTS[TicketType(code)],
        "due_action": lambda code: DUE_ACTION_TEXTS[DueAction(code)],
        "side": lambda code: SIDE_TEXTS[Side(code)],
        "ruling": lambda code: RULING_TEXTS[Ruling(code)],
        "blame": lambda code: BLAME_TEXTS[Blame(code)],
        "arbitration_cause": lambda code: ARBITRATION_CAUSE_TEXTS[ArbitrationCause(code)],
        "funding_source": lambda code: FUNDING_SOURCE_TEXTS[FundingSource(code)],
        "refund_refusal": lambda code: REFUND_REFUSAL_TEXTS[RefundRefusal(code)],
        "payee_kind": lambda code: PAYEE_KIND_TEXTS[PayeeKind(code)],
        "carrier": lambda code: CARRIER_TEXTS[Carrier(code)],
        "previous_carrier": lambda code: CARRIER_TEXTS[Carrier(code)],
    }
)


_OF_FUNDS = frozenset({"deposit", "level", "arrears", "limit", "collected"})


def _zh_cn(text: Text) -> str:
    return text.zh_cn


def _en(text: Text) -> str:
    return text.en


def _shown(params: Mapping[str, JsonValue], pick: _Pick) -> dict[str, str]:
    shown = {name: _shown_fact(name, value, pick) for name, value in params.items()}
    amount, currency = params.get("amount"), params.get("currency")
    if isinstance(amount, int) and isinstance(currency, str):
        shown["amount"] = money(amount, currency)
    return shown


def _shown_fact(name: str, value: JsonValue, pick: _Pick) -> str:
    if isinstance(value, str) and name in _CODED:
        return pick(_CODED[name](value))
    if isinstance(value, int) and name in _OF_FUNDS:
        return plain_money(value)
    if isinstance(value, str) and name.endswith("_at"):
        return local_time(datetime.fromisoformat(value))
    return "" if value is None else str(value)

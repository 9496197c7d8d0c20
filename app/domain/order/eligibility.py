"""May the entry be opened? Every rule, in one list: to add a rule, add a row to RULES.

The same function serves the read-only check and the command; the command stores the verdict.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from app.domain.order.facts import BusinessLine, ItemKind, PaymentMethod
from app.domain.order.state import Order
from app.domain.policy import Policy
from app.domain.text import Text


class RuleCode(StrEnum):
    """The stable name of each rule, given when it fails."""

    RECEIPT_NOT_CONFIRMED = "receipt_not_confirmed"
    AFTER_SALES_PERIOD_NOT_OVER = "after_sales_period_not_over"
    ORDER_FULLY_REFUNDED = "order_fully_refunded"
    REFUND_IN_PROGRESS = "refund_in_progress"
    PAYMENT_NOT_ONLINE = "payment_not_online"
    PRODUCT_NOT_PHYSICAL = "product_not_physical"
    CARD_VOUCHER_PRODUCT = "card_voucher_product"
    EXCLUDED_BUSINESS_LINE = "excluded_business_line"
    ORDER_CREATED_BEFORE_CUTOFF = "order_created_before_cutoff"
    ORDER_TOO_OLD = "order_too_old"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleResult:
    """One rule applied: what was seen, what it was held against, and whether it passed.

    ``observed`` and ``threshold`` are texts: instants in RFC 3339, amounts in minor units, codes.
    """

    code: RuleCode
    passed: bool
    observed: str | None
    threshold: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Every rule's result at one instant under one policy."""

    at: datetime
    policy_version: int
    rules: tuple[RuleResult, ...]

    @property
    def eligible(self) -> bool:
        """Whether the entry may be opened."""
        return not self.failed

    @property
    def failed(self) -> tuple[RuleResult, ...]:
        """The rules that stand in the way, all of them."""
        return tuple(rule for rule in self.rules if not rule.passed)


Finding = tuple[bool, str | None, str]
"""Passed, observed, threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule: its code, the texts shown when it fails and when it passes, and its test."""

    code: RuleCode
    failed_text: Text
    passed_text: Text
    test: Callable[[Order, datetime, Policy], Finding]


def check_eligibility(order: Order, now: datetime, policy: Policy) -> Verdict:
    """Apply every rule to an order as it stands at an instant."""
    results = []
    for rule in RULES:
        passed, observed, threshold = rule.test(order, now, policy)
        results.append(
            RuleResult(code=rule.code, passed=passed, observed=observed, threshold=threshold)
        )
    return Verdict(at=now, policy_version=policy.version, rules=tuple(results))


def _receipt_confirmed(order: Order, _now: datetime, _policy: Policy) -> Finding:
    confirmed_at = order.receipt_confirmed_at
    return confirmed_at is not None, _instant(confirmed_at), "confirmed"


def _period_over(order: Order, now: datetime, policy: Policy) -> Finding:
    if order.receipt_confirmed_at is None:
        return False, None, "receipt confirmed"
    ends_at = order.receipt_confirmed_at + policy.after_sales_period
    return now >= ends_at, _instant(now), ends_at.isoformat()


def _not_fully_refunded(order: Order, _now: datetime, _policy: Policy) -> Finding:
    paid = order.facts.payment.amount.amount
    return order.refunded < paid, str(order.refunded), str(paid)


def _no_refund_in_progress(order: Order, _now: datetime, _policy: Policy) -> Finding:
    ticket = order.active_ticket
    return ticket is None, ticket.ticket_id if ticket else None, "none"


def _paid_online(order: Order, _now: datetime, _policy: Policy) -> Finding:
    method = order.facts.payment.method
    return method is PaymentMethod.ONLINE, method.value, PaymentMethod.ONLINE.value


def _all_physical(order: Order, _now: datetime, _policy: Policy) -> Finding:
    kinds = {item.kind for item in order.facts.items}
    return kinds == {ItemKind.PHYSICAL}, _codes(kinds), ItemKind.PHYSICAL.value


def _no_card_voucher(order: Order, _now: datetime, _policy: Policy) -> Finding:
    kinds = {item.kind for item in order.facts.items}
    passed = ItemKind.CARD_VOUCHER not in kinds
    return passed, _codes(kinds), f"no {ItemKind.CARD_VOUCHER.value}"


def _business_line_served(order: Order, _now: datetime, _policy: Policy) -> Finding:
    line = order.facts.business_line
    return line is BusinessLine.GENERAL, line.value, BusinessLine.GENERAL.value


def _created_after_cutoff(order: Order, _now: datetime, policy: Policy) -> Finding:
    created_at = order.facts.created_at
    cutoff = policy.order_created_from
    return created_at >= cutoff, _instant(created_at), cutoff.isoformat()


def _not_too_old(order: Order, now: datetime, policy: Policy) -> Finding:
    latest = order.facts.created_at + policy.order_age_max
    return now <= latest, _instant(now), latest.isoformat()


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()


def _codes(kinds: set[ItemKind]) -> str:
    return ",".join(sorted(kind.value for kind in kinds))


RULES: tuple[Rule, ...] = (
    Rule(
        code=RuleCode.RECEIPT_NOT_CONFIRMED,
        failed_text=Text(zh_cn="买家尚未确认收货", en="The buyer has not confirmed receipt"),
        passed_text=Text(zh_cn="买家已确认收货", en="The buyer has confirmed receipt"),
        test=_receipt_confirmed,
    ),
    Rule(
        code=RuleCode.AFTER_SALES_PERIOD_NOT_OVER,
        failed_text=Text(
            zh_cn="订单仍在售后期内(确认收货后 7 天),请使用正常售后入口",
            en="The after-sales period (7 days from confirmed receipt) is not over; "
            "the ordinary entry still exists",
        ),
        passed_text=Text(zh_cn="订单售后期已结束", en="The after-sales period is over"),
        test=_period_over,
    ),
    Rule(
        code=RuleCode.ORDER_FULLY_REFUNDED,
        failed_text=Text(zh_cn="订单已全额退款", en="The order has been refunded in full"),
        passed_text=Text(zh_cn="订单尚有可退金额", en="Part of the payment has not been refunded"),
        test=_not_fully_refunded,
    ),
    Rule(
        code=RuleCode.REFUND_IN_PROGRESS,
        failed_text=Text(
            zh_cn="订单有进行中的退款或售后单", en="A refund or ticket of the order is under way"
        ),
        passed_text=Text(
            zh_cn="订单没有进行中的退款或售后单", en="No refund or ticket of the order is under way"
        ),
        test=_no_refund_in_progress,
    ),
    Rule(
        code=RuleCode.PAYMENT_NOT_ONLINE,
        failed_text=Text(zh_cn="货到付款订单不支持", en="Orders paid on delivery are excluded"),
        passed_text=Text(zh_cn="订单为在线支付", en="The order was paid online"),
        test=_paid_online,
    ),
    Rule(
        code=RuleCode.PRODUCT_NOT_PHYSICAL,
        failed_text=Text(zh_cn="仅支持实物商品订单", en="Every item must be physical goods"),
        passed_text=Text(zh_cn="订单商品均为实物商品", en="Every item is physical goods"),
        test=_all_physical,
    ),
    Rule(
        code=RuleCode.CARD_VOUCHER_PRODUCT,
        failed_text=Text(
            zh_cn="不支持卡券类商品订单", en="Orders with a card or voucher are excluded"
        ),
        passed_text=Text(zh_cn="订单不含卡券类商品", en="No item is a card or voucher"),
        test=_no_card_voucher,
    ),
    Rule(
        code=RuleCode.EXCLUDED_BUSINESS_LINE,
        failed_text=Text(
            zh_cn="不支持清北网校、学浪、好好学习订单",
            en="Orders of Qingbei, Xuelang and Haohaoxuexi are excluded",
        ),
        passed_text=Text(
            zh_cn="订单所属业务线支持超售后期售后", en="The business line of the order is served"
        ),
        test=_business_line_served,
    ),
    Rule(
        code=RuleCode.ORDER_CREATED_BEFORE_CUTOFF,
        failed_text=Text(
            zh_cn="订单创建时间早于 2020 年 7 月 1 日",
            en="The order was created before 1 July 2020 (Asia/Shanghai)",
        ),
        passed_text=Text(
            zh_cn="订单创建时间不早于 2020 年 7 月 1 日",
            en="The order was created on or after 1 July 2020 (Asia/Shanghai)",
        ),
        test=_created_after_cutoff,
    ),
    Rule(
        code=RuleCode.ORDER_TOO_OLD,
        failed_text=Text(
            zh_cn="订单创建已超过 150 天", en="The order was created more than 150 days ago"
        ),
        passed_text=Text(
            zh_cn="订单创建未超过 150 天", en="The order was created at most 150 days ago"
        ),
        test=_not_too_old,
    ),
)
"""All rules of domain: eligibility, in the order they are shown."""

_RULES_BY_CODE = {rule.code: rule for rule in RULES}


def text_of(result: RuleResult) -> Text:
    """Return what a rule says of an order that passed it or failed it."""
    rule = _RULES_BY_CODE[result.code]
    return rule.passed_text if result.passed else rule.failed_text

"""Coded reasons people choose from, each with its text in both languages.

Codes are stable: history keeps them. A list only grows; a reason out of use is no longer offered.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from app.domain.text import Text


class ApplicationReason(StrEnum):
    """Why a consumer applies for after-sales."""

    NO_LONGER_WANTED = "no_longer_wanted"
    NOT_AS_DESCRIBED = "not_as_described"
    QUALITY_PROBLEM = "quality_problem"
    DAMAGED = "damaged"
    WRONG_ITEM = "wrong_item"
    MISSING_PARTS = "missing_parts"
    COUNTERFEIT = "counterfeit"
    NOT_RECEIVED = "not_received"
    PROMISED_AFTER_SALES = "promised_after_sales"
    AGREED_WITH_MERCHANT = "agreed_with_merchant"
    OTHER = "other"


class RejectReason(StrEnum):
    """Why a merchant rejects an application, or the goods that came back."""

    NO_EVIDENCE = "no_evidence"
    NO_QUALITY_PROBLEM = "no_quality_problem"
    DAMAGED_BY_BUYER = "damaged_by_buyer"
    OUTSIDE_PROMISE = "outside_promise"
    AMOUNT_NOT_AGREED = "amount_not_agreed"
    ALREADY_SETTLED_OTHERWISE = "already_settled_otherwise"
    OTHER = "other"
    RETURN_NOT_RECEIVED = "return_not_received"
    RETURN_INCOMPLETE = "return_incomplete"
    RETURN_DAMAGED = "return_damaged"
    RETURN_WRONG_GOODS = "return_wrong_goods"


class DeclineReason(StrEnum):
    """Why a merchant declines to open the after-sales entry again."""

    OUTSIDE_PROMISE = "outside_promise"
    SETTLED_OTHERWISE = "settled_otherwise"
    ORDER_TOO_OLD = "order_too_old"
    OTHER = "other"


APPLICATION_REASON_TEXTS: Mapping[ApplicationReason, Text] = MappingProxyType(
    {
        ApplicationReason.NO_LONGER_WANTED: Text(zh_cn="不想要了", en="No longer wanted"),
        ApplicationReason.NOT_AS_DESCRIBED: Text(zh_cn="与描述不符", en="Not as described"),
        ApplicationReason.QUALITY_PROBLEM: Text(zh_cn="质量问题", en="Quality problem"),
        ApplicationReason.DAMAGED: Text(zh_cn="商品破损", en="Arrived damaged"),
        ApplicationReason.WRONG_ITEM: Text(zh_cn="发错商品", en="Wrong item sent"),
        ApplicationReason.MISSING_PARTS: Text(zh_cn="少件或缺配件", en="Items or parts missing"),
        ApplicationReason.COUNTERFEIT: Text(zh_cn="疑似假货", en="Suspected counterfeit"),
        ApplicationReason.NOT_RECEIVED: Text(zh_cn="未收到货", en="Not received"),
        ApplicationReason.PROMISED_AFTER_SALES: Text(
            zh_cn="商家承诺的售后", en="After-sales promised by the merchant"
        ),
        ApplicationReason.AGREED_WITH_MERCHANT: Text(
            zh_cn="与商家协商一致", en="Agreed with the merchant"
        ),
        ApplicationReason.OTHER: Text(zh_cn="其他", en="Other"),
    }
)

REJECT_REASON_TEXTS: Mapping[RejectReason, Text] = MappingProxyType(
    {
        RejectReason.NO_EVIDENCE: Text(zh_cn="缺少凭证", en="No evidence given"),
        RejectReason.NO_QUALITY_PROBLEM: Text(
            zh_cn="商品无质量问题", en="The goods have no quality problem"
        ),
        RejectReason.DAMAGED_BY_BUYER: Text(
            zh_cn="商品人为损坏", en="The goods were damaged by the buyer"
        ),
        RejectReason.OUTSIDE_PROMISE: Text(
            zh_cn="超出承诺的售后范围", en="Outside what was promised"
        ),
        RejectReason.AMOUNT_NOT_AGREED: Text(
            zh_cn="退款金额未协商一致", en="The amount is not agreed"
        ),
        RejectReason.ALREADY_SETTLED_OTHERWISE: Text(
            zh_cn="已通过其他方式解决", en="Already settled in another way"
        ),
        RejectReason.OTHER: Text(zh_cn="其他", en="Other"),
        RejectReason.RETURN_NOT_RECEIVED: Text(
            zh_cn="未收到退货包裹", en="The parcel did not arrive"
        ),
        RejectReason.RETURN_INCOMPLETE: Text(
            zh_cn="退回商品或配件不全", en="Goods or parts are missing from the return"
        ),
        RejectReason.RETURN_DAMAGED: Text(
            zh_cn="退回商品影响二次销售", en="The returned goods cannot be sold again"
        ),
        RejectReason.RETURN_WRONG_GOODS: Text(
            zh_cn="退回商品与订单不符", en="The returned goods are not those of the order"
        ),
    }
)

REJECT_REASONS_OF_RETURNED_GOODS = frozenset(
    {
        RejectReason.RETURN_NOT_RECEIVED,
        RejectReason.RETURN_INCOMPLETE,
        RejectReason.RETURN_DAMAGED,
        RejectReason.RETURN_WRONG_GOODS,
        RejectReason.DAMAGED_BY_BUYER,
        RejectReason.OTHER,
    }
)
"""Why returned goods may be rejected."""

REJECT_REASONS_OF_APPLICATION = frozenset(
    {
        RejectReason.NO_EVIDENCE,
        RejectReason.NO_QUALITY_PROBLEM,
        RejectReason.DAMAGED_BY_BUYER,
        RejectReason.OUTSIDE_PROMISE,
        RejectReason.AMOUNT_NOT_AGREED,
        RejectReason.ALREADY_SETTLED_OTHERWISE,
        RejectReason.OTHER,
    }
)
"""Why an application may be rejected."""

DECLINE_REASON_TEXTS: Mapping[DeclineReason, Text] = MappingProxyType(
    {
        DeclineReason.OUTSIDE_PROMISE: Text(
            zh_cn="超出承诺的售后范围", en="Outside what was promised"
        ),
        DeclineReason.SETTLED_OTHERWISE: Text(
            zh_cn="已通过其他方式解决", en="Settled in another way"
        ),
        DeclineReason.ORDER_TOO_OLD: Text(zh_cn="订单时间过久", en="The order is too old"),
        DeclineReason.OTHER: Text(zh_cn="其他", en="Other"),
    }
)

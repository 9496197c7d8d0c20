"""Coded reasons people choose from, each with its text in both languages.

Codes are stable: history keeps them. A list only grows; a reason out of use is no longer offered.
"""

from app.domain.text import TextEnum


class ApplicationReason(TextEnum):
    """Why a consumer applies for after-sales."""

    NO_LONGER_WANTED = "no_longer_wanted", "不想要了", "No longer wanted"
    NOT_AS_DESCRIBED = "not_as_described", "与描述不符", "Not as described"
    QUALITY_PROBLEM = "quality_problem", "质量问题", "Quality problem"
    DAMAGED = "damaged", "商品破损", "Arrived damaged"
    WRONG_ITEM = "wrong_item", "发错商品", "Wrong item sent"
    MISSING_PARTS = "missing_parts", "少件或缺配件", "Items or parts missing"
    COUNTERFEIT = "counterfeit", "疑似假货", "Suspected counterfeit"
    NOT_RECEIVED = "not_received", "未收到货", "Not received"
    PROMISED_AFTER_SALES = (
        "promised_after_sales",
        "商家承诺的售后",
        "After-sales promised by the merchant",
    )
    AGREED_WITH_MERCHANT = "agreed_with_merchant", "与商家协商一致", "Agreed with the merchant"
    OTHER = "other", "其他", "Other"


class RejectReason(TextEnum):
    """Why a merchant rejects an application, or the goods that came back."""

    NO_EVIDENCE = "no_evidence", "缺少凭证", "No evidence given"
    NO_QUALITY_PROBLEM = "no_quality_problem", "商品无质量问题", "The goods have no quality problem"
    DAMAGED_BY_BUYER = "damaged_by_buyer", "商品人为损坏", "The goods were damaged by the buyer"
    OUTSIDE_PROMISE = "outside_promise", "超出承诺的售后范围", "Outside what was promised"
    AMOUNT_NOT_AGREED = "amount_not_agreed", "退款金额未协商一致", "The amount is not agreed"
    ALREADY_SETTLED_OTHERWISE = (
        "already_settled_otherwise",
        "已通过其他方式解决",
        "Already settled in another way",
    )
    OTHER = "other", "其他", "Other"
    RETURN_NOT_RECEIVED = "return_not_received", "未收到退货包裹", "The parcel did not arrive"
    RETURN_INCOMPLETE = (
        "return_incomplete",
        "退回商品或配件不全",
        "Goods or parts are missing from the return",
    )
    RETURN_DAMAGED = (
        "return_damaged",
        "退回商品影响二次销售",
        "The returned goods cannot be sold again",
    )
    RETURN_WRONG_GOODS = (
        "return_wrong_goods",
        "退回商品与订单不符",
        "The returned goods are not those of the order",
    )


class DeclineReason(TextEnum):
    """Why a merchant declines to open the after-sales entry again."""

    OUTSIDE_PROMISE = "outside_promise", "超出承诺的售后范围", "Outside what was promised"
    SETTLED_OTHERWISE = "settled_otherwise", "已通过其他方式解决", "Settled in another way"
    ORDER_TOO_OLD = "order_too_old", "订单时间过久", "The order is too old"
    OTHER = "other", "其他", "Other"


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

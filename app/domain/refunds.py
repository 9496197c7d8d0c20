"""What orders and the funds of a shop both say of a refund."""

from dataclasses import dataclass

from app.domain.money import split
from app.domain.text import TextEnum


class FundingSource(TextEnum):
    """What pays for a refund (domain: money)."""

    ESCROW = "escrow", "未结算货款", "escrow"
    CASH = "cash", "现金户", "cash"
    DEPOSIT = "deposit", "保证金", "the deposit"
    PLATFORM_ADVANCE = "platform_advance", "平台先行赔付", "the platform's advance"


class RefundStatus(TextEnum):
    """How far the money of a ticket has come."""

    FUNDED = "funded", "退款处理中", "On its way"
    UNKNOWN = "unknown", "结果确认中", "Outcome being confirmed"
    REFUSED = "refused", "退款失败", "Refused"
    SUCCEEDED = "succeeded", "退款成功", "Succeeded"


class PayoutStatus(TextEnum):
    """How far an advance payout to another account of the buyer has come."""

    REQUESTED = "requested", "待审批", "Waiting for approval"
    """It waits for a second person's approval; no money has moved."""
    DECLINED = "declined", "已否决", "Declined"
    STARTED = "started", "赔付处理中", "On its way"
    UNKNOWN = "unknown", "结果确认中", "Outcome being confirmed"
    REFUSED = "refused", "赔付失败", "Refused"
    PAID = "paid", "赔付成功", "Paid"


class RefundRefusal(TextEnum):
    """Why the provider will never pay a refund under its key."""

    BUYER_ACCOUNT_CLOSED = "buyer_account_closed", "买家账户已注销", "the buyer's account is closed"
    BUYER_ACCOUNT_FROZEN = "buyer_account_frozen", "买家账户已冻结", "the buyer's account is frozen"
    MERCHANT_BALANCE_INSUFFICIENT = (
        "merchant_balance_insufficient",
        "支付渠道的商户余额不足",
        "the balance at the provider does not cover it",
    )
    PAYMENT_NOT_FOUND = (
        "payment_not_found",
        "支付渠道查无原支付单",
        "the provider does not know the payment",
    )
    PAYMENT_TOO_OLD = (
        "payment_too_old",
        "原支付单已超过可退期限",
        "the payment is too old to be refunded",
    )
    AMOUNT_ABOVE_PAYMENT = "amount_above_payment", "金额超过原支付金额", "more than was paid"
    PAYEE_NOT_ACCEPTED = (
        "payee_not_accepted",
        "收款账户不被接受",
        "the payee's account is not accepted",
    )
    OTHER = "other", "支付渠道拒绝", "refused by the provider"


KEY_OF_ANOTHER = "key_reused"
"""Why an outcome is unknown that asking again will not tell: the provider has another order under
the key, which it may have paid. A person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """How an amount of an order is shared, in minor units: the shop, and those who earned on it."""

    shop: int
    talent: int
    agency: int
    service_fee: int

    @property
    def total(self) -> int:
        """The whole amount."""
        return self.shop + self.talent + self.agency + self.service_fee


def flowing_back(amount: int, shares: Shares) -> Shares:
    """Split an amount in proportion to what everybody still holds of the order."""
    limits = (shares.shop, shares.talent, shares.agency, shares.service_fee)
    shop, talent, agency, service_fee = split(amount, limits)
    return Shares(shop=shop, talent=talent, agency=agency, service_fee=service_fee)


def refund_key_of(shop_id: str, ticket_id: str) -> str:
    """Return the one key of a ticket's refund, for life. No id holds a slash: no two are alike."""
    return f"{shop_id}/{ticket_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """Minor units: what would be refunded, who would pay it, and what would not come back.

    ``refundable``: all that may still be refunded, or what a ticket asks for. ``source`` would pay
    right now; which one really does is decided when it is paid. ``borne`` is the merchant's part.
    Of what was shared at settlement, talent, agency and the platform keep ``..._kept``.
    ``shortfall`` is the least top-up with which the shop's own money would pay. ``source`` and
    ``shortfall`` are None for cash on delivery, which is not ours to move, and where the cost was
    acknowledged before they were worked out.
    """

    currency: str
    refundable: int
    source: FundingSource | None
    borne: int
    talent_commission_kept: int
    agency_commission_kept: int
    service_fee_kept: int
    shortfall: int | None


def differs(preview: CostPreview | None, source: FundingSource, borne: int) -> bool | None:
    """Tell whether another source paid than was previewed, or the merchant bears more.

    None where there is nothing to compare with. Less than was previewed is no surprise: opening an
    entry previews everything that is refundable.
    """
    if preview is None or preview.source is None:
        return None
    return source is not preview.source or borne > preview.borne

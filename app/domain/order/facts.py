"""What the platform's order system tells us about an order. Facts never change once registered."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

from app.domain.money import Money


class PaymentMethod(StrEnum):
    """How the buyer paid."""

    ONLINE = "online"
    COD = "cod"


class PaymentChannel(StrEnum):
    """The account an online payment went through; each is a cash account (现金户) of the shop."""

    ALIPAY = "alipay"
    WECHAT = "wechat"
    AGGREGATE = "aggregate"


class ItemKind(StrEnum):
    """What an item is; only physical goods may have their entry opened again."""

    PHYSICAL = "physical"
    VIRTUAL = "virtual"
    CARD_VOUCHER = "card_voucher"


class BusinessLine(StrEnum):
    """The business an order belongs to; the three schools are excluded from the service."""

    GENERAL = "general"
    QINGBEI = "qingbei"
    XUELANG = "xuelang"
    HAOHAOXUEXI = "haohaoxuexi"


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlinePayment:
    """Paid through a channel before delivery."""

    method: Literal[PaymentMethod.ONLINE] = PaymentMethod.ONLINE
    channel: PaymentChannel
    amount: Money
    paid_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CashOnDelivery:
    """Paid in cash to the courier; ``paid_at`` is absent until the money was collected."""

    method: Literal[PaymentMethod.COD] = PaymentMethod.COD
    amount: Money
    paid_at: datetime | None


Payment = OnlinePayment | CashOnDelivery


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One line of the order. ``amount_paid``: minor units for the whole quantity."""

    item_id: str
    sku: str
    title: str
    kind: ItemKind
    quantity: int
    amount_paid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CommissionTerms:
    """What others earn on the order, each in ten-thousandths of the amount paid."""

    talent_basis_points: int
    agency_basis_points: int
    service_fee_basis_points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFacts:
    """An order as the order system registered it. Items add up to the payment."""

    shop_id: str
    order_id: str
    buyer_id: str
    created_at: datetime
    payment: Payment
    items: tuple[Item, ...]
    business_line: BusinessLine
    commission: CommissionTerms

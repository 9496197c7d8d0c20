"""Orders of the public Olist data set, read as orders of this service.

Where each fact comes from, and what it becomes:

- Items of several sellers in one order: one order per seller, named `{order_id}.1`, `{order_id}.2`
  in the order of each seller's first item. With one seller the order keeps its id.
- `seller_id` -> shop, `customer_id` -> buyer, each item row -> one item, quantity 1, physical,
  `price` + `freight_value` -> amount paid, in centavos (BRL). The payment is the sum of its items.
- Channel: `credit_card`, `debit_card`, `boleto` and `voucher` all -> `aggregate`, the account of
  everything that is not one of the two wallets (Alipay, WeChat), which were not in use in Brazil.
- `order_purchase_timestamp` -> created, `order_approved_at` -> paid,
  `order_delivered_carrier_date` -> shipped, `order_delivered_customer_date` -> receipt confirmed.
  They carry no zone: they are read as Asia/Shanghai, and all are shifted by one constant.

Facts that contradict each other are not invented away: the optional one is left out, what cannot
be an order is skipped, and each such case is reported.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

from app.api.resources.common import MoneyAmount
from app.api.resources.import_orders import ImportLine
from app.api.resources.order_models import OnlinePaymentIn, OrderItemIn
from app.domain.order.facts import ItemKind, PaymentChannel
from app.domain.policy import SHANGHAI

CURRENCY = "BRL"

CHANNELS = {
    "credit_card": PaymentChannel.AGGREGATE,
    "debit_card": PaymentChannel.AGGREGATE,
    "boleto": PaymentChannel.AGGREGATE,
    "voucher": PaymentChannel.AGGREGATE,
}

Row = dict[str, str]


class OlistUnreadable(Exception):
    """The folder does not hold the data set as it is published; the message names the place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """Something about an order that could not be taken as it stands."""

    order_id: str
    text: str
    skipped: bool = False
    """Whether the order was left out altogether."""


class OlistOrders:
    """The orders of a folder; ``remarks`` fills up while they are read."""

    def __init__(self, folder: Path, shift: timedelta) -> None:
        self._folder = folder
        self._shift = shift
        self._items = self._by_order("order_items.csv")
        self._payments = self._by_order("order_payments.csv")
        self.remarks: list[Remark] = []

    def lines(self) -> Iterator[ImportLine]:
        """Yield every order as a line of an import; raises OlistUnreadable."""
        self.remarks.clear()
        for number, row in enumerate(_rows(self._folder / "orders.csv"), start=2):
            try:
                yield from self._orders_of(row)
            except (KeyError, ValueError, InvalidOperation, OverflowError) as error:
                raise OlistUnreadable(f"orders.csv, line {number}: {error!r}") from error

    def _orders_of(self, row: Row) -> Iterator[ImportLine]:
        order_id = row["order_id"]
        if reason := self._not_an_order(row):
            self.remarks.append(Remark(order_id=order_id, text=reason, skipped=True))
            return
        times = self._times(row)
        self._compare_payment(order_id)
        by_seller: dict[str, list[Row]] = defaultdict(list)
        for item in sorted(self._items[order_id], key=lambda item: int(item["order_item_id"])):
            by_seller[item["seller_id"]].append(item)
        for number, (seller_id, items) in enumerate(by_seller.items(), start=1):
            own_id = order_id if len(by_seller) == 1 else f"{order_id}.{number}"
            yield self._line(own_id, seller_id, row["customer_id"], items, times)

    def _not_an_order(self, row: Row) -> str | None:
        order_id = row["order_id"]
        if not self._items[order_id]:
            return "skipped: it has no items, so no seller"
        kinds = {payment["payment_type"] for payment in self._payments[order_id]}
        if not kinds or not kinds <= CHANNELS.keys():
            return f"skipped: not paid in a known way ({', '.join(sorted(kinds)) or 'no payment'})"
        if not row["order_approved_at"]:
            return "skipped: its payment was never approved"
        return None

    def _times(self, row: Row) -> "_Times":
        """Read the times of an order and leave out what contradicts the others."""
        order_id = row["order_id"]
        created_at = self._instant(row["order_purchase_timestamp"])
        times = _Times(
            created_at=created_at,
            paid_at=self._instant(row["order_approved_at"]),
            shipped_at=self._optional(row["order_delivered_carrier_date"]),
            received_at=self._optional(row["order_delivered_customer_date"]),
        )
        if times.paid_at < created_at:
            self._remark(order_id, "paid before it was created: taken as paid when created")
            times.paid_at = created_at
        if times.received_at is not None and times.received_at < created_at:
            self._remark(order_id, "receipt left out: it lies before the order's creation")
            times.received_at = None
        if times.shipped_at is not None and times.shipped_at < created_at:
            self._remark(order_id, "shipment left out: it lies before the order's creation")
            times.shipped_at = None
        if times.shipped_at and times.received_at and times.received_at < times.shipped_at:
            self._remark(order_id, "shipment left out: it lies after the receipt")
            times.shipped_at = None
        return times

    def _compare_payment(self, order_id: str) -> None:
        items = sum(_centavos(item) for item in self._items[order_id])
        paid = sum(_exact(payment["payment_value"]) for payment in self._payments[order_id])
        if paid != items:
            text = f"its payments add up to {paid}, its items to {items}: taken as paid {items}"
            self._remark(order_id, text)

    def _line(
        self, order_id: str, seller_id: str, customer_id: str, items: list[Row], times: "_Times"
    ) -> ImportLine:
        wire_items = [
            OrderItemIn(
                item_id=item["order_item_id"],
                sku=item["product_id"],
                title=item["product_id"],
                kind=ItemKind.PHYSICAL,
                quantity=1,
                amount_paid=_centavos(item),
            )
            for item in items
        ]
        payment_type = self._payments[order_id.partition(".")[0]][0]["payment_type"]
        amount = sum(item.amount_paid for item in wire_items)
        return ImportLine(
            shop_id=seller_id,
            order_id=order_id,
            buyer_id=customer_id,
            created_at=times.created_at,
            payment=OnlinePaymentIn(
                method="online",
                channel=CHANNELS[payment_type],
                amount=MoneyAmount(amount=amount, currency=CURRENCY),
                paid_at=times.paid_at,
            ),
            items=wire_items,
            shipped_at=times.shipped_at,
            receipt_confirmed_at=times.received_at,
        )

    def _remark(self, order_id: str, text: str) -> None:
        self.remarks.append(Remark(order_id=order_id, text=text))

    def _instant(self, text: str) -> datetime:
        return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI) + self._shift

    def _optional(self, text: str) -> datetime | None:
        return self._instant(text) if text else None

    def _by_order(self, name: str) -> dict[str, list[Row]]:
        rows: dict[str, list[Row]] = defaultdict(list)
        for number, row in enumerate(_rows(self._folder / name), start=2):
            try:
                rows[row["order_id"]].append(row)
            except KeyError as error:
                raise OlistUnreadable(f"{name}, line {number}: {error!r}") from error
        return rows


@dataclass(slots=True, kw_only=True)
class _Times:
    created_at: datetime
    paid_at: datetime
    shipped_at: datetime | None
    received_at: datetime | None


def _rows(path: Path) -> Iterator[Row]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield from csv.DictReader(file, strict=True)
    except OSError as error:
        raise OlistUnreadable(f"{path}: {error.strerror}") from error
    except (csv.Error, UnicodeDecodeError) as error:
        raise OlistUnreadable(f"{path.name}: {error}") from error


def _centavos(item: Row) -> int:
    return _exact(item["price"]) + _exact(item["freight_value"])


def _exact(text: str) -> int:
    """Return an amount in minor units; ValueError if it is finer than that."""
    minor = Decimal(text) * 100
    if minor != int(minor):
        raise ValueError(f"{text} is finer than a centavo")
    return int(minor)

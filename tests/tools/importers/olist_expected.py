"""What must come out, worked out from the CSV files by code that knows nothing of the service.

Only the standard library is used here. Where the service and this module differ, one of them is
wrong. The rules are those of the product's description, told in another way.
"""

import csv
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

SHANGHAI_OFFSET = timedelta(hours=8)
CUTOFF = datetime(2020, 6, 30, 16, tzinfo=UTC)
"""Midnight of 1 July 2020 in Shanghai."""

PERIOD_HOURS = 7 * 24
AGE_HOURS_MAX = 150 * 24
ENTRY_HOURS = 5 * 24
REMINDER_HOURS = 4 * 24
"""One day before the entry closes."""
ANSWER_HOURS = 48

RECEIPT_NOT_CONFIRMED = "receipt_not_confirmed"
PERIOD_NOT_OVER = "after_sales_period_not_over"
FULLY_REFUNDED = "order_fully_refunded"
REFUND_IN_PROGRESS = "refund_in_progress"
BEFORE_CUTOFF = "order_created_before_cutoff"
TOO_OLD = "order_too_old"


@dataclass(frozen=True, kw_only=True)
class RealOrder:
    """An order of one seller; instants in UTC, already shifted; amounts in centavos by item."""

    shop: str
    order: str
    buyer: str
    created: datetime
    received: datetime | None
    amounts: dict[str, int]

    @property
    def total(self) -> int:
        """All that was paid."""
        return sum(self.amounts.values())

    @property
    def lot(self) -> int:
        """A number that is the same on every run, to draw lots by."""
        return int(self.order[:6], 16)


@dataclass(kw_only=True)
class Fate:
    """What is done with an order in the test, filled in as it is done."""

    opened: datetime | None = None
    applied: datetime | None = None
    """When the application that is still there was made; None too if it was withdrawn."""
    withdrawn: bool = False
    through_entry: bool = False
    return_goods: bool = False
    asked: dict[str, int] = field(default_factory=dict)
    refunded: int = 0


def read_orders(folder: Path, shift_days: int) -> list[RealOrder]:
    """Read every order of every seller, in the order of the file."""
    items: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in _rows(folder, "order_items.csv"):
        items[row["order_id"]].append(row)
    orders = []
    for row in _rows(folder, "orders.csv"):
        rows = sorted(items[row["order_id"]], key=lambda item: int(item["order_item_id"]))
        sellers = []
        for item in rows:
            if item["seller_id"] not in sellers:
                sellers.append(item["seller_id"])
        for place, seller in enumerate(sellers):
            orders.append(
                RealOrder(
                    shop=seller,
                    order=row["order_id"] + (f".{place + 1}" if len(sellers) > 1 else ""),
                    buyer=row["customer_id"],
                    created=_utc(row["order_purchase_timestamp"], shift_days),
                    received=_utc(row["order_delivered_customer_date"], shift_days)
                    if row["order_delivered_customer_date"]
                    else None,
                    amounts={
                        item["order_item_id"]: int(
                            (Decimal(item["price"]) + Decimal(item["freight_value"])) * 100
                        )
                        for item in rows
                        if item["seller_id"] == seller
                    },
                )
            )
    return orders


def remarkable_orders(folder: Path) -> set[str]:
    """Return the orders whose file rows contradict each other in a way an import must name."""
    paid: dict[str, Decimal] = defaultdict(Decimal)
    due: dict[str, Decimal] = defaultdict(Decimal)
    for row in _rows(folder, "order_payments.csv"):
        paid[row["order_id"]] += Decimal(row["payment_value"])
    for row in _rows(folder, "order_items.csv"):
        due[row["order_id"]] += Decimal(row["price"]) + Decimal(row["freight_value"])
    found = {order for order in due if due[order] != paid[order]}
    for row in _rows(folder, "orders.csv"):
        bought, sent = row["order_purchase_timestamp"], row["order_delivered_carrier_date"]
        came = row["order_delivered_customer_date"]
        # Timestamps of one form sort as text.
        if (sent and sent < bought) or (came and (came < bought or (sent and came < sent))):
            found.add(row["order_id"])
    return found


def failed_rules(order: RealOrder, fate: Fate, at: datetime) -> frozenset[str]:
    """Name every rule that stands against opening the entry at an instant."""
    failed = set()
    if order.received is None:
        failed |= {RECEIPT_NOT_CONFIRMED, PERIOD_NOT_OVER}
    elif (at - order.received) / timedelta(hours=1) < PERIOD_HOURS:
        failed.add(PERIOD_NOT_OVER)
    if fate.applied is not None and not fate.refunded:
        failed.add(REFUND_IN_PROGRESS)
    if fate.refunded == order.total:
        failed.add(FULLY_REFUNDED)
    if order.created < CUTOFF:
        failed.add(BEFORE_CUTOFF)
    if at - order.created > timedelta(hours=AGE_HOURS_MAX):
        failed.add(TOO_OLD)
    return frozenset(failed)


def in_the_ages_between(order: RealOrder, at: datetime) -> bool:
    """Tell whether an order is past the period and not yet too old."""
    return not failed_rules(order, Fate(), at) & {PERIOD_NOT_OVER, TOO_OLD}


def age_edge(order: RealOrder) -> Iterator[datetime]:
    """Return the last instant an order is young enough, and the first it is not."""
    last = order.created + timedelta(hours=AGE_HOURS_MAX)
    yield from (last, last + timedelta(microseconds=1))


def period_edge(order: RealOrder) -> Iterator[datetime]:
    """Return the last instant of the ordinary period, and the first after it."""
    if order.received is not None:
        over = order.received + timedelta(hours=PERIOD_HOURS)
        yield from (over - timedelta(microseconds=1), over)


def ticket_state(fate: Fate, at: datetime) -> str | None:
    """Return where the order's application stands if nobody but the buyer and a timer acts."""
    if fate.withdrawn:
        return "closed"
    if fate.applied is None:
        return None
    if fate.refunded:
        return "succeeded"
    if at < fate.applied + timedelta(hours=ANSWER_HOURS):
        return "pending_merchant"
    return "awaiting_return" if fate.return_goods else "refunding"


def _rows(folder: Path, name: str) -> Iterator[dict[str, str]]:
    with (folder / name).open(encoding="utf-8-sig", newline="") as file:
        yield from csv.DictReader(file)


def _utc(text: str, shift_days: int) -> datetime:
    local = datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC)
    return local - SHANGHAI_OFFSET + timedelta(days=shift_days)

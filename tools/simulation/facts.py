"""Orders of a shop, each standing somewhere else: in the period, past it, not eligible for some
reason, or about to be the one or the other.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.oracle.rules import CREATED_FROM, DAY, HOUR
from tools.simulation.size import Size

Line = dict[str, Any]

START = datetime(2020, 11, 20, 1, 0, tzinfo=UTC)
"""Where every shop's clock begins: late enough for orders to be 150 days old, and early enough for
others to be older than the cut-off and still not too old."""

_SECOND = timedelta(seconds=1)

_ORDINARY = (
    *("past", "past", "past", "past", "in_period", "in_period", "period_ends_soon", "on_the_way"),
)
_SPECIAL = (
    *("cash_on_delivery", "mixed", "school", "before_cutoff", "too_old", "nearly_too_old"),
    *("virtual", "not_shipped", "free", "card_voucher", "on_the_cutoff"),
)
_FROM_THE_BEGINNING = frozenset({"before_cutoff", "on_the_cutoff", "nearly_too_old"})
_SPECIAL_EVERY = 3
_BUYERS_SHARE = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """An order as it will be imported, on a day counted from 0."""

    line: Line
    day: int


def planned_orders(size: Size, shop: int, shop_id: str) -> list[PlannedOrder]:
    """Return the orders of a shop, in the order they are made."""
    return [_planned(size, shop, shop_id, number) for number in range(1, size.orders + 1)]


def _planned(size: Size, shop: int, shop_id: str, number: int) -> PlannedOrder:
    lots = size.lots("facts", shop, number)
    kind = _kind_of((shop - 1) * size.orders + number, lots)
    begins = lots.random() < 0.6 or kind in _FROM_THE_BEGINNING
    day = 0 if begins else lots.randint(0, size.days // 2)
    line = _line(kind, START + day * DAY, lots)
    line["shop_id"] = shop_id
    line["order_id"] = f"order-{number:04}"
    line["buyer_id"] = f"buyer-{lots.randint(1, max(1, int(size.orders * _BUYERS_SHARE))):04}"
    return PlannedOrder(line=line, day=day)


def _kind_of(number: int, lots: random.Random) -> str:
    """Give every kind its turn, so that a small simulation has some of each."""
    if number % _SPECIAL_EVERY == 0:
        return _SPECIAL[(number // _SPECIAL_EVERY - 1) % len(_SPECIAL)]
    return lots.choice(_ORDINARY)


def _line(kind: str, now: datetime, lots: random.Random) -> Line:
    items = _items(kind, lots)
    created_at, told = _instants(kind, now, lots)
    total = sum(item["amount_paid"] for item in items)
    return {
        "created_at": created_at.isoformat(),
        "payment": _payment(kind, total, created_at, lots),
        "items": items,
        "business_line": lots.choice(("qingbei", "xuelang", "haohaoxuexi"))
        if kind == "school"
        else "general",
        "commission": {
            "talent_basis_points": lots.choice((0, 500, 1_000)),
            "agency_basis_points": lots.choice((0, 200)),
            "service_fee_basis_points": 60,
        },
        **{name: at.isoformat() for name, at in told.items()},
    }


def _items(kind: str, lots: random.Random) -> list[Line]:
    of_kind = {"virtual": "virtual", "card_voucher": "card_voucher"}.get(kind, "physical")
    items = [_item(number, of_kind, lots) for number in range(1, lots.choice((1, 1, 2, 3)) + 1)]
    if kind == "mixed":
        items.append(_item(len(items) + 1, "card_voucher", lots))
    if kind == "free":
        items = [{**item, "amount_paid": 0} for item in items]
    elif lots.random() < 0.15:
        items.append({**_item(len(items) + 1, of_kind, lots), "amount_paid": 0})
    return items


def _item(number: int, kind: str, lots: random.Random) -> Line:
    quantity = lots.choice((1, 1, 1, 2, 3))
    return {
        "item_id": f"item-{number}",
        "sku": f"sku-{lots.randint(1, 999)}",
        "title": lots.choice(("电热水壶", "羊毛围巾", "儿童书包", "台灯", "保温杯")),
        "kind": kind,
        "quantity": quantity,
        "amount_paid": lots.randint(5, 500) * 100 + lots.choice((0, 0, 1, 99)),
    }


def _payment(kind: str, total: int, created_at: datetime, lots: random.Random) -> Line:
    amount = {"amount": total, "currency": "CNY"}
    if kind == "cash_on_delivery":
        return {"method": "cod", "amount": amount}
    return {
        "method": "online",
        "channel": lots.choice(("alipay", "wechat", "aggregate")),
        "amount": amount,
        "paid_at": created_at.isoformat(),
    }


def _instants(
    kind: str, now: datetime, lots: random.Random
) -> tuple[datetime, Mapping[str, datetime]]:
    """Return when an order was created, and what else is known to have happened by now."""
    created_at, received_at = _AGES.get(kind, _past)(now, lots)
    if kind == "not_shipped":
        return created_at, {}
    shipped_at = created_at + lots.randint(1, 20) * HOUR
    if received_at is None:
        return created_at, {"shipped_at": shipped_at}
    told = {"shipped_at": shipped_at, "receipt_confirmed_at": received_at}
    if lots.random() < 0.5 and received_at + DAY < now:
        told["settled_at"] = received_at + DAY
    return created_at, told


_Ages = tuple[datetime, datetime | None]


def _past(now: datetime, lots: random.Random) -> _Ages:
    received_at = now - lots.randint(7 * 24, 60 * 24) * HOUR - lots.randint(0, 3_599) * _SECOND
    return received_at - lots.randint(2, 9) * DAY, received_at


def _in_period(now: datetime, lots: random.Random) -> _Ages:
    received_at = now - lots.randint(1, 5 * 24) * HOUR
    return received_at - lots.randint(2, 9) * DAY, received_at


def _period_ends_soon(now: datetime, lots: random.Random) -> _Ages:
    received_at = now - 6 * DAY - lots.randint(0, 86_399) * _SECOND
    return received_at - lots.randint(2, 9) * DAY, received_at


def _on_the_way(now: datetime, lots: random.Random) -> _Ages:
    return now - lots.randint(2, 6) * DAY, None


def _aged(created_at: datetime, lots: random.Random) -> _Ages:
    return created_at, created_at + lots.randint(2, 9) * DAY


_AGES: Mapping[str, Callable[[datetime, random.Random], _Ages]] = {
    "in_period": _in_period,
    "period_ends_soon": _period_ends_soon,
    "on_the_way": _on_the_way,
    "not_shipped": _on_the_way,
    "before_cutoff": lambda _, lots: _aged(
        CREATED_FROM - lots.choice((1, 86_400, 400_000)) * _SECOND, lots
    ),
    "on_the_cutoff": lambda _, lots: _aged(CREATED_FROM, lots),
    "nearly_too_old": lambda now, lots: _aged(now - lots.randint(136, 141) * DAY, lots),
    "too_old": lambda now, lots: _aged(now - lots.randint(151, 180) * DAY, lots),
}

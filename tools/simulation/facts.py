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
    rng = size.rng("facts", shop, number)
    kind = _kind_of((shop - 1) * size.orders + number, rng)
    begins = rng.random() < 0.6 or kind in _FROM_THE_BEGINNING
    day = 0 if begins else rng.randint(0, size.days // 2)
    line = _line(kind, START + day * DAY, rng)
    line["shop_id"] = shop_id
    line["order_id"] = f"order-{number:04}"
    line["buyer_id"] = f"buyer-{rng.randint(1, max(1, int(size.orders * _BUYERS_SHARE))):04}"
    return PlannedOrder(line=line, day=day)


def _kind_of(number: int, rng: random.Random) -> str:
    """Take the kinds in turn, so that a small simulation has some of each."""
    if number % _SPECIAL_EVERY == 0:
        return _SPECIAL[(number // _SPECIAL_EVERY - 1) % len(_SPECIAL)]
    return rng.choice(_ORDINARY)


def _line(kind: str, now: datetime, rng: random.Random) -> Line:
    items = _items(kind, rng)
    created_at, known = _instants(kind, now, rng)
    total = sum(item["amount_paid"] for item in items)
    return {
        "created_at": created_at.isoformat(),
        "payment": _payment(kind, total, created_at, rng),
        "items": items,
        "business_line": rng.choice(("qingbei", "xuelang", "haohaoxuexi"))
        if kind == "school"
        else "general",
        "commission": {
            "talent_basis_points": rng.choice((0, 500, 1_000)),
            "agency_basis_points": rng.choice((0, 200)),
            "service_fee_basis_points": 60,
        },
        **{name: at.isoformat() for name, at in known.items()},
    }


def _items(kind: str, rng: random.Random) -> list[Line]:
    of_kind = {"virtual": "virtual", "card_voucher": "card_voucher"}.get(kind, "physical")
    items = [_item(number, of_kind, rng) for number in range(1, rng.choice((1, 1, 2, 3)) + 1)]
    if kind == "mixed":
        items.append(_item(len(items) + 1, "card_voucher", rng))
    if kind == "free":
        items = [{**item, "amount_paid": 0} for item in items]
    elif rng.random() < 0.15:
        items.append({**_item(len(items) + 1, of_kind, rng), "amount_paid": 0})
    return items


def _item(number: int, kind: str, rng: random.Random) -> Line:
    quantity = rng.choice((1, 1, 1, 2, 3))
    return {
        "item_id": f"item-{number}",
        "sku": f"sku-{rng.randint(1, 999)}",
        "title": rng.choice(("电热水壶", "羊毛围巾", "儿童书包", "台灯", "保温杯")),
        "kind": kind,
        "quantity": quantity,
        "amount_paid": rng.randint(5, 500) * 100 + rng.choice((0, 0, 1, 99)),
    }


def _payment(kind: str, total: int, created_at: datetime, rng: random.Random) -> Line:
    amount = {"amount": total, "currency": "CNY"}
    if kind == "cash_on_delivery":
        return {"method": "cod", "amount": amount}
    return {
        "method": "online",
        "channel": rng.choice(("alipay", "wechat", "aggregate")),
        "amount": amount,
        "paid_at": created_at.isoformat(),
    }


def _instants(
    kind: str, now: datetime, rng: random.Random
) -> tuple[datetime, Mapping[str, datetime]]:
    """Return when an order was created, and what else is known to have happened by now."""
    created_at, received_at = _AGES.get(kind, _past)(now, rng)
    if kind == "not_shipped":
        return created_at, {}
    shipped_at = created_at + rng.randint(1, 20) * HOUR
    if received_at is None:
        return created_at, {"shipped_at": shipped_at}
    known = {"shipped_at": shipped_at, "receipt_confirmed_at": received_at}
    if rng.random() < 0.5 and received_at + DAY < now:
        known["settled_at"] = received_at + DAY
    return created_at, known


_Ages = tuple[datetime, datetime | None]


def _past(now: datetime, rng: random.Random) -> _Ages:
    received_at = now - rng.randint(7 * 24, 60 * 24) * HOUR - rng.randint(0, 3_599) * _SECOND
    return received_at - rng.randint(2, 9) * DAY, received_at


def _in_period(now: datetime, rng: random.Random) -> _Ages:
    received_at = now - rng.randint(1, 5 * 24) * HOUR
    return received_at - rng.randint(2, 9) * DAY, received_at


def _period_ends_soon(now: datetime, rng: random.Random) -> _Ages:
    received_at = now - 6 * DAY - rng.randint(0, 86_399) * _SECOND
    return received_at - rng.randint(2, 9) * DAY, received_at


def _on_the_way(now: datetime, rng: random.Random) -> _Ages:
    return now - rng.randint(2, 6) * DAY, None


def _aged(created_at: datetime, rng: random.Random) -> _Ages:
    return created_at, created_at + rng.randint(2, 9) * DAY


_AGES: Mapping[str, Callable[[datetime, random.Random], _Ages]] = {
    "in_period": _in_period,
    "period_ends_soon": _period_ends_soon,
    "on_the_way": _on_the_way,
    "not_shipped": _on_the_way,
    "before_cutoff": lambda _, rng: _aged(
        CREATED_FROM - rng.choice((1, 86_400, 400_000)) * _SECOND, rng
    ),
    "on_the_cutoff": lambda _, rng: _aged(CREATED_FROM, rng),
    "nearly_too_old": lambda now, rng: _aged(now - rng.randint(136, 141) * DAY, rng),
    "too_old": lambda now, rng: _aged(now - rng.randint(151, 180) * DAY, rng),
}

"""What is done with the orders: imported, opened, applied for, left alone for days."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

from tests.cli.running import aftersales, environment
from tests.tools.importers import olist_expected
from tests.tools.importers.olist_callers import Callers, Json, each, failed_in
from tests.tools.importers.olist_expected import Fate, RealOrder, failed_rules

SHIFT_DAYS = 1_000
CAUGHT_UP_WITHIN_SECONDS = 60
POLL_SECONDS = 0.1

Fates = dict[str, Fate]


async def import_all(
    folder: Path, orders: list[RealOrder], callers: Callers, tmp_path: Path
) -> None:
    """Import everything with the command, which sends it over HTTP."""
    results_path = tmp_path / "results.ndjson"
    done = await aftersales(
        *("import", "olist", str(folder), "--shift", f"{SHIFT_DAYS}d"),
        *("--results", str(results_path)),
        cwd=tmp_path,
        env=environment(
            AFTERSALES_URL=str(callers.client.base_url), AFTERSALES_API_KEY=callers.platform_key
        ),
    )
    results = [json.loads(line) for line in results_path.read_text().splitlines()]

    assert done.returncode == 0, done.stderr
    assert [(one["shop_id"], one["order_id"], one["status"]) for one in results] == [
        (order.shop, order.order, 201) for order in orders
    ]
    named = {line.partition(":")[0] for line in done.stderr.splitlines() if ": " in line}
    expected = olist_expected.remarkable_orders(folder)
    assert {name for name in named if len(name) == 32} == expected


async def open_all(
    callers: Callers, orders: list[RealOrder], fates: Fates, opening: datetime
) -> Json:
    """Try to open every order's entry, shop by shop: at one go, or one by one."""
    by_shop: dict[str, list[RealOrder]] = defaultdict(list)
    for order in orders:
        by_shop[order.shop].append(order)
    counts: Counter[str] = Counter()

    async def open_shop(shop: str) -> None:
        of_shop = by_shop[shop]
        at_one_go = of_shop[0].lot % 2 == 0
        counts["shops at one go"] += at_one_go
        if at_one_go:
            results = await callers.open_many(shop, [order.order for order in of_shop])
        else:
            results = [await opened_singly(callers, order) for order in of_shop]
        for order, result in zip(of_shop, results, strict=True):
            expected = failed_rules(order, fates[order.order], opening)
            assert failed_in(result["failed_rules"]) == expected, order
            assert (result["status"], result["code"]) == (
                (409, "not_eligible") if expected else (200, None)
            )
            counts["refused" if expected else "opened"] += 1
            if not expected:
                expires = opening + timedelta(hours=olist_expected.ENTRY_HOURS)
                assert datetime.fromisoformat(result["entry"]["expires_at"]) == expires
                fates[order.order].opened = opening

    await each(by_shop, open_shop)
    return dict(counts)


async def opened_singly(callers: Callers, order: RealOrder) -> Json:
    """Open one entry and put the answer as the route for many does."""
    response = await callers.open_one(order)
    answer = response.json()
    if response.is_success:
        return {"status": 200, "code": None, "failed_rules": [], "entry": answer}
    failed = [{**rule, "passed": False} for rule in answer["failed_rules"]]
    return {"status": response.status_code, "code": answer["code"], "failed_rules": failed}


async def apply_for_some(
    callers: Callers, orders: list[RealOrder], fates: Fates, opening: datetime
) -> Json:
    """Let lots decide who applies, for what, who withdraws, and who is paid at once."""
    counts: Counter[str] = Counter()

    async def play(order: RealOrder) -> None:
        fate, lot = fates[order.order], order.lot
        past_period = order.received is not None and opening >= order.received + timedelta(
            hours=olist_expected.PERIOD_HOURS
        )
        first_item, first_amount = next(iter(order.amounts.items()))
        asked = {first_item: first_amount} if lot % 3 == 1 else dict(order.amounts)
        response = await callers.apply(order, asked, return_goods=lot % 3 == 1)
        if past_period and fate.opened is None:
            assert (response.status_code, response.json()["code"]) == (409, "entry_not_open")
            counts["refused, no entry open"] += 1
            return
        ticket = response.json()
        assert response.status_code == 201, ticket
        assert ticket["overdue"] == past_period
        assert [label["text"]["zh_cn"] for label in ticket["labels"]] == (
            ["超期售后"] if past_period else []
        )
        assert ticket["amount"] == {"amount": sum(asked.values()), "currency": "BRL"}
        fate.applied, fate.through_entry = opening, past_period
        fate.asked, fate.return_goods = asked, lot % 3 == 1
        counts["labelled 超期售后" if past_period else "in the period"] += 1
        if lot % 5 == 0:
            await callers.withdraw(order)
            fate.applied, fate.withdrawn = None, True
            counts["withdrawn"] += 1
        elif lot % 7 == 0 and not fate.return_goods:
            await callers.agree(order)
            await callers.pay(order)
            fate.refunded = sum(asked.values())
            counts["agreed to and paid"] += 1

    # Of those who may not apply a few try; of those who may, two out of three do.
    await each((order for order in orders if chosen(order, fates[order.order], opening)), play)
    return dict(counts)


def chosen(order: RealOrder, fate: Fate, opening: datetime) -> bool:
    """Draw lots; everybody still in the period, or not there yet, applies."""
    if fate.opened is not None:
        return order.lot % 3 != 0 or order.lot % 7 == 0
    past = order.received is not None and (
        opening - order.received >= timedelta(hours=olist_expected.PERIOD_HOURS)
    )
    return not past or order.lot % 16 == 0


async def until_told(callers: Callers, orders: list[RealOrder], template: str) -> None:
    """Wait until the buyers of orders have a message, or long enough to call it a failure."""

    async def told(order: RealOrder) -> bool:
        return template in {message["template"] for message in await callers.inbox(order)}

    await until(told, orders)


async def until_answered(callers: Callers, orders: list[RealOrder]) -> None:
    """Wait until no application of the orders waits for its merchant in the list of tickets."""

    async def answered(order: RealOrder) -> bool:
        rows = await callers.listed(order.shop, "tickets", order_id=order.order)
        return [row["state"] for row in rows] != ["pending_merchant"]

    await until(answered, orders)


async def until(holds: Callable[[RealOrder], Awaitable[bool]], left: list[RealOrder]) -> None:
    """Ask about orders again and again until it holds for all; what does not is found later."""
    deadline = time.monotonic() + CAUGHT_UP_WITHIN_SECONDS
    while left and time.monotonic() < deadline:
        done = await each(left, holds)
        left = [order for order, is_done in zip(left, done, strict=True) if not is_done]
        await asyncio.sleep(POLL_SECONDS)

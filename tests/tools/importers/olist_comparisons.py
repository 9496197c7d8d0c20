"""Holding what the service shows against what was worked out elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from tests.tools.importers import olist_expected
from tests.tools.importers.olist_callers import Callers, Json, each, failed_in
from tests.tools.importers.olist_expected import Fate, RealOrder, failed_rules
from tests.tools.importers.olist_story import Fates


async def compare_verdicts(
    callers: Callers, orders: list[RealOrder], fates: Fates, opening: datetime
) -> Json:
    """Ask at several instants, among them both sides of each order's own boundaries."""
    questions = [
        (order, at) for order in orders for at in (opening, *instants_by_lot(order, opening))
    ]
    seen = await each(questions, lambda question: verdict_at(callers, *question))
    counts: Counter[str] = Counter()
    for (order, at), failed in zip(questions, seen, strict=True):
        assert failed == failed_rules(order, fates[order.order], at), (order, at)
        counts.update(failed or {"eligible"})
    return {"questions": len(questions), **counts}


def instants_by_lot(order: RealOrder, opening: datetime) -> Iterator[datetime]:
    """Draw lots for an earlier or a later instant, and for which boundary is looked at closely."""
    if order.lot % 3 == 0:
        yield opening + (timedelta(days=40) if order.lot % 2 else timedelta(days=-300))
    yield from (olist_expected.age_edge if order.lot % 4 < 2 else olist_expected.period_edge)(order)


async def compare_verdicts_now(callers: Callers, orders: list[RealOrder], fates: Fates) -> Json:
    """Ask again when everything is over, on the service's own clock."""
    counts: Counter[str] = Counter()
    seen = await each(orders, lambda order: verdict_at(callers, order, None))
    for order, failed in zip(orders, seen, strict=True):
        assert failed == failed_rules(order, fates[order.order], callers.clock.now()), order
        counts.update(failed or {"eligible"})
    return dict(counts)


async def compare_orders(
    callers: Callers, orders: list[RealOrder], fates: Fates, now: datetime
) -> Json:
    """Hold every order's page against its fate: the entry, the ticket, the log."""
    counts: Counter[str] = Counter()
    for order, seen in zip(orders, await each(orders, callers.order), strict=True):
        fate = fates[order.order]
        used = fate.through_entry
        entry, codes = seen["after_sales_entry"], [line["code"] for line in seen["operation_log"]]
        assert entry["state"] == ("closed" if fate.opened else "never_opened"), order
        assert entry["used"] == used, order
        assert codes.count("entry_opened") == (fate.opened is not None)
        assert codes.count("entry_expired") == (fate.opened is not None and used), order
        assert codes.count("entry_expired_unused") == (fate.opened is not None and not used)
        assert codes.count("entry_expiring") == (fate.opened is not None and not used)
        for line in seen["operation_log"]:
            if line["code"] in {"entry_expired", "entry_expired_unused"}:
                assert fate.opened is not None
                expired_at = fate.opened + timedelta(hours=olist_expected.ENTRY_HOURS)
                assert datetime.fromisoformat(line["occurred_at"]) == expired_at
        state = olist_expected.ticket_state(fate, now)
        assert [ticket["state"] for ticket in seen["tickets"]] == ([state] if state else []), order
        assert seen["refunded"]["amount"] == fate.refunded
        if fate.opened:
            counts["expired used" if used else "expired unused"] += 1
        if state:
            counts[f"ticket {state}"] += 1
    return dict(counts)


async def compare_lists(
    callers: Callers, orders: list[RealOrder], fates: Fates, now: datetime
) -> Json:
    """Hold filtered lists of every shop against the fates, order by order."""
    by_shop: dict[str, list[RealOrder]] = defaultdict(list)
    for order in orders:
        by_shop[order.shop].append(order)
    counts: Counter[str] = Counter()

    def expected(shop: str, holds: Callable[[RealOrder, Fate], bool]) -> set[str]:
        return {order.order for order in by_shop[shop] if holds(order, fates[order.order])}

    lists: list[tuple[str, dict[str, str], Callable[[RealOrder, Fate], bool]]] = [
        ("orders", {"entry_state": "closed"}, lambda _, fate: fate.opened is not None),
        ("orders", {"entry_state": "never_opened"}, lambda _, fate: fate.opened is None),
        (
            "orders",
            {"eligible_by_age": "true"},
            lambda order, _: olist_expected.in_the_ages_between(order, now),
        ),
        ("tickets", {"overdue": "true"}, lambda _, fate: fate.through_entry),
        (
            "tickets",
            {"overdue": "false"},
            lambda _, fate: has_ticket(fate) and not fate.through_entry,
        ),
        (
            "tickets",
            {"state": "refunding"},
            lambda _, fate: olist_expected.ticket_state(fate, now) == "refunding",
        ),
    ]

    async def compare(question: tuple[str, int]) -> None:
        shop, number = question
        what, filters, holds = lists[number]
        rows = await callers.listed(shop, what, **filters)
        assert {row["order_id"] for row in rows} == expected(shop, holds), (shop, filters)
        assert len(rows) == len({row["order_id"] for row in rows})
        counts[f"{what} {'='.join(*filters.items())}"] += len(rows)

    def worth_asking(shop: str, what: str) -> bool:
        # Of shops without tickets a quarter must show that they have none.
        applied = any(has_ticket(fates[order.order]) for order in by_shop[shop])
        return what == "orders" or applied or by_shop[shop][0].lot % 4 == 0

    questions = [
        (shop, number)
        for shop in by_shop
        for number, (what, _, _) in enumerate(lists)
        if worth_asking(shop, what)
    ]
    await each(questions, compare)
    return dict(counts)


def has_ticket(fate: Fate) -> bool:
    """Tell whether the buyer ever applied, also if the application was withdrawn."""
    return fate.applied is not None or fate.withdrawn


async def compare_inboxes(callers: Callers, orders: list[RealOrder], fates: Fates) -> Json:
    """Hold what buyers of opened orders were told against what they should have been."""
    opened = [order for order in orders if fates[order.order].opened]
    counts: Counter[str] = Counter()
    for order, messages in zip(opened, await each(opened, callers.inbox), strict=True):
        told = Counter(message["template"] for message in messages)
        fate = fates[order.order]
        assert told["entry_opened"] == told["entry_expired"] == 1, (order, told)
        assert told["entry_expiring"] == (not fate.through_entry), order
        counts.update(told)
    return dict(counts)


async def verdict_at(callers: Callers, order: RealOrder, at: datetime | None) -> frozenset[str]:
    """Ask which rules would fail at an instant, on what is known now."""
    seen = (await callers.entry(order, at))["eligibility"]
    assert len(seen["rules"]) == 10
    assert seen["eligible"] == (not failed_in(seen["rules"]))
    return failed_in(seen["rules"])

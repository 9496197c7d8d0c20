"""The check finds what is wrong: every false answer, and every false expectation, by name."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx

from tests.support.api import Api
from tests.tools.simulation.faulty_clients import LyingWire, service_behind
from tools.oracle.requests import Act
from tools.simulation.actors import Play
from tools.simulation.checking import FinalCheck
from tools.simulation.report import Tally
from tools.simulation.run import new_shops
from tools.simulation.service import Service
from tools.simulation.shop import Shop
from tools.simulation.size import Size

Json = Any

SIZE = Size(shops=1, orders=5, days=9, seed=2)


async def lived(service: Service) -> Shop:
    """Return a shop whose days are over, and in which nothing differed so far."""
    (shop,) = await new_shops(service, SIZE, "sim", Tally())
    await shop.live(lambda: None)
    assert shop.stage.tally.differences == []
    return shop


async def found_in(shop: Shop) -> list[str]:
    """Check a shop as it is and return the differences."""
    shop.stage.tally.differences.clear()
    await FinalCheck(shop=shop, on_order=lambda: None, patience_seconds=0.5).check()
    return [str(difference) for difference in shop.stage.tally.differences]


async def found_through(
    api: Api, shop: Shop, falsify: Callable[[httpx.Request, Json], Json]
) -> list[str]:
    """Check a shop through a wire that lies."""
    honest = shop.stage.service
    async with service_behind(LyingWire(falsify), api) as service:
        shop.stage.service = service
        try:
            return await found_in(shop)
        finally:
            shop.stage.service = honest


def a_used_order(shop: Shop) -> str:
    """Return an order with a ticket that was looked at on the way."""
    return next(one.order_id for one in shop.snapshots if shop.orders[one.order_id].tickets)


async def test_each_false_answer_is_named_with_its_order_and_field(
    api: Api, service: Service
) -> None:
    shop = await lived(service)
    order_id = a_used_order(shop)
    assert await found_in(shop) == []

    def page_with(change: Callable[[Json], None]) -> Callable[[httpx.Request, Json], Json]:
        def falsify(request: httpx.Request, body: Json) -> Json:
            if request.url.path.endswith(f"/orders/{order_id}") and not request.url.query:
                change(body)
            return body

        return falsify

    def list_with(
        what: str, change: Callable[[Json], None]
    ) -> Callable[[httpx.Request, Json], Json]:
        def falsify(request: httpx.Request, body: Json) -> Json:
            if request.url.path.endswith(f"/{what}") and body[what]:
                change(body[what])
            return body

        return falsify

    def denied(request: httpx.Request, body: Json) -> Json:
        return {"code": "order_not_found"} if b"as_of" in request.url.query else body

    def past(request: httpx.Request, body: Json) -> Json:
        return {**body, "version": 99} if b"as_of" in request.url.query else body

    lies: list[tuple[Callable[[httpx.Request, Json], Json], str]] = [
        (page_with(lambda p: p["refunded"].update(amount=7)), "refunded.amount: expected"),
        (page_with(lambda p: p["tickets"][0].update(state="lost")), "tickets[0].state"),
        (page_with(lambda p: p["tickets"][0].update(labels=None)), "tickets[0].labels"),
        (page_with(lambda p: p["tickets"].pop()), "tickets: expected"),
        (page_with(lambda p: p["operation_log"].pop(1)), "operation_log: expected"),
        (page_with(lambda p: p["operation_log"][0]["actor"].update(role="consumer")), "actor.role"),
        (page_with(lambda p: p["operation_log"].reverse()), "a log in the order of time"),
        (page_with(lambda p: p["after_sales_entry"].update(generation=7)), "entry.generation"),
        (list_with("orders", lambda rows: rows.pop()), "list: expected"),
        (list_with("orders", lambda rows: rows[0].update(updated_at="then")), ".updated_at"),
        (list_with("tickets", lambda rows: rows[0].update(overdue="?")), ".overdue"),
        (list_with("notifications", lambda rows: rows.pop()), "inbox of the"),
        (past, "as_of"),
        (denied, "operation_log: expected"),
    ]
    for falsify, named in lies:
        found = await found_through(api, shop, falsify)
        assert any(named in difference for difference in found), (named, found)
        assert all(difference.startswith("sim-1/") for difference in found)
    assert await found_in(shop) == []


async def test_each_false_expectation_is_named_with_its_order_and_field(service: Service) -> None:
    shop = await lived(service)
    order = shop.orders[a_used_order(shop)]
    ticket = order.tickets[0]

    for thing, name, value, named in [
        (ticket, "state", "lost", "tickets[0].state: expected lost"),
        (ticket, "version", ticket.version + 1, "tickets[0].version"),
        (ticket, "created_at", ticket.created_at + timedelta(microseconds=1), "created_at"),
        (order.entry, "used", not order.entry.used, "after_sales_entry.used"),
        (order, "paid_back", {"item-1": 7}, "refunded.amount: expected 7, got"),
        (order, "happened", order.happened[:-1], "operation_log: expected"),
    ]:
        right = getattr(thing, name)
        setattr(thing, name, value)
        found = await found_in(shop)
        setattr(thing, name, right)
        assert any(named in one for one in found), (named, found)
        assert any(one.startswith(f"sim-1/{order.order_id}: ") for one in found)
    assert await found_in(shop) == []


async def test_an_answer_that_was_not_foretold_is_named_and_its_order_not_gone_on_with(
    service: Service,
) -> None:
    shop = await lived(service)
    order = next(one for one in shop.orders.values() if one.active is None)
    order.entry.state, order.entry.expires_at = "open", shop.stage.now + timedelta(days=1)
    body = {
        "items": [{"item_id": "item-1", "quantity": 1}],
        "reason": "other",
        "evidence": [],
    }
    apply = Play(acts=(Act(name="request_exchange", by="consumer", key="x", body=body),))
    order.reported.setdefault("received", shop.stage.now - timedelta(days=30))

    await shop.stage.perform(order, apply)
    await shop.stage.perform(order, apply)

    assert [str(difference) for difference in shop.stage.tally.differences] == [
        f"sim-1/{order.order_id}: answer to request_exchange.status: expected 201, got 409",
        f"sim-1/{order.order_id}: answer to request_exchange.code: "
        "expected None, got entry_not_open",
    ]

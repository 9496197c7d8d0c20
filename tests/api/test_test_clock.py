"""A shop in test mode over HTTP: how it gets its clock, what lives by it, what does not."""

import asyncio
import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from app.api.services import end_streams
from tests.conftest import START
from tests.support.api import OTHER_SHOP, SHOP, Api
from tests.support.clocks import advanced, clock_path, in_test_mode, ready, working
from tests.support.rules_on_wire import a_rule_body, put
from tests.support.story import (
    OPEN,
    a_refund,
    an_order,
    done,
    instant,
    opened,
    order_path,
    orders_of,
    problem,
    received,
    registered,
    some_goods,
    ticket_path,
)

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
FAR = datetime.fromisoformat("2024-05-01T08:00:00+00:00")
"""Three years from the real present of these tests."""


def at(moment: datetime) -> str:
    """Write an instant as a client does."""
    return moment.isoformat()


async def in_the_far_shop(api: Api, order_id: str = "order-1", **changes: Any) -> str:
    """Register an order of the far present, shipped and received, and return its path."""
    created_at = at(FAR - 20 * DAY)
    order = await registered(api, order_id, created_at=created_at, **changes)
    done(await api.platform.post(f"{order}/shipment", {"shipped_at": at(FAR - 19 * DAY)}))
    confirmation = {"confirmed_at": at(FAR - 15 * DAY)}
    done(await api.platform.post(f"{order}/receipt-confirmation", confirmation))
    return order


async def test_a_shop_in_test_mode_lives_by_its_clock_and_its_log_says_so(api: Api) -> None:
    clock = await in_test_mode(api.platform, now=at(FAR))
    assert (instant(clock["now"]), clock["status"], clock["target"]) == (FAR, "ready", None)
    order = await in_the_far_shop(api)
    entry = done(await api.merchant.get(f"{order}/after-sales-entry"))
    assert entry["eligibility"]["eligible"], entry
    opening = done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    assert (opening["state"], instant(opening["expires_at"])) == ("open", FAR + 5 * DAY)
    shown = done(await api.merchant.get(order))
    assert shown["after_sales_entry"]["state"] == "open"
    assert {line["clock"] for line in shown["operation_log"]} == {"test"}
    assert {instant(line["occurred_at"]) for line in shown["operation_log"]} == {FAR}
    await api.follow()
    assert done(await api.merchant.get(order))["operation_log"] == shown["operation_log"]
    (listed,) = done(await api.merchant.get(orders_of(), {"entry_state": "open"}))["orders"]
    assert listed["after_sales_entry"] == shown["after_sales_entry"]


async def test_a_shop_without_a_clock_says_system_in_its_log(api: Api) -> None:
    order = await registered(api)
    (line,) = done(await api.merchant.get(order))["operation_log"]
    assert line["clock"] == "system"
    await api.follow()
    (line,) = done(await api.merchant.get(order))["operation_log"]
    assert line["clock"] == "system"


async def test_a_clock_stands_at_the_real_present_unless_told_otherwise(api: Api) -> None:
    clock = await in_test_mode(api.platform)
    assert instant(clock["now"]) == START
    api.clock.advance(DAY)
    assert done(await api.merchant.get(clock_path())) == clock


async def test_asking_again_gives_the_clock_there_is_unless_it_was_to_stand_elsewhere(
    api: Api,
) -> None:
    clock = await in_test_mode(api.platform, now=at(FAR))
    for body in ({}, {"now": at(FAR)}):
        assert done(await api.platform.post(clock_path(), body)) == clock
    refused = await api.platform.post(clock_path(), {"now": at(FAR + HOUR)})
    problem(refused, 409, "test_clock_exists")
    assert done(await api.merchant.get(clock_path())) == clock


async def test_a_shop_in_production_never_gets_a_clock(api: Api) -> None:
    await registered(api)
    problem(await api.platform.post(clock_path(), {}), 409, "shop_in_production")
    problem(await api.merchant.get(clock_path()), 404, "test_clock_not_found")
    refused = await api.merchant.post(f"{clock_path()}/advance", {"by_seconds": 60})
    problem(refused, 404, "test_clock_not_found")
    await in_test_mode(api.platform, f"{SHOP}-2")
    problem(await api.platform.post(clock_path(), {}), 409, "shop_in_production")


async def test_a_clock_advances_forward_within_bounds_and_one_advance_at_a_time(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    advance = f"{clock_path()}/advance"
    refusals: list[tuple[dict[str, Any], int, str]] = [
        ({"to": at(FAR - HOUR)}, 409, "clock_moved_backwards"),
        ({"to": at(FAR)}, 409, "clock_moved_backwards"),
        ({"by_seconds": 0}, 409, "clock_moved_backwards"),
        ({"by_seconds": -60}, 409, "clock_moved_backwards"),
        ({"to": at(FAR + 400 * DAY + HOUR)}, 422, "clock_advance_too_far"),
        ({"by_seconds": 400 * 86_400 + 1}, 422, "clock_advance_too_far"),
        ({}, 422, "request_invalid"),
        ({"to": at(FAR + HOUR), "by_seconds": 60}, 422, "request_invalid"),
        ({"by_seconds": "60"}, 422, "request_invalid"),
        ({"by_seconds": 1.5}, 422, "request_invalid"),
        ({"to": "tomorrow"}, 422, "request_invalid"),
    ]
    for body, status, code in refusals:
        problem(await api.merchant.post(advance, body), status, code)
    clock = done(await api.merchant.get(clock_path()))
    assert (clock["version"], clock["status"]) == (1, "ready")

    moving = done(await api.merchant.post(advance, {"by_seconds": 3_600}), 202)
    assert (moving["status"], instant(moving["target"])) == ("advancing", FAR + HOUR)
    again = await api.platform.post(advance, {"by_seconds": 3_600})
    assert problem(again, 409, "clock_advancing")["repeatable"]
    assert again.headers["retry-after"] == "1"


@pytest.mark.parametrize("now", ["2019-12-31T23:59:59Z", "2031-04-01T00:00:00Z"])
async def test_a_clock_is_not_made_to_stand_in_another_age(api: Api, now: str) -> None:
    problem(await api.platform.post(clock_path(), {"now": now}), 422, "clock_out_of_range")
    problem(await api.platform.get(clock_path()), 404, "test_clock_not_found")


async def test_a_clock_does_not_advance_into_another_age(api: Api) -> None:
    await in_test_mode(api.platform, now=at(START + 3_650 * DAY))
    refused = await api.platform.post(f"{clock_path()}/advance", {"to": at(START + 3_660 * DAY)})
    problem(refused, 422, "clock_out_of_range")


async def test_an_advance_repeated_on_the_version_it_was_asked_on_happens_once(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    seen = (await api.merchant.get(clock_path())).headers["etag"]
    advance, hour = f"{clock_path()}/advance", {"by_seconds": 3_600}
    async with working(api):
        done(await api.merchant.post(advance, hour, if_match=seen), 202)
        clock = await ready(api.merchant)
        stale = problem(await api.merchant.post(advance, hour, if_match=seen), 412, "version_stale")
    assert stale["facts"] == {"current_version": clock["version"]}
    assert instant(clock["now"]) == FAR + HOUR


async def test_only_the_platform_makes_clocks_and_no_consumer_sees_one(api: Api) -> None:
    problem(await api.merchant.post(clock_path(), {}), 403, "role_not_allowed")
    await in_test_mode(api.platform)
    problem(await api.consumer().get(clock_path()), 403, "role_not_allowed")
    problem(await api.other_merchant.get(clock_path()), 404, "not_found")
    advance = f"{clock_path()}/advance"
    problem(await api.other_merchant.post(advance, {"by_seconds": 1}), 404, "not_found")


async def test_a_service_that_stops_does_not_wait_for_those_who_wait_for_a_clock(
    api: Api,
) -> None:
    await in_test_mode(api.platform)
    done(await api.merchant.post(f"{clock_path()}/advance", {"by_seconds": 60}), 202)
    waiting = asyncio.create_task(api.merchant.get(clock_path(), {"wait_seconds": 30}))
    end_streams(api.app)
    async with asyncio.timeout(15):
        answer = await waiting
    assert done(answer)["status"] == "advancing"


async def test_waiting_for_a_clock_that_stands_is_over_at_once_and_has_an_end_otherwise(
    api: Api,
) -> None:
    clock = await in_test_mode(api.platform)
    assert done(await api.merchant.get(clock_path(), {"wait_seconds": 30})) == clock
    done(await api.merchant.post(f"{clock_path()}/advance", {"by_seconds": 60}), 202)
    waited = done(await api.merchant.get(clock_path(), {"wait_seconds": 1}))
    assert waited["status"] == "advancing"
    problem(await api.merchant.get(clock_path(), {"wait_seconds": 31}), 422, "request_invalid")


async def test_a_deadline_leads_to_the_next_within_one_advance(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    order = await in_the_far_shop(api)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    application = a_refund(return_goods=True)
    done(await api.consumer().post(f"{order}/refund-requests", application, key="one"), 201)
    async with working(api):
        clock = await advanced(api.merchant, by_seconds=120 * 86_400)
    reminded, fell_due = 2, 3
    assert (instant(clock["now"]), clock["fell_due"]) == (FAR + 120 * DAY, reminded + fell_due)
    ticket = done(await api.merchant.get(ticket_path()))
    assert (ticket["state"], ticket["close_cause"]) == ("closed", "not_returned_in_time")
    log = done(await api.merchant.get(order))["operation_log"][-5:]
    assert [instant(line["occurred_at"]) for line in log] == [
        FAR + 2 * DAY - timedelta(hours=12),
        FAR + 2 * DAY,
        FAR + 5 * DAY,
        FAR + 8 * DAY,
        FAR + 9 * DAY,
    ]
    assert {(line["actor"]["role"], line["clock"]) for line in log} == {("system", "test")}


async def test_time_does_not_pass_the_assistant_over(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    done(await put(api, [a_rule_body("any")]))
    order = await in_the_far_shop(api)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    done(await api.consumer().post(f"{order}/refund-requests", a_refund(), key="one"), 201)
    async with working(api):
        await advanced(api.merchant, by_seconds=3 * 86_400)
    ticket = done(await api.merchant.get(ticket_path()))
    assert (instant(ticket["agreed_at"]), ticket["agreed_by_rule"]["rule_id"]) == (FAR, "any")


async def test_what_is_due_in_another_shop_waits_for_that_shops_time(api: Api) -> None:
    await in_test_mode(api.platform, now=at(START))
    own = await opened(api, "order-1")
    other = await opened(api, "order-2", shop_id=OTHER_SHOP)
    untouched = done(await api.other_merchant.get(other))
    async with working(api):
        await advanced(api.merchant, by_seconds=10 * 86_400)
    assert done(await api.merchant.get(own))["after_sales_entry"]["state"] == "closed"
    assert done(await api.other_merchant.get(other)) == untouched
    async with working(api):
        api.clock.advance(10 * DAY)
        again = await in_test_mode(api.platform, "shop-3")
        assert instant(again["now"]) == START + 10 * DAY
        await advanced(api.platform, "shop-3", by_seconds=1)
    assert instant(done(await api.merchant.get(clock_path()))["now"]) == START + 10 * DAY


async def test_real_time_makes_nothing_due_in_a_shop_in_test_mode(api: Api) -> None:
    await in_test_mode(api.platform, now=at(START))
    order = await opened(api)
    before = done(await api.merchant.get(order))
    api.clock.advance(30 * DAY)
    assert done(await api.merchant.get(order)) == before
    assert before["after_sales_entry"]["state"] == "open"
    done(await api.consumer().post(f"{order}/refund-requests", a_refund(), key="one"), 201)


async def test_commands_during_an_advance_are_decided_at_the_instant_shown(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    order = await in_the_far_shop(api)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    done(await api.merchant.post(f"{clock_path()}/advance", {"by_seconds": 30 * 86_400}), 202)
    # Nobody works yet, so the clock shows where it was.
    exchange = await api.consumer().post(f"{order}/exchange-requests", some_goods(), key="one")
    assert instant(done(exchange, 201)["created_at"]) == FAR
    async with working(api):
        clock = await ready(api.merchant)
    assert instant(clock["now"]) == FAR + 30 * DAY
    ticket = done(await api.merchant.get(ticket_path()))
    assert (ticket["state"], instant(ticket["closed_at"])) == ("closed", FAR + 9 * DAY)


async def test_an_import_takes_facts_up_to_the_shops_own_present(api: Api) -> None:
    await in_test_mode(api.platform, now=at(FAR))
    await in_test_mode(api.platform, "shop-past", at(START - 300 * DAY))
    created = {
        "created_at": at(FAR - DAY),
        "payment": an_order(created_at=at(FAR - DAY))["payment"],
    }
    lines = [
        {**an_order("ahead"), **created, "shop_id": SHOP},
        {**an_order("too-far"), "created_at": at(FAR + DAY), "shop_id": SHOP},
        {**an_order("not-yet"), "shop_id": "shop-past"},
        {**an_order("real"), "shop_id": OTHER_SHOP},
        {**an_order("too-early"), **created, "shop_id": OTHER_SHOP},
    ]
    answer = await api.platform.send(
        "POST",
        "/v1/platform/orders/import",
        headers={"Content-Type": "application/x-ndjson"},
        content="\n".join(map(json.dumps, lines)),
    )
    results = [json.loads(line) for line in answer.text.splitlines()]
    assert [(one["status"], one["code"]) for one in results] == [
        (201, None),
        (422, "fact_in_future"),
        (422, "fact_in_future"),
        (201, None),
        (422, "fact_in_future"),
    ]
    log = done(await api.merchant.get(order_path("ahead")))["operation_log"]
    assert (log[0]["clock"], instant(log[0]["occurred_at"])) == ("test", FAR)


async def test_lists_are_filtered_by_the_shops_own_present(api: Api) -> None:
    await in_test_mode(api.platform, now="2021-03-06T00:00:00Z")
    await received(api)
    eligible = {"eligible_by_age": True}
    async with working(api):
        await advanced(api.platform, by_seconds=1)
        before = done(await api.merchant.get(orders_of(), eligible))["orders"]
        await advanced(api.platform, by_seconds=7 * 86_400)
        after = done(await api.merchant.get(orders_of(), eligible))["orders"]
    assert (len(before), len(after)) == (0, 1)

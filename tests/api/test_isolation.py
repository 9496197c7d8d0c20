"""Who may do what, route by route; and what is another's looks exactly like nothing at all."""

from typing import Any

import httpx

from tests.support.api import BUYER, OTHER_BUYER, OTHER_SHOP, SHOP, Api, Caller
from tests.support.clocks import in_test_mode
from tests.support.contract.refunds import payouts_awaiting_approval
from tests.support.operations import ANYBODY, PROVIDER, ROLES, operations_of
from tests.support.story import (
    OPEN,
    applied,
    done,
    order_path,
    orders_of,
    problem,
    received,
    registered,
)


async def test_each_operation_is_open_to_its_roles_and_to_nobody_else(api: Api) -> None:
    await in_test_mode(api.platform)
    await applied(api)
    (payout_id,) = (await payouts_awaiting_approval(api, ["order-granted"])).values()
    await api.follow()
    operations = await operations_of(api)
    assert {operation.name for operation in operations} == set(ROLES)
    callers = {"platform": api.platform, "merchant": api.merchant, "consumer": api.consumer()}
    for operation in operations:
        if ROLES[operation.name] is PROVIDER:
            problem(await operation.by(api.platform), 401, "callback_unsigned")
            continue
        for role, caller in callers.items():
            order_id = "order-granted" if "{refund_id}" in operation.template else "order-1"
            key = f"{role}-{operation.name}"
            answer = await operation.by(caller, order_id=order_id, payout_id=payout_id, key=key)
            if role in ROLES[operation.name] or ROLES[operation.name] is ANYBODY:
                assert answer.status_code not in {401, 403, 404, 422}, (operation, answer.text)
            else:
                problem(answer, 403, "role_not_allowed")
        if ROLES[operation.name] is not ANYBODY:
            problem(await operation.by(api.nobody), 401, "unauthenticated")


async def test_what_is_not_ones_own_looks_like_nothing_whatever_is_asked(api: Api) -> None:
    await applied(api)
    await received(api, "order-closed")
    await api.follow()
    before = await api.contents()
    strangers = (
        api.other_merchant,
        api.consumer(OTHER_BUYER),
        api.consumer(BUYER, shop_id=OTHER_SHOP),
        api.consumer(OTHER_BUYER, shop_id=SHOP),
    )
    about_one_order = [one for one in await operations_of(api) if one.about_one_order]
    for stranger in strangers:
        for operation in about_one_order:
            there, nowhere = [
                await operation.by(stranger, order_id=order_id, key=f"key-{operation.name}")
                for order_id in ("order-1", "order-never")
            ]
            assert there.status_code == nowhere.status_code, operation
            assert there.status_code in {403, 404}, (operation, there.text)
            assert told(there) == told(nowhere), operation
    assert await api.contents() == before


async def test_another_shop_looks_like_one_that_does_not_exist(api: Api) -> None:
    await applied(api)
    await api.follow()
    before = await api.contents()
    in_a_shop = [one for one in await operations_of(api) if "{shop_id}" in one.template]
    for caller in (api.other_merchant, api.consumer(shop_id=OTHER_SHOP)):
        for operation in in_a_shop:
            answers = [
                await operation.by(caller, shop_id=shop_id) for shop_id in (SHOP, "shop-never")
            ]
            assert {answer.status_code for answer in answers} <= {403, 404}, operation
            assert told(answers[0]) == told(answers[1])
    assert await api.contents() == before


async def test_a_consumer_lists_nothing_but_their_own(api: Api) -> None:
    await applied(api)
    await registered(api, "order-2", buyer_id=OTHER_BUYER)
    await api.follow()
    tickets, inbox = f"/v1/shops/{SHOP}/tickets", f"/v1/shops/{SHOP}/notifications"
    own, other = api.consumer(), api.consumer(OTHER_BUYER)
    assert await listed(own, orders_of(), "orders", "order_id") == ["order-1"]
    assert await listed(other, orders_of(), "orders", "order_id") == ["order-2"]
    asked = {"buyer_id": BUYER}
    assert await listed(other, orders_of(), "orders", "order_id", asked) == ["order-2"]
    assert await listed(own, tickets, "tickets", "ticket_id") == ["order-1-1"]
    assert await listed(other, tickets, "tickets", "ticket_id", asked) == []
    assert await listed(own, inbox, "notifications", "order_id") == ["order-1"]
    assert await listed(other, inbox, "notifications", "order_id") == []
    assert await listed(own, orders_of(OTHER_SHOP), "orders", "order_id") == []


async def test_orders_of_one_id_in_two_shops_have_nothing_to_do_with_each_other(api: Api) -> None:
    for shop_id in (SHOP, OTHER_SHOP):
        await received(api, shop_id=shop_id)
    done(await api.merchant.post(f"{order_path()}/after-sales-entry/open", OPEN, key="one"))
    state = done(await api.other_merchant.get(order_path(shop_id=OTHER_SHOP)))
    assert state["after_sales_entry"]["state"] == "never_opened"
    bulk = f"/v1/shops/{OTHER_SHOP}/after-sales-entries/open"
    problem(await api.merchant.post(bulk, {**OPEN, "order_ids": ["order-1"]}), 404, "not_found")


async def test_the_platform_sees_every_shop_and_decides_for_none(api: Api) -> None:
    await applied(api)
    done(await api.platform.get(order_path()))
    refused = await api.platform.post(f"{order_path()}/after-sales-entry/open", OPEN)
    problem(refused, 403, "role_not_allowed")


async def listed(
    caller: Caller, path: str, name: str, field: str, query: dict[str, Any] | None = None
) -> list[str]:
    """Return one field of everything a list shows."""
    return [row[field] for row in done(await caller.get(path, query))[name]]


def told(answer: httpx.Response) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what a refusal tells, without the names the caller brought along."""
    body = {k: v for k, v in answer.json().items() if k not in {"instance", "request_id"}}
    varying = {"date", "x-request-id", "content-length", "ratelimit"}
    return body, {k: v for k, v in answer.headers.items() if k not in varying}

"""Asking for personal data over HTTP: who may, who did, and who is shown it."""

from typing import Any
from uuid import UUID

import pytest

from app.access.keys import create_key
from app.access.scopes import Scope
from app.event_store.recorded_event import Role
from app.event_store.streams import partition_of
from app.webhooks.catalog.payload import LATEST, Inclusion
from app.webhooks.deliveries.queueing import Message, QueuedDelivery, queue_deliveries
from app.webhooks.deliveries.tables import Cause
from tests.support.api import SHOP, Api, Caller
from tests.support.story import done, problem
from tests.webhooks.largest_event import largest_event

ENDPOINTS = f"/v1/shops/{SHOP}/webhook-endpoints"
OF_PLATFORM = "/v1/platform/webhook-endpoints"
URL = {"url": "https://shop.example.com/hooks"}
ASKING = {**URL, "include": ["personal_data"]}


async def with_scopes(api: Api, role: Role, *scopes: Scope) -> Caller:
    """Return somebody whose key has just these scopes."""
    shop_id = SHOP if role is Role.MERCHANT else None
    pool = api.resources.pool
    key = await create_key(pool, role=role, shop_id=shop_id, name="few", scopes=list(scopes))
    return api.bearer(key)


async def made(caller: Caller, body: dict[str, Any], path: str = ENDPOINTS) -> str:
    """Make an endpoint and return its path."""
    endpoint = done(await caller.post(path, body, key="make"), 201)
    return f"{path}/{endpoint['endpoint_id']}"


@pytest.mark.parametrize("path", [ENDPOINTS, OF_PLATFORM])
async def test_who_turned_it_on_and_off_is_in_the_record(api: Api, path: str) -> None:
    one = await made(api.platform, URL, path)
    on = done(await api.platform.put(one, ASKING))
    assert (on["include"], on["version"]) == (["personal_data"], 2)
    assert done(await api.platform.put(one, ASKING)) == on, "the same again is no change"
    assert done(await api.platform.get(one))["include"] == ["personal_data"]
    off = done(await api.platform.put(one, URL))
    assert off["include"] == [], "left out, nothing is asked for"
    changes = done(await api.platform.get(f"{one}/changes"))["changes"]
    told = [(each["kind"], each["settings"]["include"], each["actor_role"]) for each in changes]
    assert told == [
        ("changed", [], "platform"),
        ("changed", ["personal_data"], "platform"),
        ("created", [], "platform"),
    ]
    assert len({each["actor_id"] for each in changes}) == 1
    assert changes[0]["actor_id"] != ""


async def test_who_may_not_read_orders_may_not_ask_for_what_is_written_on_them(api: Api) -> None:
    for role, path in ((Role.MERCHANT, ENDPOINTS), (Role.PLATFORM, OF_PLATFORM)):
        few = await with_scopes(api, role, Scope.WEBHOOKS_WRITE, Scope.WEBHOOKS_READ)
        refused = await few.post(path, ASKING, key="ask")
        assert problem(refused, 403, "scope_missing")["facts"] == {"scope": "orders:read"}
        one = await made(few, URL, path)
        problem(await few.put(one, ASKING), 403, "scope_missing")
        assert done(await few.get(one))["version"] == 1


async def test_who_may_not_read_orders_can_keep_it_for_no_other_address(api: Api) -> None:
    one = await made(api.merchant, ASKING)
    few = await with_scopes(api, Role.MERCHANT, Scope.WEBHOOKS_WRITE)
    elsewhere = {"url": "https://elsewhere.example.com/"}
    problem(await few.put(one, {**ASKING, **elsewhere}), 403, "scope_missing")
    assert done(await few.put(one, elsewhere))["include"] == []


@pytest.mark.parametrize("odd", [["payees"], "personal_data", None, [None], ["personal_data"] * 21])
async def test_what_cannot_be_asked_for_is_refused(api: Api, odd: Any) -> None:
    refused = await api.merchant.post(ENDPOINTS, {**URL, "include": odd}, key="odd")
    problem(refused, 422, "request_invalid")


async def test_a_delivery_is_shown_with_it_to_those_who_may_read_orders(api: Api) -> None:
    one = await made(api.merchant, ASKING)
    plain = largest_event().body()
    body = f'{plain[:-2]},"personal":{{"description":"破了"}}}}}}'
    delivery_id = await queued(api, one.rpartition("/")[2], body)
    few = await with_scopes(api, Role.MERCHANT, Scope.WEBHOOKS_READ)
    path = f"{one}/deliveries/{delivery_id}"
    assert done(await api.merchant.get(path))["body"] == body
    assert done(await few.get(path))["body"] == plain


async def test_changes_recorded_before_there_was_anything_to_ask_for_are_shown(api: Api) -> None:
    one = await made(api.merchant, URL)
    await api.resources.pool.execute(
        "UPDATE after_sales.webhook_endpoint_changes SET settings = settings - 'include'"
    )
    (change,) = done(await api.merchant.get(f"{one}/changes"))["changes"]
    assert change["settings"]["include"] == []


async def queued(api: Api, endpoint_id: str, body: str) -> str:
    """Queue a body for an endpoint of the shop; return the delivery's id."""
    event = largest_event()
    delivery = QueuedDelivery(
        message=Message(
            partition_id=partition_of(SHOP),
            message_id=event.event_id,
            form=f"{LATEST.value}+{Inclusion.PERSONAL_DATA.value}",
            body=body,
        ),
        endpoint_id=UUID(endpoint_id),
        test_shop_id=None,
        position=1,
        ordinal=0,
        shop_id=SHOP,
        stream_id="order/shop-1/order-1",
        order_id="order-1",
        type=event.type.value,
        cause=Cause.EVENT,
        ordered=False,
        due_at=api.clock.now(),
        created_at=None,
    )
    async with api.resources.pool.acquire() as connection, connection.transaction():
        await queue_deliveries(connection, [delivery])
    return str(event.event_id)

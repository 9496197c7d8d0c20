"""What can be asked of deliveries over HTTP, whether or not anything is ever sent."""

from typing import Any

from tests.support.api import SHOP, Api
from tests.support.story import done, problem

ENDPOINTS = f"/v1/shops/{SHOP}/webhook-endpoints"
SINCE = {"since": "2021-03-01T00:00:00Z"}
NEVER = "00000000-0000-0000-0000-000000000000"


async def an_endpoint(api: Api, path: str = ENDPOINTS) -> str:
    """Make an endpoint and return its path."""
    caller = api.merchant if path == ENDPOINTS else api.platform
    made = await caller.post(path, {"url": "https://shop.example.com/hooks"}, key="one")
    return f"{path}/{done(made, 201)['endpoint_id']}"


async def test_tests_are_deliveries_like_any_other(api: Api) -> None:
    one = await an_endpoint(api)
    ids = [done(await api.merchant.post(f"{one}/test"), 202)["delivery_id"] for _ in range(5)]
    seen: list[dict[str, Any]] = []
    place: dict[str, Any] = {}
    while True:
        query = {"state": "queued", "limit": 2, **place}
        page = done(await api.merchant.get(f"{one}/deliveries", query))
        seen += page["deliveries"]
        if page["next_cursor"] is None:
            break
        place = {"cursor": page["next_cursor"]}
    assert [each["delivery_id"] for each in seen] == list(reversed(ids))
    assert {(each["type"], each["cause"], each["attempts"]) for each in seen} == {
        ("webhook.test", "test", 0)
    }
    detail = done(await api.merchant.get(f"{one}/deliveries/{ids[0]}"))
    assert detail["latest_attempts"] == []
    assert ids[0] in detail["body"]
    for nothing in ({"state": "failed"}, {"type": "entry.opened"}, {"order_id": "order-1"}):
        assert done(await api.merchant.get(f"{one}/deliveries", nothing))["deliveries"] == []
    health = done(await api.merchant.get(f"{one}/health"))
    assert (health["pending"], health["success_rate"]) == (5, None)
    odd = await api.merchant.get(f"{one}/deliveries", {"cursor": "odd"})
    problem(odd, 422, "cursor_invalid")


async def test_a_delivery_that_is_none_of_the_endpoints_is_not_found(api: Api) -> None:
    one = await an_endpoint(api)
    for path in (f"{one}/deliveries/{NEVER}", f"{ENDPOINTS}/{NEVER}/deliveries/{NEVER}"):
        code = "webhook_delivery_not_found" if one in path else "webhook_endpoint_not_found"
        problem(await api.merchant.get(path), 404, code)
        problem(await api.merchant.post(f"{path}/resend"), 404, code)


async def test_nothing_is_sent_to_a_disabled_endpoint_on_anybodys_wish(api: Api) -> None:
    one = await an_endpoint(api)
    delivery_id = done(await api.merchant.post(f"{one}/test"), 202)["delivery_id"]
    done(await api.merchant.post(f"{one}/disable"))
    for what, body in (
        ("test", None),
        ("recover", SINCE),
        ("replay", SINCE),
        (f"deliveries/{delivery_id}/resend", None),
    ):
        refused = await api.merchant.post(f"{one}/{what}", body)
        problem(refused, 409, "webhook_endpoint_disabled")


async def test_a_cursor_of_a_replay_leads_nowhere_else(api: Api) -> None:
    one = await an_endpoint(api)
    for cursor in ("odd", "WzY0LDBd"):  # the latter: a partition there is not
        refused = await api.merchant.post(f"{one}/replay", {**SINCE, "cursor": cursor})
        problem(refused, 422, "cursor_invalid")


async def test_the_platform_asks_the_same_of_its_own_endpoints(api: Api) -> None:
    one = await an_endpoint(api, "/v1/platform/webhook-endpoints")
    tested = done(await api.platform.post(f"{one}/test"), 202)
    (listed,) = done(await api.platform.get(f"{one}/deliveries"))["deliveries"]
    assert (listed["delivery_id"], listed["shop_id"]) == (tested["delivery_id"], None)
    assert done(await api.platform.post(f"{one}/recover", SINCE), 202) == {
        "recovered": 0,
        "complete": True,
    }
    replayed = done(await api.platform.post(f"{one}/replay", SINCE), 202)
    assert replayed == {"queued": 0, "events_read": 0, "next_cursor": None}
    assert done(await api.platform.get(f"{one}/health"))["pending"] == 1

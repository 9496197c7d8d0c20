"""Webhook endpoints and deliveries, of the shop or of the platform."""

from typing import Any

from tests.support.api import SHOP, Api, Caller
from tests.support.contract.stock import Stock
from tests.support.operations import AN_ENDPOINT, BODIES, OF_ENDPOINTS
from tests.support.story import done

CHANGING = ("change", "disable", "enable", "rotate", "delete")
"""Each of these has an endpoint of its own, so that none is refused for what another did."""


async def stock_of_endpoints(api: Api, *, of_platform: bool) -> Stock:
    """Make endpoints with a delivery each: one drawn, one kept, and those to be changed."""
    owner = "platform_" if of_platform else ""
    base = "/v1/platform" if of_platform else f"/v1/shops/{SHOP}"
    caller = api.platform if of_platform else api.merchant
    shop = {} if of_platform else {"shop_id": SHOP}
    drawn, kept = [await _endpoint(caller, base, key) for key in ("drawn", "kept")]
    grantable = {}
    for verb, noun in OF_ENDPOINTS:
        name = f"{verb}_{owner}{noun}"
        path = await _endpoint(caller, base, name) if verb in CHANGING else kept
        request = {"path": shop | path, "body": BODIES.get(name), "query": {}}
        grantable[name] = [request]
    return Stock(drawn={name: [value] for name, value in drawn.items()}, grantable=grantable)


async def _endpoint(caller: Caller, base: str, key: str) -> dict[str, Any]:
    """Make an endpoint and a test for it, and return how a path names them."""
    path = f"{base}/webhook-endpoints"
    endpoint_id = done(await caller.post(path, AN_ENDPOINT, key=key), 201)["endpoint_id"]
    tested = done(await caller.post(f"{path}/{endpoint_id}/test"), 202)
    return {"endpoint_id": endpoint_id, "delivery_id": tested["delivery_id"]}

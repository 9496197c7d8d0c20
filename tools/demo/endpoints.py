"""Webhook endpoints the demo keeps in stock, for trying what can be asked of them."""

from uuid import uuid4

from app.api.openapi.examples import generated_id
from tools.demo.calls import Calls, Json, Part

LEFT_BEHIND = "For trying the documentation's examples"
QUIET = {"description": LEFT_BEHIND, "event_types": ["deposit.below_required"]}
"""They receive next to nothing: no server listens there."""
URL = "https://shop.example.com/hooks/after-sales"

_CHANGING = ("change", "disable", "enable", "rotate", "delete")
"""Each of these has a separate endpoint, so that none affects another."""
_ENDPOINT = {
    "get": "webhook_endpoint",
    "change": "webhook_endpoint",
    "disable": "webhook_endpoint",
    "enable": "webhook_endpoint",
    "delete": "webhook_endpoint",
    "rotate": "webhook_endpoint_secret",
    "test": "webhook_endpoint",
    "recover": "webhook_deliveries",
    "replay": "webhook_events",
    "resend": "webhook_delivery",
}


async def stock_of_endpoints(calls: Calls, base: str, by: Part, owner: str) -> dict[str, str]:
    """Make an owner's endpoints and return their ids by what stands for them in the document."""
    path = f"{base}/webhook-endpoints"
    await _clear(calls, path, by)
    shared = await _made(calls, path, by)
    tested = await calls.post(f"{path}/{shared}/test", by=by)
    operations = [f"{verb}_{owner}{noun}" for verb, noun in _ENDPOINT.items()]
    operations += [f"get_{owner}webhook_{noun}" for noun in ("delivery", "endpoint_health")]
    operations += [f"list_{owner}webhook_{noun}" for noun in ("deliveries", "endpoint_changes")]
    ids = {}
    for operation in operations:
        own = operation.partition("_")[0] in _CHANGING
        endpoint_id = await _made(calls, path, by) if own else shared
        ids[generated_id(operation, "endpoint_id")] = endpoint_id
        ids[generated_id(operation, "delivery_id")] = tested["delivery_id"]
    return ids


async def _made(calls: Calls, path: str, by: Part) -> str:
    endpoint = await calls.post(path, {"url": URL, **QUIET}, by=by, key=uuid4().hex)
    return str(endpoint["endpoint_id"])


async def _clear(calls: Calls, path: str, by: Part) -> None:
    """Take away what earlier runs left: an owner may have only so many."""
    page: Json = await calls.get(path, by=by, params={"limit": "200"})
    for endpoint in page["endpoints"]:
        if endpoint["description"] == LEFT_BEHIND:
            await calls.delete(f"{path}/{endpoint['endpoint_id']}", by=by)

"""Examples of every operation's parameters and body, as the document shows them.

They name what `aftersales demo` keeps in stock: an order for each operation that needs one, so that
each can be tried alone. That of `agree_to_application` is `demo-agree-to-application`.
Path and required headers carry an `example`, which documentation fills in. What may be left out has
its examples in its schema, so that trying a list does not filter it by everything at once.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias
from uuid import NAMESPACE_URL, uuid5

from app.api.resources import examples

Json: TypeAlias = dict[str, Any]

STEM = "demo-"
"""What names of the demo's stock begin with."""
SHOP = "shop-1001"

_NDJSON = "application/x-ndjson"
_REF = "#/components/schemas/"


def add_examples(document: Json) -> None:
    """Give every parameter and every body without one its example."""
    schemas = document["components"]["schemas"]
    for operation in _operations(document):
        name = operation["operationId"]
        for parameter in operation.get("parameters", []):
            _add_to_parameter(parameter, name, schemas)
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            content["example"] = (
                _lines(name) if media_type == _NDJSON else _body(name, content["schema"], schemas)
            )


def order_of(operation: str) -> str:
    """Return the order the demo keeps for an operation."""
    return STEM + operation.replace("_", "-") + _ENDINGS.get(operation, "")


def generated_id(operation: str, parameter: str) -> str:
    """Return what stands for an id the service makes: of an endpoint, a delivery, a payout, ..."""
    made = uuid5(NAMESPACE_URL, f"urn:aftersales:example:{operation}:{parameter}")
    return made.hex if parameter == "payout_id" else str(made)


def _operations(document: Json) -> Iterator[Json]:
    for item in document["paths"].values():
        yield from item.values()


def _add_to_parameter(parameter: Json, operation: str, schemas: Json) -> None:
    name, schema = parameter["name"], parameter["schema"]
    if parameter["required"]:
        parameter["example"] = _REQUIRED[name](operation)
    elif "examples" not in schema:
        schema["examples"] = [_optional(name, schema, schemas)]


def _optional(name: str, schema: Json, schemas: Json) -> Any:
    """Return something to ask for: a known name's own, else the first there is to choose from."""
    if "$ref" in schema:
        return schemas[schema["$ref"].removeprefix(_REF)]["enum"][0]
    if schema.get("format") == "date-time":
        return "2026-09-15T00:00:00+08:00" if name in _LATE else "2026-09-01T00:00:00+08:00"
    if schema["type"] == "boolean":
        return True
    return _OPTIONAL[name]


def _body(operation: str, schema: Json, schemas: Json) -> Any:
    """Return an operation's own example, else the first of its model."""
    if operation in _BODIES:
        return _BODIES[operation]
    (model,) = [one for one in (schema, *schema.get("anyOf", [])) if "$ref" in one]
    return schemas[model["$ref"].removeprefix(_REF)]["examples"][0]


def _lines(operation: str) -> str:
    """Return two lines of an import."""
    shop = {} if operation == "import_shop_orders" else {"shop_id": SHOP}
    later = {"shipped_at": examples.SHIPMENT["shipped_at"]}
    received = {"receipt_confirmed_at": examples.RECEIPT_CONFIRMATION["confirmed_at"]}
    orders = [
        {**shop, **examples.REGISTER_ORDER, "order_id": f"{order_of(operation)}-1", **later},
        {**shop, **examples.REGISTER_ORDER, "order_id": f"{order_of(operation)}-2"}
        | later
        | received,
    ]
    return "".join(json.dumps(order, ensure_ascii=False) + "\n" for order in orders)


def _shop(operation: str) -> str:
    """A shop in test mode has to be another: the demo's own has orders."""
    return order_of(operation) if operation.endswith("_test_clock") else SHOP


def _generated(parameter: str) -> Callable[[str], str]:
    return lambda operation: generated_id(operation, parameter)


_ENDINGS = {
    f"{verb}_advance_payout": "-buyer-account-closed" for verb in ("start", "approve", "decline")
}
"""By how an order's name ends, the demo's provider refuses its refund."""

_REQUIRED: dict[str, Callable[[str], str]] = {
    "shop_id": _shop,
    "order_id": order_of,
    "ticket_id": lambda operation: f"{order_of(operation)}-1",
    "refund_id": lambda operation: f"{order_of(operation)}-1",
    "Idempotency-Key": order_of,
    "month": lambda _: examples.MONTH,
    **{
        name: _generated(name)
        for name in ("payout_id", "notification_id", "device_id", "endpoint_id", "delivery_id")
    },
}
"""By the name of a parameter: what it is for an operation."""

_OPTIONAL: dict[str, Any] = {
    "Idempotency-Key": "demo-1",
    "If-Match": '"7"',
    "Last-Event-ID": "48213",
    "account": "deposit",
    "after": "c2hvcC0xMDAxOjQ4MjEzOjA",
    "amount_from": 1000,
    "amount_to": 20000,
    "buyer_id": examples.REGISTER_ORDER["buyer_id"],
    "cursor": "c2hvcC0xMDAxOjQ4MjEz",
    "due_within_hours": 24,
    "grace_seconds": 120,
    "last_event_id": "48213",
    "limit": 20,
    "order_id": "demo-get-ticket",
    "refund_key": f"{SHOP}/demo-get-refund-1",
    "tracking_number": examples.PARCEL["tracking_number"],
    "types": ["entry.opened", "ticket.created"],
    "version": 1,
    "wait": 10,
    "wait_seconds": 10,
}
_LATE = frozenset({"created_to", "requested_to", "at_to", "due_before", "at", "as_of"})

_BODIES: dict[str, Any] = {
    "request_reissue": examples.REQUEST_REISSUE,
    "record_top_up": {**examples.TOP_UP, "reference": order_of("record_top_up")},
    "record_withdrawal": {**examples.WITHDRAWAL, "reference": order_of("record_withdrawal")},
}
"""Where the example of the model does not do, or a name is used up once it was used."""

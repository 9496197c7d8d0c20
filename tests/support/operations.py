"""Every operation of the API as a request that would be granted to the right caller."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx

from app.api.operations import OPERATIONS
from tests.support.api import SHOP, Api, Caller
from tests.support.event_source import event_source
from tests.support.story import (
    A_MODIFICATION,
    OPEN,
    SETTLED,
    a_refund,
    an_order,
    some_goods,
)

READERS = frozenset({"platform", "merchant", "consumer"})
PLATFORM, MERCHANT, CONSUMER = (frozenset({role}) for role in ("platform", "merchant", "consumer"))
ANYBODY: frozenset[str] = frozenset()
PROVIDER = frozenset({"provider"})
"""Proves itself by a signature instead of a key or token."""

ROLES = {
    row.name: frozenset(role.value for role in row.roles) or ANYBODY
    for row in OPERATIONS
    if row.in_document
} | {"receive_provider_callback": PROVIDER}
"""Who may do what; nobody in particular for what is open to anybody."""

OF_ENDPOINTS = tuple(
    (verb, noun)
    for verb, _, noun in (row.name.partition("_") for row in OPERATIONS)
    if noun.startswith("webhook_")
)
"""What can be asked of webhook endpoints, of a shop's and of the platform's."""

AN_ENDPOINT = {"url": "https://shop.example.com/hooks"}

ASSISTANT_RULES: dict[str, Any] = {
    "rules": [
        {
            "rule_id": "small",
            "name": "小额直接退",
            "enabled": True,
            "conditions": {"amount_max": {"amount": 500, "currency": "CNY"}},
            "action": "agree",
        }
    ]
}

BODIES: dict[str, Any] = {
    **{
        row.name: row.body.model_json_schema()["examples"][0]
        for row in OPERATIONS
        if row.body is not None and not row.optional_body
    },
    "register_order": an_order("order-new"),
    "record_shipment": {"shipped_at": "2021-03-02T04:00:00Z"},
    "record_receipt_confirmation": {"confirmed_at": "2021-03-05T04:00:00Z"},
    "record_settlement": {"settled_at": SETTLED},
    "open_after_sales_entries": {**OPEN, "order_ids": ["order-1"]},
    "request_refund": a_refund(),
    "request_exchange": some_goods(),
    "request_reissue": some_goods(),
    "request_repair": some_goods(),
    "record_top_up": {"reference": "top-up-0", "account": "cash_alipay", "amount": 1_000},
    "record_withdrawal": {"reference": "withdrawal-0", "account": "cash_alipay", "amount": 1},
    "put_required_deposit": {"level": 5_000},
    "read_notifications": {"up_to": 1},
    "create_test_clock": {},
    "advance_test_clock": {"by_seconds": 60},
    "modify_application": A_MODIFICATION,
    "put_assistant_rules": ASSISTANT_RULES,
    "try_assistant_rules": {**ASSISTANT_RULES, "last": 50},
    "decide_tickets": {"items": [{"ticket_id": "order-1-1", "decision": "agree_to_application"}]},
    "rule_arbitration": {"ruling": "for_buyer", "blame": "merchant"},
    "start_advance_payout": {
        "payee": {"kind": "alipay", "account": "13800001234", "holder": "王小明"}
    },
    "register_device": {"platform": "ios", "token": "a-token"},
    "set_notification_preferences": {"push": True},
    "create_webhook_endpoint": AN_ENDPOINT,
    "create_platform_webhook_endpoint": AN_ENDPOINT,
    "change_webhook_endpoint": AN_ENDPOINT,
    "change_platform_webhook_endpoint": AN_ENDPOINT,
    **{
        f"{verb}_{owner}{noun}": {"since": "2021-03-01T00:00:00Z"}
        for owner in ("", "platform_")
        for verb, noun in (("recover", "webhook_deliveries"), ("replay", "webhook_events"))
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of the document; its path still has its placeholders."""

    name: str
    method: str
    template: str

    async def by(
        self,
        caller: Caller,
        *,
        shop_id: str = SHOP,
        order_id: str = "order-1",
        payout_id: str = UUID(int=0).hex,
        key: str | None = "any-key",
    ) -> httpx.Response:
        """Ask for the operation on an order, or on its first ticket."""
        path = self.template.format(
            shop_id=shop_id,
            order_id=order_id,
            ticket_id=f"{order_id}-1",
            refund_id=f"{order_id}-1",
            month="2021-03",
            payout_id=payout_id,
            notification_id=await self._own_message(caller, shop_id),
            device_id=await self._own_device(caller, shop_id),
            **await self._own_delivery(caller, shop_id),
        )
        if self.name.startswith("stream_"):
            return await _beginning_of(caller, path)
        if self.method == "GET":
            return await caller.get(path)
        if self.name.startswith("import_"):
            headers = {"Content-Type": "application/x-ndjson"}
            return await caller.send("POST", path, headers=headers, content=b"")
        if self.method != "POST":
            return await caller.send(self.method, path, json=BODIES.get(self.name))
        return await caller.post(path, BODIES.get(self.name), key=key)

    async def _own_message(self, caller: Caller, shop_id: str) -> str:
        """Return the caller's newest message, if the path asks for one and there is one."""
        if "{notification_id}" in self.template:
            inbox = await caller.get(f"/v1/shops/{shop_id}/notifications")
            for message in inbox.json().get("notifications", ()):
                return str(message["notification_id"])
        return str(UUID(int=0))

    async def _own_device(self, caller: Caller, shop_id: str) -> str:
        """Return a device of the caller's, if the path asks for one and they may have one."""
        if "{device_id}" in self.template:
            path, body = f"/v1/shops/{shop_id}/devices", BODIES["register_device"]
            return str((await caller.post(path, body)).json().get("device_id", UUID(int=0)))
        return str(UUID(int=0))

    async def _own_delivery(self, caller: Caller, shop_id: str) -> dict[str, str]:
        """Return a new endpoint of the owner's and a test for it, if the path asks for one."""
        none = str(UUID(int=0))
        if "{endpoint_id}" not in self.template:
            return {"endpoint_id": none, "delivery_id": none}
        path = self.template.partition("/{endpoint_id}")[0].format(shop_id=shop_id)
        made = await caller.post(path, AN_ENDPOINT, key=f"endpoint-for-{self.name}")
        endpoint_id = str(made.json().get("endpoint_id", none))
        tested = await caller.post(f"{path}/{endpoint_id}/test")
        return {"endpoint_id": endpoint_id, "delivery_id": tested.json().get("delivery_id", none)}

    @property
    def about_one_order(self) -> bool:
        """Whether the path names an order, a ticket or a refund."""
        names = ("{order_id}", "{ticket_id}", "{refund_id}")
        return any(name in self.template for name in names)


async def _beginning_of(caller: Caller, path: str) -> httpx.Response:
    """Open a stream and leave; return its head, or the problem."""
    url = str(caller.client.base_url.join(path))
    async with event_source(url, caller.credential()) as source:
        answer = source.answer
        content = answer.content if answer.is_error else b""
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=content, request=answer.request
        )


async def operations_of(api: Api) -> list[Operation]:
    """Return every operation the running application documents."""
    document = (await api.client.get("/openapi.json")).json()
    return [
        Operation(name=operation["operationId"], method=method.upper(), template=template)
        for template, item in document["paths"].items()
        for method, operation in item.items()
    ]

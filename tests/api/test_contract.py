"""The document and the service, held against each other by schemathesis in every role."""

import asyncio
import json
import os
import re
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.api import SHOP, Api
from tests.support.clocks import in_test_mode
from tests.support.operations import BODIES, ROLES, operations_of
from tests.support.story import (
    A_PARCEL,
    OPEN,
    RECEIVED,
    SHIPPED,
    a_refund,
    an_item,
    an_order,
    done,
    order_path,
    orders_of,
    some_goods,
    ticket_path,
)

ROOT = Path(__file__).parents[2]

CONFIG = """
seed = 20210315
hooks = "tests.api.contract_checks"
base-url = "{url}"
request-timeout = 20.0
continue-on-failure = true
warnings = false

[cache]
enabled = false

[auth.openapi.bearer]
bearer = "{key}"

[dictionaries.shops]
values = ["shop-1"]

[dictionaries.orders]
values = {orders}

[dictionaries.tickets]
values = {tickets}

[dictionaries.instants]
values = ["2021-03-09T04:00:00Z"]

[dictionaries.items]
values = ["item-1", "item-2", "item-3", "item-4", "item-5", "item-6", "item-7", "item-8"]

[dictionaries.amounts]
values = [1]

[parameters]
"path.shop_id" = {{ dictionary = "shops", probability = 0.9 }}
"path.order_id" = {{ dictionary = "orders", probability = 0.8 }}
"path.ticket_id" = {{ dictionary = "tickets", probability = 0.8 }}
"body.items[*].item_id" = {{ dictionary = "items", probability = 0.9 }}
"body.items[*].quantity" = {{ dictionary = "amounts", probability = 0.8 }}
"body.items[*].amount" = {{ dictionary = "amounts", probability = 0.8 }}
"body.shipped_at" = {{ dictionary = "instants", probability = 0.6 }}
"body.confirmed_at" = {{ dictionary = "instants", probability = 0.6 }}
"body.settled_at" = {{ dictionary = "instants", probability = 0.6 }}

[generation]
max-examples = 15
deterministic = true
database = "none"

[phases.stateful]
max-steps = 4

[phases.stateful.generation]
max-examples = 10

# What fits the schema may still contradict itself, the order, or the version it names.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422"]

# Any text is a body of lines: what is wrong in a line is told in the line's result.
[[operations]]
include-operation-id = ["import_orders", "import_shop_orders"]

[operations.checks.negative_data_rejection]
enabled = false
"""


def _of(*roles: str) -> frozenset[str]:
    """Return what exactly these roles may do."""
    return frozenset(name for name, may in ROLES.items() if may == frozenset(roles))


OPERATIONS = {
    "platform": _of("platform")
    | {"get_order", "list_orders", "list_reasons"}
    | {"get_test_clock", "advance_test_clock", "get_funds"}
    | _of(),
    "merchant": _of("merchant")
    | {"get_after_sales_entry", "list_tickets", "list_notifications"}
    | {"submit_arbitration_evidence"}
    | {"list_ledger", "export_ledger", "export_tickets"},
    "consumer": _of("consumer")
    | {"get_ticket", "list_orders", "list_notifications"}
    | {"count_unread_notifications", "read_notifications", "register_device", "list_devices"}
    | {"get_notification_preferences", "set_notification_preferences"}
    | {"add_ticket_remark"},
}
"""What is only a role's own, and one reader or another of what several may read."""

TICKET_STEPS: dict[str, tuple[tuple[str, str, Any], ...]] = {
    "applied": (),
    "agreed": (("merchant", "agree", None),),
    "to_return": (("merchant", "agree", None),),
    "returned": (("merchant", "agree", None), ("consumer", "ship-back", A_PARCEL)),
    "to_ship": (("merchant", "agree", None),),
    "shipped": (("merchant", "agree", None), ("merchant", "ship-replacement", A_PARCEL)),
    "rejected": (("merchant", "reject", {"reason": "no_evidence"}),),
    "disputed": (
        ("merchant", "reject", {"reason": "no_evidence"}),
        ("consumer", "arbitration", {"note": "商家不讲理"}),
    ),
}
"""What brings a ticket just applied for into each state: who asks for what."""

APPLICATIONS = {
    "to_return": ("refund-requests", a_refund(return_goods=True)),
    "returned": ("refund-requests", a_refund(return_goods=True)),
    "to_ship": ("reissue-requests", some_goods()),
    "shipped": ("reissue-requests", some_goods()),
}
"""What was applied for, where it is not money alone."""

STATES = ("registered", "received", "asked", *TICKET_STEPS)
EACH = 12
"""Orders of each state to draw from; as many again are kept for requests sure to be granted."""

STANDING, ADVANCED, TO_COME = [
    [f"{name}-{number}" for number in range(3)] for name in ("standing", "advanced", "to-come")
]
"""Shops in test mode: to look at, to advance, and to be made."""

GRANTED_IN = {
    "record_shipment": "registered",
    "record_receipt_confirmation": "registered",
    "record_settlement": "registered",
    "open_after_sales_entry": "received",
    "decline_entry_reopening": "asked",
    "request_entry_reopening": "asked",
    "request_refund": "registered",
    "request_exchange": "registered",
    "request_reissue": "registered",
    "request_repair": "registered",
    "withdraw_application": "applied",
    "agree_to_application": "applied",
    "reject_application": "applied",
    "record_refund_success": "agreed",
    "agree_without_return": "applied",
    "modify_application": "applied",
    "process_rejected_ticket": "rejected",
    "request_arbitration": "rejected",
    "ship_goods_back": "to_return",
    "extend_return_deadline": "to_return",
    "correct_return_shipment": "returned",
    "confirm_return_receipt": "returned",
    "reject_returned_goods": "returned",
    "ship_replacement": "to_ship",
    "confirm_replacement_receipt": "shipped",
    "rule_arbitration": "disputed",
    "withdraw_arbitration": "disputed",
    "submit_arbitration_evidence": "disputed",
    "add_ticket_remark": "applied",
}
"""The state of an order in which an operation is sure to be granted."""


@pytest.mark.parametrize("role", list(OPERATIONS))
async def test_no_answer_to_any_role_departs_from_the_document(
    api: Api, tmp_path: Path, role: str
) -> None:
    await _some_of_everything(api)
    caller = {"platform": api.platform, "merchant": api.merchant, "consumer": api.consumer()}[role]
    config, key = tmp_path / "schemathesis.toml", caller.credential()
    orders = [f"{state}-{number}" for state in STATES for number in range(EACH)]
    tickets = [f"{order_id}-1" for order_id in orders[-len(TICKET_STEPS) * EACH :]]
    config.write_text(CONFIG.format(url=api.url, key=key, orders=orders, tickets=tickets))
    before = await _granted(api)
    code, output = await _schemathesis(api.url, config, OPERATIONS[role])
    assert code == 0, output
    granted = await _granted(api) - before
    assert {name for name, _ in granted} == OPERATIONS[role]


async def _some_of_everything(api: Api) -> None:
    """Bring orders into all states."""
    await _imported(api, "registered")
    facts = {"shipped_at": SHIPPED, "receipt_confirmed_at": RECEIVED}
    for state in STATES[1:]:
        await _imported(api, state, **facts)
    await _opened(api, "asked")
    api.clock.advance(timedelta(days=5))
    consumer = api.consumer()
    for number in range(2 * EACH):
        asking = f"{order_path(f'asked-{number}')}/after-sales-entry/reopening-request"
        done(await consumer.post(asking, {}))
    for state, steps in TICKET_STEPS.items():
        await _opened(api, state)
        path, application = APPLICATIONS.get(state, ("refund-requests", a_refund()))
        for number in range(2 * EACH):
            order_id = f"{state}-{number}"
            applying = f"{order_path(order_id)}/{path}"
            done(await consumer.post(applying, application, key=order_id), 201)
            for side, step, body in steps:
                caller = api.merchant if side == "merchant" else consumer
                done(await caller.post(f"{ticket_path(1, order_id)}/{step}", body))
    topping_up = f"/v1/shops/{SHOP}/funds/top-ups"
    done(await api.platform.post(topping_up, BODIES["record_top_up"], key="top-up"), 201)
    for shop_id in (*STANDING, *ADVANCED):
        await in_test_mode(api.platform, shop_id)
    await api.follow()


async def _imported(api: Api, state: str, **facts: str) -> None:
    items = [an_item(f"item-{number}") for number in range(1, 9)]
    orders = [an_order(f"{state}-{number}", items=items) for number in range(2 * EACH)]
    lines = [json.dumps({**order, **facts}) for order in orders]
    headers = {"Content-Type": "application/x-ndjson"}
    path, content = f"{orders_of()}/import", "\n".join(lines)
    await api.platform.send("POST", path, headers=headers, content=content)


async def _opened(api: Api, state: str) -> None:
    named = {**OPEN, "order_ids": [f"{state}-{number}" for number in range(2 * EACH)]}
    done(await api.merchant.post(f"/v1/shops/{SHOP}/after-sales-entries/open", named))


async def _schemathesis(url: str, config: Path, names: frozenset[str]) -> tuple[int | None, str]:
    """Run schemathesis over some operations and return how it ended and what it wrote."""
    include = [f"--include-operation-id={name}" for name in sorted(names)]
    grantable = {
        name: [_granted_in(state, name, number) for number in range(EACH + place % 4, 2 * EACH, 4)]
        for place, (name, state) in enumerate(GRANTED_IN.items())
    }
    grantable["register_order"] = [
        {"path": {"shop_id": SHOP}, "body": an_order(f"new-{number}")} for number in range(3)
    ]
    grantable |= {
        "create_test_clock": [{"path": {"shop_id": shop_id}, "body": {}} for shop_id in TO_COME],
        "get_test_clock": [{"path": {"shop_id": shop_id}, "body": None} for shop_id in STANDING],
        "advance_test_clock": [
            {"path": {"shop_id": shop_id}, "body": BODIES["advance_test_clock"]}
            for shop_id in ADVANCED
        ],
    }
    for name in ("record_top_up", "record_withdrawal"):
        grantable[name] = [
            {"path": {"shop_id": SHOP}, "body": {**BODIES[name], "reference": f"{name}-{number}"}}
            for number in range(3)
        ]
    grantable["put_required_deposit"] = [
        {"path": {"shop_id": SHOP}, "body": BODIES["put_required_deposit"]}
    ]
    for name in ("put_assistant_rules", "try_assistant_rules", "decide_tickets"):
        grantable[name] = [{"path": {"shop_id": SHOP}, "body": BODIES[name]}]
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run"),
        *(f"{url}/openapi.json", "--no-color", *include),
        cwd=ROOT,
        env={**os.environ, "CONTRACT_GRANTABLE": json.dumps(grantable)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await running.communicate()
    finally:
        if running.returncode is None:
            running.kill()
    return running.returncode, output.decode()


def _granted_in(state: str, name: str, number: int) -> dict[str, Any]:
    """Return path and body of a request; operations on one state take turns with its orders."""
    order_id = f"{state}-{number}"
    of_ticket = state in TICKET_STEPS
    of_order = {"ticket_id": f"{order_id}-1"} if of_ticket else {"order_id": order_id}
    return {"path": {"shop_id": SHOP, **of_order}, "body": BODIES.get(name)}


async def _granted(api: Api) -> set[tuple[str, float]]:
    """Return the operations that were granted so far, each with how often."""
    counted = re.findall(
        r'_seconds_count{method="([A-Z]+)",route="([^"]+)",status="2[0-9]+"} ([0-9.]+)',
        (await api.client.get("/metrics")).text,
    )
    names = {(one.method, one.template): one.name for one in await operations_of(api)}
    return {
        (names[method, route], float(times))
        for method, route, times in counted
        if (method, route) in names
    }

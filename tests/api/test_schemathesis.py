"""The document and the service, held against each other by schemathesis in every role."""

import asyncio
import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.support.api import Api
from tests.support.contract.all_stock import stock_of_everything
from tests.support.contract.document import documented
from tests.support.contract.stock import Stock
from tests.support.operations import OF_ENDPOINTS, ROLES, operations_of

ROOT = Path(__file__).parents[2]

CONFIG = """
seed = 20210315
hooks = "tests.api.schemathesis_checks"
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

[dictionaries.instants]
values = ["2021-03-09T04:00:00Z"]

[dictionaries.items]
values = ["item-1", "item-2", "item-3", "item-4", "item-5", "item-6", "item-7", "item-8"]

[dictionaries.amounts]
values = [1]

{drawn}

[parameters]
{parameters}
"path.shop_id" = {{ dictionary = "shops", probability = 0.9 }}
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
max-steps = 16

[phases.stateful.generation]
max-examples = 15

# What fits the schema may still contradict itself, the order, or the version it names.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422"]

# They are many, alike, and each is declared once for shops and platform.
[[operations]]
include-operation-id = {of_endpoints}

[operations.generation]
max-examples = 5

# Any text is a body of lines: what is wrong in a line is told in the line's result.
[[operations]]
include-operation-id = ["import_orders", "import_shop_orders"]

[operations.checks.negative_data_rejection]
enabled = false
"""


def _of(*roles: str) -> frozenset[str]:
    """Return what exactly these roles may do."""
    return frozenset(name for name, may in ROLES.items() if may == frozenset(roles))


OF_A_SHOPS_ENDPOINTS = frozenset(f"{verb}_{noun}" for verb, noun in OF_ENDPOINTS)

OPERATIONS = {
    "platform": _of("platform")
    | {"get_order", "list_orders", "list_reasons"}
    | {"get_test_clock", "advance_test_clock", "get_funds"}
    | _of(),
    "merchant": _of("merchant")
    | {"get_after_sales_entry", "list_tickets", "list_notifications"}
    | {"submit_arbitration_evidence"}
    | {"list_ledger", "export_ledger", "export_tickets"}
    | {"list_refunds", "get_refund", "get_ticket_cost"}
    | {"get_statement", "export_statement", "print_statement"}
    | {"list_events"}
    | OF_A_SHOPS_ENDPOINTS,
    "consumer": _of("consumer")
    | {"get_ticket", "list_orders", "list_notifications"}
    | {"count_unread_notifications", "read_notifications", "read_notification"}
    | {"register_device", "list_devices", "delete_device"}
    | {"get_notification_preferences", "set_notification_preferences"}
    | {"add_ticket_remark"},
}
"""What is only a role's own, and one reader or another of what several may read."""

LINKS_FOLLOWED_MIN = 5
"""Of the ways that lead from one answer to another request: so many at least are gone in a role."""

ENDLESS = {"stream_notifications", "stream_events"}
"""Streams have no end to wait for: tests/api/test_stream.py and test_feed.py follow them."""

SIGNED = {"receive_provider_callback"}
"""Schemathesis cannot sign what the provider tells: tests/api/test_provider_callbacks.py does."""


async def test_every_operation_of_the_document_is_asked_for_in_some_role(api: Api) -> None:
    operations = {one.name: one for one in await documented(api)}
    asked = frozenset().union(*OPERATIONS.values())
    assert asked == operations.keys() - ENDLESS - SIGNED
    for name, one in operations.items():
        streams = "text/event-stream" in str(one.said["responses"].get("200", {}).get("content"))
        assert streams == (name in ENDLESS), name
    for name in SIGNED:
        assert not operations[name].is_guarded
        assert operations[name].documents("callback_unsigned")


@pytest.mark.parametrize("role", list(OPERATIONS))
async def test_no_answer_to_any_role_departs_from_the_document(
    api: Api, tmp_path: Path, role: str
) -> None:
    stock = await stock_of_everything(api, role)
    caller = {"platform": api.platform, "merchant": api.merchant, "consumer": api.consumer()}[role]
    config, key = tmp_path / "schemathesis.toml", caller.credential()
    config.write_text(_config(api.url, key, stock))
    before = await _granted(api)
    code, output = await _schemathesis(api.url, config, stock, OPERATIONS[role])
    assert code == 0, output
    followed = re.search(r"API Links: +([0-9]+) covered", output)
    assert followed is not None, output
    assert int(followed[1]) >= LINKS_FOLLOWED_MIN, output
    granted = await _granted(api) - before
    assert {name for name, _ in granted} == OPERATIONS[role]


def _config(url: str, key: str | None, stock: Stock) -> str:
    drawn = "\n".join(
        f"[dictionaries.{name}]\nvalues = {json.dumps(values)}"
        for name, values in stock.drawn.items()
    )
    parameters = "\n".join(
        f'"path.{name}" = {{ dictionary = "{name}", probability = 0.8 }}' for name in stock.drawn
    )
    of_endpoints = [f"{v}_{owner}{noun}" for v, noun in OF_ENDPOINTS for owner in ("", "platform_")]
    return CONFIG.format(
        url=url, key=key, drawn=drawn, parameters=parameters, of_endpoints=of_endpoints
    )


async def _schemathesis(
    url: str, config: Path, stock: Stock, names: frozenset[str]
) -> tuple[int | None, str]:
    """Run schemathesis over some operations and return how it ended and what it wrote."""
    include = [f"--include-operation-id={name}" for name in sorted(names)]
    running = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "schemathesis.cli", f"--config-file={config}", "run"),
        *(f"{url}/openapi.json", "--no-color", *include),
        cwd=ROOT,
        env={**os.environ, "CONTRACT_GRANTABLE": json.dumps(stock.grantable)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await running.communicate()
    finally:
        if running.returncode is None:
            running.kill()
    return running.returncode, output.decode()


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

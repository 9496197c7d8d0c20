"""Bulk import over the API until the orders are in the list, against COPY of the same events."""

import itertools
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg

from tools.bench.baseline import EVENT_COLUMNS
from tools.bench.figures import Part
from tools.bench.http_load import Load, LoadProcess, http_request, load_process
from tools.bench.merchants import platform_key
from tools.bench.orders import EVENTS_PER_ORDER, shop_number
from tools.bench.processes import api_process, worker_process
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run
from tools.bench.seeding import readers_caught_up

ORDERS_PER_ROUND = 2_000

_numbers = itertools.count(1)
_NEWEST = f"""
SELECT {", ".join(EVENT_COLUMNS)} FROM after_sales.events ORDER BY recorded_at DESC LIMIT $1
"""


async def measure_import(run: Run) -> Part:
    """Import orders that are shipped and received; the events are three an order."""
    events = ORDERS_PER_ROUND * EVENTS_PER_ORDER
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        key = await platform_key(connection)
        with worker_process(url), api_process(url) as port, load_process() as process:

            async def subject() -> Round:
                began = time.perf_counter()
                await _import(process, port, key)
                await readers_caught_up(connection)
                return Round(seconds=time.perf_counter() - began, operations=events)

            async def baseline() -> Round:
                rows = [tuple(row) for row in await connection.fetch(_NEWEST, events)]
                await connection.execute("TRUNCATE bench.events")
                began = time.perf_counter()
                await connection.copy_records_to_table(
                    "events", schema_name="bench", columns=EVENT_COLUMNS, records=rows
                )
                return Round(seconds=time.perf_counter() - began, operations=events)

            await subject()
            found = await in_turns(run.rounds, subject, baseline, run.on_step)
        await connection.close()
    figure = found.throughput(
        "bulk import over the API, events in the list",
        0.25,
        orders_per_request=ORDERS_PER_ROUND,
        events_per_order=EVENTS_PER_ORDER,
    )
    return Part(
        figures=(figure,),
        notes=(
            f"import: one NDJSON request of {ORDERS_PER_ROUND:,} orders, {EVENTS_PER_ORDER} events "
            "each, validated and decided line by line; until every view is current. Baseline: one "
            "COPY of the same rows into a table with the log's columns and indexes.",
        ),
    )


async def _import(process: LoadProcess, port: int, key: str) -> None:
    lines = [json.dumps(_line(next(_numbers))) for _ in range(ORDERS_PER_ROUND)]
    request = http_request(
        "POST",
        "/v1/platform/orders/import",
        "\n".join(lines).encode(),
        content_type="application/x-ndjson",
        authorization=f"Bearer {key}",
    )
    await process.send(Load(port=port, connections=1, requests=[request]))


def _line(number: int) -> dict[str, Any]:
    created_at = datetime.now(UTC) - timedelta(days=20)
    return {
        "shop_id": shop_number(number),
        "order_id": f"imported-{number:07d}",
        "buyer_id": f"buyer-{number}",
        "created_at": created_at.isoformat(),
        "payment": {
            "method": "online",
            "channel": "alipay",
            "amount": {"amount": 17_400, "currency": "CNY"},
            "paid_at": created_at.isoformat(),
        },
        "items": [_item(1, 12_900), _item(2, 4_500)],
        "business_line": "general",
        "commission": {
            "talent_basis_points": 1_000,
            "agency_basis_points": 200,
            "service_fee_basis_points": 60,
        },
        "shipped_at": (created_at + timedelta(days=1)).isoformat(),
        "receipt_confirmed_at": (created_at + timedelta(days=4)).isoformat(),
    }


def _item(number: int, amount: int) -> dict[str, Any]:
    return {
        "item_id": f"item-{number}",
        "sku": f"sku-{number}",
        "title": "羊毛围巾",
        "kind": "physical",
        "quantity": 1,
        "amount_paid": amount,
    }

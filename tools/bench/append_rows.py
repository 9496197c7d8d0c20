"""Appending through the append batcher, against one autocommit INSERT per command."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.event_store.announcer import Announcer
from app.event_store.append import Append, Written
from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import OwnConnection
from app.event_store.streams import order_stream, partition_of
from app.postgres.pool import Pool, connect
from tools.bench.baseline import insert_event, like
from tools.bench.closed_loop import closed_loop
from tools.bench.figures import Figure, Part
from tools.bench.orders import encoded, received_order, shop_number
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run, pool_of, settings_for

ROUND_SECONDS = 1.0

SAMPLE = encoded(received_order("shop-000", "order-sample")[0])
_orders = itertools.count(1)


async def measure_append(run: Run) -> Part:
    """Append single events spread over 100 shops, at 32 and at 128 concurrent."""
    async with run.database() as url, batcher_of(url) as batcher:
        figures = [
            *await _compare(run, url, batcher, concurrent=32, hot=False, target=2.5),
            *await _compare(run, url, batcher, concurrent=128, hot=False, target=4.0),
        ]
    return Part(figures=tuple(figures), notes=_NOTES)


async def measure_hot_shop(run: Run) -> Part:
    """Append single events of one shop, hence of one partition, at 32 concurrent."""
    async with run.database() as url, batcher_of(url) as batcher:
        figures = await _compare(run, url, batcher, concurrent=32, hot=True, target=2.0)
    return Part(figures=tuple(figures), notes=_NOTES)


@asynccontextmanager
async def batcher_of(url: str, *, announced: bool = False) -> AsyncIterator[AppendBatcher]:
    """Open an append batcher on a database; it wakes workers if ``announced``."""
    settings = settings_for(url)

    async def own_connection() -> OwnConnection:
        return await connect(url, settings)

    async with Announcer(own_connection) as announcer:
        announce = announcer.announce if announced else (lambda: None)
        async with AppendBatcher(own_connection, announce=announce) as batcher:
            yield batcher


async def append_one(batcher: AppendBatcher, *, hot: bool = False) -> None:
    """Append one event that begins a stream."""
    partition_id, stream_id = _next_stream(hot)
    event = like(SAMPLE, SAMPLE.occurred_at)
    item = Append(
        partition_id=partition_id, stream_id=stream_id, expected_version=0, events=(event,)
    )
    outcome = await batcher.append(item)
    if not isinstance(outcome, Written):
        raise TypeError(f"not written: {outcome}")


async def _compare(
    run: Run, url: str, batcher: AppendBatcher, *, concurrent: int, hot: bool, target: float
) -> list[Figure]:
    async with pool_of(url, concurrent) as pool:

        async def subject() -> Round:
            return await closed_loop(
                lambda: append_one(batcher, hot=hot), concurrent=concurrent, seconds=ROUND_SECONDS
            )

        async def baseline() -> Round:
            return await _inserting(pool, concurrent, ROUND_SECONDS, hot=hot)

        found = await in_turns(run.rounds, subject, baseline, run.on_step)
    spread = "one hot shop" if hot else "100 shops"
    what = f"append, {spread}, {concurrent} at a time"
    conditions = {
        "concurrent": concurrent,
        "baseline_connections": concurrent,
        "data_bytes": len(SAMPLE.data),
        "metadata_bytes": len(SAMPLE.metadata),
    }
    return [
        found.throughput(what, target, **conditions),
        found.latency(f"{what}: p99", 0.99, 1.0, **conditions),
    ]


async def _inserting(pool: Pool, concurrent: int, seconds: float, *, hot: bool) -> Round:
    async def one() -> None:
        partition_id, stream_id = _next_stream(hot)
        await insert_event(pool, partition_id, stream_id, 1, like(SAMPLE, SAMPLE.occurred_at))

    return await closed_loop(one, concurrent=concurrent, seconds=seconds)


def _next_stream(hot: bool) -> tuple[int, str]:
    number = next(_orders)
    shop_id = shop_number(0 if hot else number)
    return partition_of(shop_id), order_stream(shop_id, f"order-{number}")


_NOTES = (
    f"append: 1 event a command (data {len(SAMPLE.data)} B, metadata {len(SAMPLE.metadata)} B), "
    "each beginning a stream; from the item in memory to its outcome, commit included. Baseline: "
    "one autocommit INSERT of the same row into a table with the log's columns and indexes, "
    "prepared, through as many asyncpg connections as there are commands at a time.",
)

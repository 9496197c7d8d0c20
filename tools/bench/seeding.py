"""Fills the log of a database, and waits for the readers to have caught up with it."""

import asyncio
from collections.abc import Sequence

import asyncpg

from tools.bench.append_rows import batcher_of
from tools.bench.orders import appends_of, received_order, shop_number

CATCH_UP_SECONDS_MAX = 300.0

# Readers are known once their checkpoints are there; a worker sees to that when it starts.
_BEHIND_AFTER_A_MOMENT = """
SELECT count(*) FILTER (WHERE c.position IS NULL OR c.position < h.position)
FROM (SELECT pg_sleep(0.02)) AS moment CROSS JOIN after_sales.log_heads AS h
LEFT JOIN after_sales.checkpoints AS c ON c.partition_id = h.partition_id
"""


async def seed_received_orders(url: str, count: int) -> list[tuple[str, str]]:
    """Append orders whose entry may be opened; return their shops and ids."""
    places = [(shop_number(number), f"order-{number:07d}") for number in range(count)]
    async with batcher_of(url) as batcher:
        for start in range(0, count, 2_000):
            chunk = places[start : start + 2_000]
            await asyncio.gather(
                *(batcher.append(appends_of(*place, received_order(*place))) for place in chunk)
            )
    return places


async def readers_caught_up(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Wait until every reader has applied every event; TimeoutError if that takes too long."""
    async with asyncio.timeout(CATCH_UP_SECONDS_MAX):
        while await connection.fetchval(_BEHIND_AFTER_A_MOMENT):
            pass


async def tidy(connection: "asyncpg.Connection[asyncpg.Record]") -> None:
    """Vacuum, analyse and checkpoint now, so that it does not happen during a measurement."""
    for statement in ("VACUUM ANALYZE", "CHECKPOINT"):
        await connection.execute(statement)


def by_round(places: Sequence[tuple[str, str]], per_round: int) -> list[Sequence[tuple[str, str]]]:
    """Split orders into portions for the rounds, since a command uses its order up."""
    return [places[start : start + per_round] for start in range(0, len(places), per_round)]

"""A long export over a slow connection: read as it is sent, in little memory, broken off fairly.

The body is far longer than all that sockets keep between server and client.
"""

import asyncio
import re
import socket
import tracemalloc
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest

from app.access.keys import create_key, end_key
from app.event_store.recorded_event import Role
from app.event_store.streams import partition_of
from tests.support.api import SHOP, Api, until
from tests.support.story import applied, done

EXPORT = f"/v1/shops/{SHOP}/tickets.csv"
ROWS = 12_000
BODY_BYTES_MIN = 20_000_000
PATIENCE_SECONDS = 60

# Copies of one ticket, each a second older than the one before and with 600 characters of text.
COPY = """
INSERT INTO after_sales.tickets
    (partition_id, shop_id, ticket_id, order_id, buyer_id, overdue, created_at, type, state,
     waiting_for, reason, amount, due_at, due_action, position, doc)
SELECT t.partition_id, t.shop_id, 'copy-' || n || '-1', 'copy-' || n, t.buyer_id, t.overdue,
       t.created_at - n * interval '1 second', t.type, t.state, t.waiting_for, t.reason, t.amount,
       t.due_at, t.due_action, t.position,
       t.doc || jsonb_build_object('ticket_id', 'copy-' || n || '-1',
                                   'description', repeat('长', 600))
FROM after_sales.tickets AS t, generate_series(1, $3) AS n
WHERE t.partition_id = $1 AND t.shop_id = $2
"""

CHANGE_OLDEST = """
UPDATE after_sales.tickets SET doc = doc || jsonb_build_object('description', 'changed since')
WHERE partition_id = $1 AND shop_id = $2 AND ticket_id = 'copy-' || $3 || '-1'
"""

IN_TRANSACTION = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND state LIKE 'idle in transaction%'
"""


@pytest.fixture
async def big(api: Api) -> Api:
    """Serve a shop with many tickets that say much."""
    await applied(api)
    await api.follow()
    await api.resources.pool.execute(COPY, partition_of(SHOP), SHOP, ROWS)
    return api


class Export:
    """An export being received, no faster than it is read."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader
        self.received_bytes = 0

    async def chunk(self) -> bytes:
        """Return the next chunk of the transfer coding; empty at its end."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            size = int(await self._reader.readuntil(b"\r\n"), 16)
            chunk = await self._reader.readexactly(size + 2)
        self.received_bytes += size
        return chunk[:-2]

    async def last_chunk(self) -> bytes:
        """Read to the end and return the last chunk that is not empty."""
        last, chunk = b"", await self.chunk()
        while chunk:
            last, chunk = chunk, await self.chunk()
        return last


@asynccontextmanager
async def exporting(api: Api, credential: str | None = None) -> AsyncIterator[Export]:
    """Ask for an export over a connection that keeps little, and read its head."""
    url = httpx.URL(api.url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
    connection.setblocking(False)
    await asyncio.get_running_loop().sock_connect(connection, (url.host, url.port))
    reader, writer = await asyncio.open_connection(sock=connection, limit=16_384)
    head = (
        f"GET {EXPORT} HTTP/1.1\r\nHost: tests\r\n"
        f"Authorization: Bearer {credential or api.merchant.credential()}\r\n\r\n"
    )
    writer.write(head.encode())
    try:
        answered = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        assert answered.startswith("http/1.1 200")
        assert "transfer-encoding: chunked" in answered
        assert "content-length" not in answered
        yield Export(reader)
    finally:
        writer.close()


async def test_the_first_rows_arrive_before_the_last_are_read(big: Api) -> None:
    async with exporting(big) as export:
        first = await export.chunk() + await export.chunk()
        assert first.startswith(b"ticket_id,")
        assert first.count(b"\r\n") > 1
        changed = (CHANGE_OLDEST, partition_of(SHOP), SHOP, str(ROWS))
        assert await big.resources.pool.execute(*changed) == "UPDATE 1"
        last = (await export.last_chunk()).decode().splitlines()[-1]
        assert last.startswith(f"copy-{ROWS}-1,")
        assert ",changed since," in last
        assert export.received_bytes > BODY_BYTES_MIN


async def test_an_export_takes_little_memory_however_long_it_is(big: Api) -> None:
    tracemalloc.start()
    try:
        async with exporting(big) as export:
            await export.last_chunk()
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert export.received_bytes > BODY_BYTES_MIN
    assert peak_bytes < BODY_BYTES_MIN / 2


async def test_nothing_is_held_for_a_client_that_does_not_read_and_it_may_leave(big: Api) -> None:
    async with exporting(big) as export:
        await export.chunk()

        async def nothing_held() -> bool:
            return int(await big.resources.pool.fetchval(IN_TRANSACTION)) == 0

        await until(nothing_held)
        done(await big.merchant.get(f"/v1/shops/{SHOP}/tickets", {"limit": 1}))
        assert await _ended(big) == 0

    async def ended() -> bool:
        return await _ended(big) == 1

    await until(ended)
    done(await big.merchant.get(f"/v1/shops/{SHOP}/tickets", {"limit": 1}))


async def test_an_export_whose_key_is_revoked_is_broken_off_and_not_merely_ended(big: Api) -> None:
    pool = big.resources.pool
    key = await create_key(pool, role=Role.MERCHANT, shop_id=SHOP, name="export")
    async with exporting(big, key) as export:
        await export.chunk()
        await end_key(pool, key.split("_")[1], big.clock.now())
        big.clock.advance(timedelta(seconds=5))
        with pytest.raises(asyncio.IncompleteReadError):
            await export.last_chunk()


async def test_an_export_that_loses_its_table_is_broken_off_and_not_merely_ended(
    big: Api,
) -> None:
    async with exporting(big) as export:
        await export.chunk()
        await big.resources.pool.execute("ALTER TABLE after_sales.tickets RENAME TO gone")
        with pytest.raises(asyncio.IncompleteReadError):
            await export.last_chunk()
    refused: dict[str, Any] = (await big.merchant.get(EXPORT)).json()
    assert refused["status"] == 500


async def _ended(api: Api) -> float:
    """Return how many exports have come to their end, this way or another."""
    metrics = (await api.client.get("/metrics")).text
    found = re.search(r'_seconds_count{[^}]*route="[^"]*tickets.csv"[^}]*} ([0-9.]+)', metrics)
    return float(found[1]) if found else 0

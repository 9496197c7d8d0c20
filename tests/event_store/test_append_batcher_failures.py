"""The batcher when the database goes away: right outcomes, and back by itself."""

import asyncio
from contextlib import suppress

import asyncpg
import pytest

from app.event_store.append import (
    AppendFailed,
    AppendOutcomeUnknown,
    EventStoreUnavailable,
    Written,
)
from app.event_store.append_batcher import AppendBatcher
from app.event_store.append_queue import AppendLimits
from app.event_store.connections import Connect, OwnConnection
from tests.event_store.polling import until, until_blocked
from tests.event_store.samples import returns
from tests.event_store.test_append_batcher import begin, heads_locked, streams

TERMINATE_OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


async def test_a_connection_lost_while_idle_costs_no_append(
    connect: Connect, connection: OwnConnection
) -> None:
    opened: list[OwnConnection] = []

    async def connect_and_note() -> OwnConnection:
        opened.append(await connect())
        return opened[-1]

    async def known_to_be_lost() -> bool:
        return opened[0].is_closed()

    async with AppendBatcher(connect_and_note, writers=1) as batcher:
        await batcher.append(returns("before"))
        await connection.fetch(TERMINATE_OTHERS)
        await until(known_to_be_lost)

        after = await batcher.append(returns("after"))

    assert len(opened) == 2
    assert after == Written(version=1, first_position=2, partition_id=1)


async def test_a_connection_lost_under_a_batch_leaves_its_outcome_unknown(
    connect: Connect, connection: OwnConnection
) -> None:
    async with AppendBatcher(connect, writers=1) as batcher:
        async with heads_locked(connection):
            in_flight = begin(batcher, returns("a"), returns("b"))
            await until_blocked(connection)
            waiting = begin(batcher, returns("c"))
            await connection.fetch(TERMINATE_OTHERS)
            lost = await asyncio.gather(*in_flight, return_exceptions=True)
        later = await asyncio.gather(*waiting)

    assert [type(outcome) for outcome in lost] == [AppendOutcomeUnknown] * 2
    assert [type(outcome) for outcome in later] == [Written]
    assert await streams(connection) == {"c": 1}


async def test_a_statement_that_takes_too_long_leaves_its_outcome_unknown(
    connect: Connect, connection: OwnConnection
) -> None:
    limits = AppendLimits(statement_timeout_seconds=0.2)
    async with AppendBatcher(connect, limits=limits) as batcher:
        async with heads_locked(connection):
            with pytest.raises(AppendOutcomeUnknown):
                await batcher.append(returns("a"))
        assert type(await batcher.append(returns("b"))) is Written


async def test_without_a_server_nothing_is_written_and_the_batcher_reconnects(
    connect: Connect, database: str
) -> None:
    reachable = False

    async def connect_if_reachable() -> OwnConnection:
        if reachable:
            return await connect()
        return await asyncpg.connect("postgresql://nobody@127.0.0.1:1/nowhere")

    async with AppendBatcher(connect_if_reachable) as batcher:
        refused = await asyncio.gather(
            *begin(batcher, returns("a"), returns("b")), return_exceptions=True
        )
        reachable = True

        async def written() -> bool:
            with suppress(EventStoreUnavailable):
                return type(await batcher.append(returns("c"))) is Written
            return False

        await until(written)

    assert [type(outcome) for outcome in refused] == [EventStoreUnavailable] * 2


async def test_a_server_that_takes_no_writes_is_unavailable(
    connect: Connect, connection: OwnConnection
) -> None:
    name = await connection.fetchval("SELECT current_database()")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    async with AppendBatcher(connect, writers=1) as batcher:
        with pytest.raises(EventStoreUnavailable):
            await batcher.append(returns("a"))
        await connection.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only")

        assert type(await batcher.append(returns("a"))) is Written


async def test_appends_that_get_an_outcome_are_there_however_often_connections_die(
    connect: Connect, connection: OwnConnection
) -> None:
    outcomes: dict[str, object] = {}

    async def append_some(batcher: AppendBatcher, client: int) -> None:
        for number in range(20):
            stream_id = f"{client}-{number}"
            try:
                outcomes[stream_id] = await batcher.append(returns(stream_id, readers=("a", "b")))
            except AppendFailed as failure:
                outcomes[stream_id] = failure

    async with AppendBatcher(connect) as batcher:
        clients = [asyncio.create_task(append_some(batcher, client)) for client in range(10)]
        busy = set(clients)
        while busy:
            await connection.fetch(TERMINATE_OTHERS)
            _, busy = await asyncio.wait(busy, timeout=0.02)

    stored = await streams(connection)
    for stream_id, outcome in outcomes.items():
        match outcome:
            case Written():
                assert stored[stream_id] == 2
            case AppendOutcomeUnknown():
                assert stored.get(stream_id, 2) == 2
            case _:
                assert stream_id not in stored

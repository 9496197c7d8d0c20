"""Reading back: whole, in order, with one statement, and never by scanning the log."""

from dataclasses import replace
from datetime import timedelta

import asyncpg
import pytest

from app.event_store.codec import UndecodableEvent
from app.event_store.connections import Connect, OwnConnection
from app.event_store.log import EventLog, StoredRequest, read_heads, read_places_stored
from tests.event_store.conftest import AppendBatch
from tests.event_store.samples import (
    METADATA,
    NOW,
    BookLent,
    LibraryEvent,
    Title,
    new_event,
    raw_event,
    request,
    returns,
)


async def test_an_event_comes_back_with_everything_that_was_said_about_it(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    event = BookLent(reader="阿达", title=Title(name="Emma", pages=474), due_on=NOW.date())
    item = replace(returns("a"), events=(new_event(event),))
    await append_batch(item)

    [recorded] = await log.read_stream(connection, 1, "a")

    assert recorded.event == event
    assert recorded.metadata == METADATA
    assert recorded.event_id == item.events[0].event_id
    assert (recorded.partition_id, recorded.stream_id) == (1, "a")
    assert (recorded.version, recorded.position) == (1, 1)
    assert recorded.occurred_at == NOW
    assert recorded.occurred_at.utcoffset() == timedelta(0)
    assert recorded.recorded_at > NOW


async def test_a_stream_is_read_from_where_one_knows_it(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    await append_batch(returns("a", readers=("ada", "bob", "cyd", "dan")), returns("b"))

    tail = await log.read_stream(connection, 1, "a", after_version=1, limit=2)

    assert [(event.version, event.event.reader) for event in tail] == [(2, "bob"), (3, "cyd")]


async def test_loading_gives_the_events_of_a_stream_when_the_request_is_new(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    await append_batch(returns("a", readers=("ada", "bob"), idempotency=request("earlier")))

    loaded = await log.load(connection, 1, "a", scope="shop-1", key="now")
    without_key = await log.load(connection, 1, "a", after_version=1)

    assert loaded.request is None
    assert [event.version for event in loaded.events] == [1, 2]
    assert [event.version for event in without_key.events] == [2]


async def test_loading_gives_the_answer_of_a_request_that_was_made_before(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    await append_batch(returns("a", idempotency=request("k")))

    loaded = await log.load(connection, 1, "a", scope="shop-1", key="k")
    elsewhere = await log.load(connection, 2, "a", scope="shop-1", key="k")

    assert loaded.request == StoredRequest(fingerprint=b"body", status=201, response=b"answer to k")
    assert loaded.events == []
    assert elsewhere.request is None


async def test_an_event_nobody_knows_is_an_error_and_not_left_out(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    await append_batch(replace(returns("a"), events=(raw_event("{}", event_type="BookBurnt"),)))

    with pytest.raises(UndecodableEvent, match="BookBurnt v1: unknown event type"):
        await log.read_stream(connection, 1, "a")


async def test_metadata_nobody_knows_is_an_error_too(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    odd = replace(returns("a").events[0], metadata='{"actor": null}')
    await append_batch(replace(returns("a"), events=(odd,)))

    with pytest.raises(UndecodableEvent, match="metadata: actor"):
        await log.read_partition(connection, 1, limit=10)


async def test_what_follows_several_places_is_read_at_once(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(returns("a", readers=("ada", "bob", "cyd")))

    rows = await read_places_stored(connection, [(1, 0), (1, 2), (5, 0)], limit_each=2)

    positions = {place: [row.position for row in found] for place, found in rows.items()}
    assert positions == {(1, 0): [1, 2], (1, 2): [3], (5, 0): []}


async def test_every_partition_has_a_head_from_the_start(connection: OwnConnection) -> None:
    assert await read_heads(connection) == dict.fromkeys(range(64), 0)


async def test_no_statement_scans_the_log(
    append_batch: AppendBatch, connection: OwnConnection, log: EventLog[LibraryEvent]
) -> None:
    # In one transaction, because that is what this view counts; and often enough for the plans
    # that a connection keeps to be in use.
    async with connection.transaction():
        for number in range(12):
            await append_batch(returns(f"s{number}", idempotency=request(f"k{number}")))
            await log.load(connection, 1, "s1", scope="shop-1", key="other")
            await log.read_stream(connection, 1, "s1")
            await log.read_partition(connection, 1, after_position=number, limit=5)
            await read_places_stored(connection, [(1, number), (2, 0)], limit_each=5)
        scans = await connection.fetch(
            "SELECT relname, seq_scan FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('events', 'idempotency_keys') AND seq_scan > 0"
        )

    assert [tuple(row) for row in scans] == []


async def test_statements_work_without_names_as_a_pooler_needs_them(
    database: str, connect: Connect, log: EventLog[LibraryEvent]
) -> None:
    connection = await asyncpg.connect(database, statement_cache_size=0)

    assert await log.read_stream(connection, 1, "a") == []

    await connection.close()

"""Loads that arrive together: one query, and an outcome for each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from uuid_utils.compat import uuid7

from app.event_store.append import Append, IdempotentRequest, NewEvent, Written
from app.event_store.append_batcher import AppendBatcher
from app.event_store.codec import UndecodableEvent
from app.event_store.connections import OwnConnection, Queryable
from app.event_store.log import StoredRequest
from app.event_store.stream_loader import StreamLoader, Wanted
from app.event_types.registry import order_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.topology import Topology
from tests.event_store.samples import METADATA
from tests.support.orders import received_order

CODEC = order_codec()
EVENTS = received_order().events


class Counting:
    """A database that counts its queries, and answers none while it is not `answering`."""

    def __init__(self, database: Queryable) -> None:
        self.queries = 0
        self.asked = asyncio.Event()
        self.answering = asyncio.Event()
        self.answering.set()
        self._database = database

    async def fetch(self, query: str, *args: Any) -> list[asyncpg.Record]:
        """Count the query and run it."""
        self.queries += 1
        self.asked.set()
        await self.answering.wait()
        return await self._database.fetch(query, *args)

    async def fetchrow(self, query: str, *args: Any) -> asyncpg.Record | None:
        """Count the query and run it."""
        self.queries += 1
        return await self._database.fetchrow(query, *args)


@pytest.fixture
def counting(resources: Resources) -> Counting:
    return Counting(resources.pool)


@pytest.fixture(params=list(Topology))
def loads(counting: Counting, request: pytest.FixtureRequest) -> StreamLoader:
    """Return a stream loader, once for each kind of database."""
    return StreamLoader(counting, request.param)


@pytest.fixture
async def appends(resources: Resources) -> AsyncIterator[AppendBatcher]:
    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    async with AppendBatcher(own_connection) as batcher:
        yield batcher


def place(number: int, key: str | None = None) -> Wanted:
    return Wanted(
        partition_id=number % 64, stream_id=f"stream-{number}", scope=key and "scope", key=key
    )


async def written(
    batcher: AppendBatcher,
    wanted: Wanted,
    *events: NewEvent,
    request: IdempotentRequest | None = None,
) -> None:
    item = Append(
        partition_id=wanted.partition_id,
        stream_id=wanted.stream_id,
        expected_version=0,
        events=events,
        idempotency=request,
    )
    assert isinstance(await batcher.append(item), Written)


def stored(count: int) -> tuple[NewEvent, ...]:
    """Return the first events of an order, encoded."""
    return tuple(an_event(encoded.type, encoded.data) for encoded in map(CODEC.encode, EVENTS))[
        :count
    ]


def an_event(event_type: str, data: str) -> NewEvent:
    return NewEvent(
        event_id=uuid7(),
        type=event_type,
        schema_version=1,
        data=data,
        metadata=CODEC.encode_metadata(METADATA),
        occurred_at=EVENTS[0].at,
    )


async def test_each_of_many_loads_gets_its_own_stream(
    appends: AppendBatcher, loads: StreamLoader
) -> None:
    places = [place(number) for number in range(200)]
    await asyncio.gather(
        *(written(appends, one, *stored(n % 4)) for n, one in enumerate(places) if n % 4)
    )
    found = await asyncio.gather(*(loads.load(one, CODEC) for one in places))
    for number, loaded in enumerate(found):
        assert [one.event for one in loaded.events] == list(EVENTS[: number % 4])
        assert {one.stream_id for one in loaded.events} <= {f"stream-{number}"}


async def test_loads_that_arrive_together_share_queries(counting: Counting) -> None:
    loads = StreamLoader(counting, Topology.SINGLE)
    await asyncio.gather(*(loads.load(place(number), CODEC) for number in range(100)))
    assert counting.queries == 1


async def test_on_a_cluster_every_load_is_a_query_of_its_own(counting: Counting) -> None:
    loads = StreamLoader(counting, Topology.CITUS)
    await asyncio.gather(*(loads.load(place(number), CODEC) for number in range(10)))
    assert counting.queries == 10


async def test_a_request_answered_before_comes_instead_of_the_events(
    appends: AppendBatcher, loads: StreamLoader
) -> None:
    request = IdempotentRequest(
        scope="scope", key="key-1", fingerprint=b"body", status=201, response=b"answer"
    )
    await written(appends, place(1), *stored(2), request=request)
    again, other_key, no_key = await asyncio.gather(
        *(loads.load(place(1, key), CODEC) for key in ("key-1", "key-2", None))
    )
    assert again.request == StoredRequest(fingerprint=b"body", status=201, response=b"answer")
    assert (again.events, other_key.request, no_key.request) == ([], None, None)
    assert len(other_key.events) == len(no_key.events) == 2


async def test_a_stream_that_cannot_be_read_fails_alone(
    appends: AppendBatcher, loads: StreamLoader
) -> None:
    await written(appends, place(1), an_event("NeverHeardOf", "{}"))
    await written(appends, place(2), *stored(1))
    unreadable, readable = await asyncio.gather(
        loads.load(place(1), CODEC), loads.load(place(2), CODEC), return_exceptions=True
    )
    assert isinstance(unreadable, UndecodableEvent)
    assert not isinstance(readable, BaseException)
    assert len(readable.events) == 1


async def test_a_load_that_the_database_refuses_fails_alone(
    appends: AppendBatcher, loads: StreamLoader
) -> None:
    await written(appends, place(2), *stored(1))
    refused = Wanted(partition_id=1, stream_id="no\0text")
    answers = await asyncio.gather(
        *(loads.load(one, CODEC) for one in (refused, place(2), place(3))),
        return_exceptions=True,
    )
    assert isinstance(answers[0], asyncpg.PostgresError)
    assert [len(one.events) for one in answers[1:] if not isinstance(one, BaseException)] == [1, 0]


async def test_who_stops_waiting_harms_nobody(
    appends: AppendBatcher, loads: StreamLoader, counting: Counting
) -> None:
    await written(appends, place(2), *stored(1))
    counting.answering.clear()
    impatient = asyncio.create_task(loads.load(place(1), CODEC))
    patient = asyncio.create_task(loads.load(place(2), CODEC))
    await counting.asked.wait()
    impatient.cancel()
    await asyncio.gather(impatient, return_exceptions=True)
    counting.answering.set()
    async with asyncio.timeout(10):
        assert len((await patient).events) == 1
    assert impatient.cancelled()

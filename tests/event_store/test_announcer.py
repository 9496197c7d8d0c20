"""Announcements: soon, few, and harmless when they fail."""

import asyncio

import asyncpg

from app.event_store.announcer import LOG_CHANNEL, Announcer
from app.event_store.append import Written
from app.event_store.append_lane import AppendLane
from app.event_store.connections import Connect, OwnConnection
from tests.event_store.polling import DEADLINE_SECONDS
from tests.event_store.samples import returns


async def test_appending_is_announced_to_whoever_listens(
    connect: Connect, connection: OwnConnection
) -> None:
    heard = asyncio.Event()
    await connection.add_listener(LOG_CHANNEL, lambda *_: heard.set())

    async with (
        Announcer(connect) as announcer,
        AppendLane(connect, announce=announcer.announce) as lane,
    ):
        await lane.append(returns("a"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await heard.wait()


async def test_a_conflict_is_not_announced(connect: Connect) -> None:
    announced = []
    async with AppendLane(connect, announce=lambda: announced.append(1)) as lane:
        await lane.append(returns("a", 7))
        assert announced == []
        await lane.append(returns("a"))
        assert announced == [1]


async def test_many_appends_make_few_announcements(
    connect: Connect, connection: OwnConnection
) -> None:
    heard: list[str] = []
    twice = asyncio.Event()

    def hear(_connection: object, _pid: int, _channel: str, payload: object) -> None:
        heard.append(str(payload))
        if len(heard) == 2:
            twice.set()

    await connection.add_listener(LOG_CHANNEL, hear)
    async with Announcer(connect, interval_seconds=0.05) as announcer:
        for _ in range(1_000):
            announcer.announce()
            await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not heard:
                await connection.execute("SELECT 1")
        announcer.announce()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await twice.wait()

    assert len(heard) < 20


async def test_an_announcement_that_fails_harms_no_append(connect: Connect) -> None:
    async def never() -> OwnConnection:
        return await asyncpg.connect("postgresql://nobody@127.0.0.1:1/nowhere")

    async with (
        Announcer(never) as announcer,
        AppendLane(connect, announce=announcer.announce) as lane,
    ):
        for number in range(5):
            assert type(await lane.append(returns(f"s{number}"))) is Written

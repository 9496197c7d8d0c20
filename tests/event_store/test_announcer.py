"""Announcements: soon, few, and harmless when they fail."""

import asyncio

import asyncpg

from app.event_store.announcer import LOG_CHANNEL, Announcer
from app.event_store.append import Written
from app.event_store.append_batcher import AppendBatcher
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
        AppendBatcher(connect, announce=announcer.announce) as batcher,
    ):
        await batcher.append(returns("a"))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await heard.wait()


async def test_a_conflict_is_not_announced(connect: Connect) -> None:
    announced = []
    async with AppendBatcher(connect, announce=lambda: announced.append(1)) as batcher:
        await batcher.append(returns("a", 7))
        assert announced == []
        await batcher.append(returns("a"))
        assert announced == [1]


async def test_within_an_interval_there_is_one_announcement(
    connect: Connect, connection: OwnConnection
) -> None:
    heard: list[str] = []
    await connection.add_listener(LOG_CHANNEL, lambda *message: heard.append(str(message)))
    async with Announcer(connect, interval_seconds=3_600) as announcer:
        announcer.announce()
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not heard:
                await connection.execute("SELECT 1")
        for _ in range(200):
            announcer.announce()
            await connection.execute("SELECT 1")

    assert len(heard) == 1


async def test_after_an_interval_the_next_announcement_is_made(
    connect: Connect, connection: OwnConnection
) -> None:
    heard: list[str] = []
    await connection.add_listener(LOG_CHANNEL, lambda *message: heard.append(str(message)))
    async with Announcer(connect) as announcer, asyncio.timeout(DEADLINE_SECONDS):
        while len(heard) < 3:
            announcer.announce()
            await connection.execute("SELECT 1")


async def test_an_announcement_that_fails_harms_no_append(connect: Connect) -> None:
    async def never() -> OwnConnection:
        return await asyncpg.connect("postgresql://nobody@127.0.0.1:1/nowhere")

    async with (
        Announcer(never) as announcer,
        AppendBatcher(connect, announce=announcer.announce) as batcher,
    ):
        for number in range(5):
            assert type(await batcher.append(returns(f"s{number}"))) is Written

"""Names are looked up once at a time, on threads that nobody has to wait for."""

import asyncio
import socket
from collections.abc import Sequence
from threading import Event, Semaphore

import pytest

from app.webhooks.ssrf_guard import SystemResolver

DEADLINE_SECONDS = 30.0


class Slow:
    """A name server that answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.answers = Event()
        self._came = Semaphore(0)

    async def has_been_asked(self, times: int) -> None:
        """Wait for that many more look-ups to have begun."""
        for _ in range(times):
            assert await asyncio.to_thread(self._came.acquire, timeout=DEADLINE_SECONDS)

    def __call__(self, host: str) -> Sequence[str]:
        self.asked.append(host)
        self._came.release()
        self.answers.wait(DEADLINE_SECONDS)
        if host.startswith("no"):
            raise socket.gaierror(socket.EAI_NONAME, "no such name")
        return [f"address of {host}"]


async def test_a_name_asked_for_many_times_is_looked_up_once_at_a_time() -> None:
    slow = Slow()
    resolver = SystemResolver(look_up=slow)
    asking = [asyncio.create_task(resolver.addresses("a")) for _ in range(20)]
    await asyncio.sleep(0)
    slow.answers.set()
    assert await asyncio.gather(*asking) == [["address of a"]] * 20
    assert slow.asked == ["a"]
    await resolver.addresses("a")
    assert slow.asked == ["a", "a"]


async def test_who_gives_up_on_a_name_does_not_take_it_from_the_others() -> None:
    slow = Slow()
    resolver = SystemResolver(look_up=slow)
    first, second = (asyncio.create_task(resolver.addresses("a")) for _ in range(2))
    await asyncio.sleep(0)
    first.cancel()
    slow.answers.set()
    assert await second == ["address of a"]
    assert first.cancelled()


async def test_only_so_many_names_are_looked_up_at_a_time() -> None:
    slow = Slow()
    resolver = SystemResolver(2, look_up=slow)
    asking = [asyncio.create_task(resolver.addresses(name)) for name in "abcd"]
    await slow.has_been_asked(2)
    assert sorted(slow.asked) == ["a", "b"]
    slow.answers.set()
    await asyncio.gather(*asking)
    assert sorted(slow.asked) == ["a", "b", "c", "d"]


async def test_a_name_without_an_address_fails_for_all_who_asked() -> None:
    slow = Slow()
    slow.answers.set()
    resolver = SystemResolver(look_up=slow)
    asking = [resolver.addresses("none") for _ in range(3)]
    found = await asyncio.gather(*asking, return_exceptions=True)
    assert [type(one) for one in found] == [socket.gaierror] * 3


async def test_closing_waits_for_no_name_server() -> None:
    slow = Slow()
    resolver = SystemResolver(look_up=slow)
    asking = asyncio.create_task(resolver.addresses("a"))
    await slow.has_been_asked(1)
    resolver.close()
    with pytest.raises(asyncio.CancelledError):
        await asking
    slow.answers.set()


async def test_the_system_knows_this_machine() -> None:
    assert "127.0.0.1" in await SystemResolver().addresses("localhost")

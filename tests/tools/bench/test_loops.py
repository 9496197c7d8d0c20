"""The loops that measure: closed ones in this process, HTTP from another."""

import asyncio

import pytest

from tools.bench.closed_loop import closed_loop, each_once
from tools.bench.http_load import Load, WrongAnswer, http_request, load_process


async def test_so_many_callers_are_at_work_at_a_time() -> None:
    at_work, most = 0, 0

    async def one(_item: int) -> None:
        nonlocal at_work, most
        at_work += 1
        most = max(most, at_work)
        await asyncio.sleep(0)
        at_work -= 1

    found = await each_once(range(100), one, concurrent=7)
    assert (most, found.operations, len(found.latencies_seconds)) == (7, 100, 100)


async def test_a_loop_over_a_time_counts_what_it_did() -> None:
    calls = 0

    async def one() -> None:
        nonlocal calls
        calls += 1
        await asyncio.sleep(0)

    found = await closed_loop(one, concurrent=3, seconds=0.01)
    assert found.operations == calls > 0


class _Server:
    """Answers every request with a status and notes what it was sent."""

    def __init__(self, status: int) -> None:
        self.heads: list[bytes] = []
        self._status = status

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                self.heads.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 %d Said\r\nContent-Length: 2\r\n\r\n{}" % self._status)
        except asyncio.IncompleteReadError:
            writer.close()


async def test_every_request_is_sent_once_and_timed() -> None:
    server = _Server(200)
    requests = [http_request("GET", f"/{number}", x_word="one") for number in range(20)]
    async with await asyncio.start_server(server.answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with load_process() as process:
            found = await process.send(Load(port=port, connections=3, requests=requests))
    assert sorted(server.heads) == sorted(requests)
    assert b"\r\nx-word: one\r\n" in server.heads[0]
    assert (found.operations, len(found.latencies_seconds)) == (20, 20)


async def test_an_answer_that_was_not_expected_ends_the_measurement() -> None:
    server = _Server(500)
    async with await asyncio.start_server(server.answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        load = Load(port=port, connections=1, requests=[http_request("GET", "/")])
        with load_process() as process, pytest.raises(WrongAnswer, match="500"):
            await process.send(load)

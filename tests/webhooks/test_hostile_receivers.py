"""What receivers can do to a sender: nothing, but fail the attempt in time."""

import asyncio
import tracemalloc
from contextlib import AsyncExitStack

import pytest

from app.webhooks.outcomes import (
    Attempt,
    ConnectionLost,
    Delivered,
    FailedAnswer,
    Outcome,
    Phase,
    TimedOut,
    TlsFailed,
)
from app.webhooks.sending import PIECES_MAX
from app.webhooks.ssrf_guard import TlsFault
from tests.webhooks.receivers import (
    Answering,
    Behaviour,
    Pointing,
    Raw,
    Resetting,
    endless_body,
    endless_chunks,
    endless_headers,
    endless_interim_answers,
    gzip_bomb,
    never_accepting,
    receiving,
    silent,
    slow_body,
    slow_headers,
    without_tls,
)
from tests.webhooks.small_sender import (
    A_MESSAGE,
    AUTHORITY,
    SOON_SECONDS,
    a_sender,
    a_target,
    answer,
    sent,
)

MEMORY_BYTES_MAX = 2_000_000
PART = b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n{"


@pytest.mark.parametrize(
    ("behaviour", "phase", "status"),
    [
        (silent, Phase.WAITING, None),
        (slow_headers(), Phase.WAITING, None),
        (slow_body(), Phase.READING, 200),
        (slow_body(500), Phase.READING, 500),
    ],
    ids=["silent", "slow headers", "slow body", "slow body of a failure"],
)
async def test_one_deadline_ends_whatever_is_slow(
    behaviour: Behaviour, phase: Phase, status: int | None
) -> None:
    outcome = await sent(behaviour, total_seconds=SOON_SECONDS)
    assert outcome == TimedOut(phase=phase, status=status)


async def test_one_deadline_ends_the_wait_for_who_lets_nobody_in() -> None:
    async with never_accepting() as receiver, a_sender(total_seconds=SOON_SECONDS) as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == TimedOut(phase=Phase.CONNECTING)


async def test_connecting_has_a_shorter_deadline_of_its_own() -> None:
    async with never_accepting() as receiver, a_sender(connect_seconds=SOON_SECONDS) as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == TimedOut(phase=Phase.CONNECTING)


async def test_one_deadline_ends_the_wait_for_tls_that_is_never_spoken() -> None:
    async with without_tls(b"") as receiver, a_sender(total_seconds=SOON_SECONDS) as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == TimedOut(phase=Phase.CONNECTING)


async def test_a_server_of_another_protocol_speaks_no_tls() -> None:
    async with without_tls(b"220 mail.example.com ready\r\n") as receiver, a_sender() as sender:
        attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert attempt.outcome == TlsFailed(fault=TlsFault.HANDSHAKE_FAILED)


async def test_one_deadline_ends_the_wait_for_a_name_server_that_never_answers() -> None:
    class Mute(Pointing):
        async def addresses(self, _: str) -> list[str]:
            await asyncio.Event().wait()
            return []

    async with a_sender(resolver=Mute(), total_seconds=SOON_SECONDS) as sender:
        attempt = await sender.send(a_target("https://hooks.example.com/"), A_MESSAGE)
    assert attempt.outcome == TimedOut(phase=Phase.CONNECTING)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Resetting(), ConnectionLost(phase=Phase.WAITING)),
        (Resetting(b"HTTP/1.1 200 OK\r\nX-Half"), ConnectionLost(phase=Phase.WAITING)),
        (Resetting(PART), ConnectionLost(phase=Phase.READING, status=200)),
        (Raw(b""), ConnectionLost(phase=Phase.WAITING)),
        (Raw(b"this is no HTTP\r\n\r\n"), ConnectionLost(phase=Phase.WAITING)),
        (Raw(b"HTTP/1.1 200 OK\r\nA B\r\n\r\n"), ConnectionLost(phase=Phase.WAITING)),
        (Raw(b"HTTP/1.1 99999 OK\r\n\r\n"), ConnectionLost(phase=Phase.WAITING)),
        (Raw(b"HTTP/1.1 101 Switching\r\n\r\n"), ConnectionLost(phase=Phase.WAITING)),
        (Raw(PART), ConnectionLost(phase=Phase.READING, status=200)),
        (
            Raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
            ConnectionLost(phase=Phase.READING, status=200),
        ),
        (endless_headers(), ConnectionLost(phase=Phase.WAITING)),
        (endless_interim_answers(), ConnectionLost(phase=Phase.WAITING)),
    ],
)
async def test_a_connection_that_breaks_or_speaks_no_http_is_a_failed_attempt(
    behaviour: Behaviour, expected: Outcome
) -> None:
    assert await sent(behaviour) == expected


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("endless", [endless_body(), endless_chunks(), endless_chunks(2_000)])
async def test_of_an_endless_body_only_so_much_is_read_and_the_status_counts(
    endless: Behaviour, tls: bool
) -> None:
    context = AUTHORITY.server("hooks.example.com") if tls else None
    async with receiving(endless, tls=context) as receiver, a_sender() as sender:
        first = await sender.send(a_target(receiver.url()), A_MESSAGE)
        await sender.send(a_target(receiver.url()), A_MESSAGE)
    assert first.outcome == Delivered(answer=answer(200, "x" * 1_024, cut=True))
    assert receiver.connections == 2, "a connection that was not read to its end is used again"


async def test_of_a_body_in_very_many_pieces_only_so_many_are_read_and_the_status_counts() -> None:
    outcome = await sent(endless_chunks(1))
    assert outcome == Delivered(answer=answer(200, "x" * PIECES_MAX, cut=True))


async def test_the_status_of_a_failure_counts_though_its_body_has_no_end() -> None:
    assert await sent(endless_body(500)) == FailedAnswer(
        answer=answer(500, "x" * 1_024, cut=True), retry_after=None
    )


@pytest.mark.parametrize(
    ("size", "connections"), [(1_024, 1), (1_025, 1), (8_191, 1), (8_193, 2), (65_000, 2)]
)
async def test_a_long_body_is_read_to_a_point_and_only_its_beginning_kept(
    size: int, connections: int
) -> None:
    async with receiving(Answering(body=b"y" * size)) as receiver, a_sender() as sender:
        for _ in range(2):
            attempt = await sender.send(a_target(receiver.url()), A_MESSAGE)
    expected = answer(200, "y" * 1_024, cut=size > 1_024)
    assert attempt.outcome == Delivered(answer=expected)
    assert receiver.connections == connections


async def test_a_compressed_answer_is_never_unpacked() -> None:
    outcome = await sent(gzip_bomb())
    assert outcome == Delivered(answer=answer(200, cut=True, encoded=True))


@pytest.mark.parametrize(
    "behaviour",
    [
        endless_body(),
        endless_chunks(),
        endless_headers(),
        endless_interim_answers(),
        gzip_bomb(),
        slow_body(),
    ],
)
async def test_an_attempt_takes_only_so_much_memory(behaviour: Behaviour) -> None:
    async with (
        receiving(behaviour) as receiver,
        receiving(Answering()) as good,
        a_sender(total_seconds=SOON_SECONDS) as sender,
    ):
        await sender.send(a_target(good.url()), A_MESSAGE)  # all is loaded that is only loaded once
        tracemalloc.start()
        try:
            await sender.send(a_target(receiver.url()), A_MESSAGE)
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
    assert most < MEMORY_BYTES_MAX


async def test_after_hostile_receivers_an_endpoint_still_gets_all_its_connections() -> None:
    """Whatever broke off has given its place back."""
    hostile: list[Behaviour] = [silent, slow_body(), Resetting(), endless_body(), Raw(b"no")]
    async with (
        receiving(Answering()) as good,
        a_sender(total_seconds=SOON_SECONDS, connections_per_endpoint_max=1) as sender,
    ):
        for behaviour in hostile:
            async with receiving(behaviour) as receiver:
                await sender.send(a_target(receiver.url()), A_MESSAGE)
            after = await sender.send(a_target(good.url()), A_MESSAGE)
            assert isinstance(after.outcome, Delivered)


async def test_an_attempt_that_is_cancelled_gives_its_connection_back() -> None:
    async with (
        receiving(silent) as receiver,
        receiving(Answering()) as good,
        a_sender(connections_per_endpoint_max=1) as sender,
    ):
        task = asyncio.create_task(sender.send(a_target(receiver.url()), A_MESSAGE))
        await receiver.has_received(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        after = await sender.send(a_target(good.url()), A_MESSAGE)
    assert isinstance(after.outcome, Delivered)


async def test_hostile_receivers_do_not_hold_up_good_ones() -> None:
    hostile: list[Behaviour] = [silent, slow_headers(), slow_body(), slow_body(500)]
    async with AsyncExitStack() as stack:
        good = await stack.enter_async_context(receiving(Answering()))
        sender = await stack.enter_async_context(a_sender())
        tasks: list[asyncio.Task[Attempt]] = []
        for number, behaviour in enumerate(hostile):
            receiver = await stack.enter_async_context(receiving(behaviour))
            target = a_target(receiver.url(), endpoint_id=f"hostile-{number}")
            tasks += [asyncio.create_task(sender.send(target, A_MESSAGE)) for _ in range(4)]
        for _ in range(20):
            attempt = await sender.send(a_target(good.url()), A_MESSAGE)
            assert isinstance(attempt.outcome, Delivered)
        assert not any(task.done() for task in tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

"""The HTTP provider against receivers of every kind: each answer means one thing, none hurts."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from uuid import UUID

import httpx
import pytest

from app.clock import ManualClock
from app.domain.text import Language
from app.notifications.push import provider as tested
from app.notifications.push.provider import (
    Accepted,
    HttpPushProvider,
    PushMessage,
    PushOutcome,
    Refused,
    TokenGone,
    TryLater,
    http_provider,
)
from tests.support.pushes import SECRET, Sandbox, running_sandbox

MESSAGE = PushMessage(
    id=UUID(int=1),
    platform="ios",
    token="a-token",
    title="标题",
    body="正文",
    language=Language.ZH_CN,
    data={"order_id": "order-1"},
)

Answer = Callable[[asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def receiver(answer: Answer) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Listen on a socket and answer whatever comes in one way; give the URL and what came."""
    came: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.append(await reader.readuntil(b"\r\n\r\n"))
        try:
            await answer(writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/push", came


def saying(head: str, body: str = "") -> Answer:
    """Return what answers with a head and a body."""

    async def answer(writer: asyncio.StreamWriter) -> None:
        text = f"HTTP/1.1 {head}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
        writer.write(text.encode())
        await writer.drain()

    return answer


async def outcome_of(answer: Answer, clock: ManualClock) -> PushOutcome:
    """Send a message to somebody who answers so."""
    async with receiver(answer) as (url, _), http_provider(url, SECRET, clock) as provider:
        return await provider.send(MESSAGE)


GONE = '{"code": "token_no_longer_valid"}'


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (saying("200 OK"), Accepted()),
        (saying("202 Accepted", "not json"), Accepted()),
        (saying("410 Gone"), TokenGone(detail="HTTP 410")),
        (
            saying("400 Bad Request", GONE),
            TokenGone(detail="HTTP 400 token_no_longer_valid"),
        ),
        (
            saying("404 Not Found", GONE),
            TokenGone(detail="HTTP 404 token_no_longer_valid"),
        ),
        (saying("400 Bad Request", '{"code": "too_long"}'), Refused(detail="HTTP 400 too_long")),
        (saying("422 No", '{"code": "a token: a-token"}'), Refused(detail="HTTP 422")),
        (saying("422 No", '["a-token"]'), Refused(detail="HTTP 422")),
        (saying("302 Found\r\nLocation: /elsewhere"), Refused(detail="HTTP 302")),
        (saying("401 Unauthorized"), TryLater(detail="HTTP 401")),
        (saying("500 Oh", GONE), TryLater(detail="HTTP 500 token_no_longer_valid")),
        (saying("503 Oh\r\nRetry-After: 7"), TryLater(detail="HTTP 503", after_seconds=7)),
        (
            saying("429 Slow\r\nRetry-After: Mon, 15 Mar 2021 09:01:30 GMT"),
            TryLater(detail="HTTP 429", after_seconds=90),
        ),
        (
            saying("429 Slow\r\nRetry-After: Mon, 01 Jan 2020 00:00:00 +99999999999999"),
            TryLater(detail="HTTP 429"),
        ),
        (saying("429 Slow\r\nRetry-After: soon"), TryLater(detail="HTTP 429")),
        (saying("429 Slow\r\nRetry-After: ²"), TryLater(detail="HTTP 429")),
    ],
)
async def test_each_answer_means_one_thing(
    answer: Answer, outcome: PushOutcome, clock: ManualClock
) -> None:
    assert await outcome_of(answer, clock) == outcome


async def nothing(writer: asyncio.StreamWriter) -> None:
    """Close without a word."""


async def no_http(writer: asyncio.StreamWriter) -> None:
    """Answer something else."""
    writer.write(b"SSH-2.0-OpenSSH_9.6\r\n\r\n")
    await writer.drain()


async def endless(writer: asyncio.StreamWriter) -> None:
    """Answer without end."""
    writer.write(b"HTTP/1.1 400 Bad Request\r\nTransfer-Encoding: chunked\r\n\r\n")
    try:
        while True:
            writer.write(b"1000\r\n" + b"x" * 4_096 + b"\r\n")
            await writer.drain()
    except ConnectionError:
        return


async def test_who_does_not_speak_http_is_tried_later_and_nobody_is_read_without_end(
    clock: ManualClock,
) -> None:
    assert await outcome_of(nothing, clock) == TryLater(detail="RemoteProtocolError")
    assert await outcome_of(no_http, clock) == TryLater(detail="RemoteProtocolError")
    assert await outcome_of(endless, clock) == Refused(detail="HTTP 400")


async def test_who_is_late_has_perhaps_taken_it_and_knows_it_again(clock: ManualClock) -> None:
    slow = replace(MESSAGE, token="slow-phone")
    async with (
        running_sandbox(slow_seconds=3) as sandbox,
        short_of_time(sandbox, clock) as provider,
    ):
        assert await provider.send(slow) == TryLater(detail="ReadTimeout")
        assert await provider.send(slow) == Accepted()
        (sent,) = await sandbox.messages()
    assert (sent["id"], sent["times_received"]) == (str(MESSAGE.id), 2)


@asynccontextmanager
async def short_of_time(sandbox: Sandbox, clock: ManualClock) -> AsyncIterator[HttpPushProvider]:
    """Give a provider that waits for half as long as the sandbox."""
    headers = {"Authorization": f"Bearer {SECRET}"}
    async with httpx.AsyncClient(headers=headers, timeout=1.5, trust_env=False) as client:
        yield HttpPushProvider(client, sandbox.url, clock)


async def test_what_is_sent_names_the_secret_and_asks_for_nothing_compressed(
    clock: ManualClock,
) -> None:
    async with receiver(saying("200 OK")) as (url, came):
        async with http_provider(url, SECRET, clock) as provider:
            await provider.send(MESSAGE)
        async with http_provider(url, None, clock) as provider:
            await provider.send(MESSAGE)
    first, second = (head.decode().lower() for head in came)
    assert f"authorization: bearer {SECRET}" in first
    assert "authorization" not in second
    assert "accept-encoding: identity" in first
    assert tested.TOTAL_SECONDS < 60, "well within a claim"


async def test_a_message_never_shows_its_token() -> None:
    assert "a-token" not in repr(MESSAGE)

"""A client of server-sent events, as plain as the format is."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

WAITS_SECONDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """What came between two empty lines: fields by name, and comments."""

    fields: Mapping[str, str]
    comments: tuple[str, ...]

    @property
    def id(self) -> int:
        """The position in it."""
        return int(self.fields["id"])

    @property
    def data(self) -> dict[str, Any]:
        """The message in it."""
        found: dict[str, Any] = json.loads(self.fields["data"])
        return found


@dataclass(slots=True)
class EventSource:
    """An open stream, read block by block."""

    answer: httpx.Response
    last_id: str | None = None
    _lines: AsyncIterator[str] = field(init=False)

    def __post_init__(self) -> None:
        self._lines = self.answer.aiter_lines()

    async def block(self) -> Block | None:
        """Return the next block, comments alone included; None if the stream has ended."""
        lines: list[str] = []
        async with asyncio.timeout(WAITS_SECONDS):
            async for line in self._lines:
                if not line:
                    return self._read(lines)
                lines.append(line)
        assert not lines, "it broke off within a block"
        return None

    async def message(self) -> Block:
        """Return the next block that is a message."""
        while True:
            block = await self.block()
            assert block is not None, "the stream has ended"
            if "data" in block.fields:
                return block

    async def messages(self, number: int) -> list[Block]:
        """Return the next messages."""
        return [await self.message() for _ in range(number)]

    async def end(self) -> None:
        """Read on until the stream ends; TimeoutError if it does not."""
        async with asyncio.timeout(WAITS_SECONDS):
            while await self.block() is not None:
                pass

    def _read(self, lines: list[str]) -> Block:
        fields = dict(line.split(": ", 1) for line in lines if not line.startswith(":"))
        if "id" in fields:
            self.last_id = fields["id"]
        comments = tuple(line for line in lines if line.startswith(":"))
        return Block(fields=fields, comments=comments)


@asynccontextmanager
async def event_source(
    url: str, credential: str | None, *, last_id: int | str | None = None, language: str = "en"
) -> AsyncIterator[EventSource]:
    """Open a stream with a connection of its own; at the end the client is gone."""
    sent = {"Accept-Language": language}
    if credential is not None:
        sent["Authorization"] = f"Bearer {credential}"
    if last_id is not None:
        sent["Last-Event-ID"] = str(last_id)
    async with (
        httpx.AsyncClient(trust_env=False, timeout=WAITS_SECONDS) as client,
        client.stream("GET", url, headers=sent) as answer,
    ):
        if answer.status_code != 200:
            await answer.aread()
        yield EventSource(answer)

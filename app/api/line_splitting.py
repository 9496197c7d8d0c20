"""Splits a streamed body into lines without ever holding more than one of them."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number, counted from 1; ``content`` is None if it was too long to take."""

    number: int
    content: bytes | None


async def lines_of(chunks: AsyncIterable[bytes], *, line_bytes_max: int) -> AsyncIterator[Line]:
    """Yield the lines of a body; blank ones are counted but not yielded."""
    number, rest, too_long = 1, bytearray(), False
    async for chunk in chunks:
        rest += chunk
        while (end := rest.find(b"\n")) >= 0:
            content = bytes(rest[:end]).strip()
            del rest[: end + 1]
            if too_long or len(content) > line_bytes_max:
                yield Line(number, None)
            elif content:
                yield Line(number, content)
            number, too_long = number + 1, False
        if len(rest) > line_bytes_max:
            rest.clear()
            too_long = True
    if too_long:
        yield Line(number, None)
    elif rest.strip():
        yield Line(number, bytes(rest).strip())

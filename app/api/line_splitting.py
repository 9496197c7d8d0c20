"""Splits a streamed body into lines without ever holding more than one of them."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Literal

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
"""Some programs begin a text with it; it says nothing and is left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineLimits:
    """How much of one body is read; ``lines_max`` counts blank lines too."""

    line_bytes_max: int
    lines_max: int
    bytes_max: int


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number, counted from 1, and why its content is not here, if it is not."""

    number: int
    content: bytes
    fault: Literal["line_too_long", "import_too_long"] | None = None


async def lines_of(chunks: AsyncIterable[bytes], limits: LineLimits) -> AsyncIterator[Line]:
    """Yield the lines of a body; blank ones are counted but not yielded.

    The first line beyond the limits of the whole is the last one, and nothing more is read.
    """
    number, taken, rest, too_long = 1, 0, bytearray(), False
    async for chunk in chunks:
        rest += chunk
        taken += len(chunk)
        while (end := rest.find(b"\n")) >= 0:
            line = _line(number, rest[:end], limits, too_long=too_long)
            del rest[: end + 1]
            if line is not None:
                yield line
                if line.fault == "import_too_long":
                    return
            number, too_long = number + 1, False
        if taken > limits.bytes_max or number > limits.lines_max + 1:
            yield Line(number, b"", "import_too_long")
            return
        if len(rest) > limits.line_bytes_max:
            rest.clear()
            too_long = True
    last = _line(number, rest, limits, too_long=too_long)
    if last is not None:
        yield last


def _line(number: int, raw: bytearray, limits: LineLimits, *, too_long: bool) -> Line | None:
    content = bytes(raw.removeprefix(BYTE_ORDER_MARK) if number == 1 else raw).strip()
    if not content and not too_long:
        return None
    if number > limits.lines_max:
        return Line(number, b"", "import_too_long")
    if too_long or len(content) > limits.line_bytes_max:
        return Line(number, b"", "line_too_long")
    return Line(number, content)

"""Lines of an import, numbered as in the whole file, and put together to chunks."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

LINE_BYTES_MAX = 1_048_576
"""Longest line that is sent, far above what a service takes by default."""

CHUNK_LINES_MAX = 1_000
CHUNK_BYTES_MAX = 4_194_304


@dataclass(frozen=True, slots=True)
class NumberedLine:
    """A line that is not blank; ``content`` is None if it is too long to be sent."""

    number: int
    """Counted from 1 over the whole file, blank lines included."""
    content: bytes | None
    file_bytes: int
    """Bytes of the file up to the end of this line."""


def numbered_lines(file: BinaryIO) -> Iterator[NumberedLine]:
    """Read the lines of a file or pipe, never holding more than one, nor all of a long one."""
    number, file_bytes = 0, 0
    while piece := file.readline(LINE_BYTES_MAX + 1):
        number, file_bytes = number + 1, file_bytes + len(piece)
        too_long = len(piece) > LINE_BYTES_MAX
        content = None if too_long else piece.strip()
        while too_long and not piece.endswith(b"\n"):
            piece = file.readline(LINE_BYTES_MAX + 1)
            file_bytes += len(piece)
            if not piece:
                break
        if content != b"":
            yield NumberedLine(number, content, file_bytes)


def chunks_of(
    lines: Iterable[NumberedLine], lines_max: int = CHUNK_LINES_MAX
) -> Iterator[list[NumberedLine]]:
    """Put lines together to chunks, bounded in lines and bytes."""
    chunk: list[NumberedLine] = []
    chunk_bytes = 0
    for line in lines:
        line_bytes = len(line.content or b"")
        if chunk and (len(chunk) == lines_max or chunk_bytes + line_bytes > CHUNK_BYTES_MAX):
            yield chunk
            chunk, chunk_bytes = [], 0
        chunk.append(line)
        chunk_bytes += line_bytes
    if chunk:
        yield chunk

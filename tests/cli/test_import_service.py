"""The client side of an import where patience runs out, and lines as they come from anywhere."""

import io
import socket

import httpx
import pytest

from tests.cli.orders import order_lines
from tools.importers.lines import LINE_BYTES_MAX, chunks_of, numbered_lines
from tools.importers.service import ImportService, Patience, ServiceUnavailable


async def test_a_service_that_stays_away_is_given_up_after_the_attempts_agreed() -> None:
    waits: list[str] = []
    patience = Patience(attempts_max=4, wait_seconds_min=0.001)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        service = ImportService(client, patience, waits.append)

        with pytest.raises(ServiceUnavailable, match="no connection"):
            await service.send(list(numbered_lines(io.BytesIO(order_lines(2)))))

    assert len(waits) == 3


def test_lines_keep_their_numbers_whatever_lies_between_them() -> None:
    too_long = b"y" * (2 * LINE_BYTES_MAX + 7)
    text = b"\n  \nfirst\r\n\n" + too_long + b"\nsecond\n" + too_long

    found = [(line.number, line.content) for line in numbered_lines(io.BytesIO(text))]

    assert found == [(3, b"first"), (5, None), (6, b"second"), (7, None)]


def test_the_last_line_needs_no_end_and_ends_where_the_file_does() -> None:
    text = b"first\n\nlast"

    (first, last) = numbered_lines(io.BytesIO(text))

    assert (first.file_bytes, last.number, last.content) == (6, 3, b"last")
    assert last.file_bytes == len(text)


def test_chunks_hold_every_line_once_and_no_more_than_they_may() -> None:
    lines = list(numbered_lines(io.BytesIO(order_lines(25))))

    chunks = list(chunks_of(lines, lines_max=10))

    assert [len(chunk) for chunk in chunks] == [10, 10, 5]
    assert [line for chunk in chunks for line in chunk] == lines

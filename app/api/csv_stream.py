"""Answering with CSV (RFC 4180) of any length: row after row, as they are read."""

import csv
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from io import StringIO

from fastapi.responses import StreamingResponse

CSV = "text/csv"

CSV_ANSWER = {
    "description": "CSV (RFC 4180, UTF-8) with a header line. It is sent as it is read: an answer "
    "that breaks off is not complete.",
    "content": {CSV: {"schema": {"type": "string", "contentMediaType": CSV}}},
}
"""What a route that answers with CSV declares."""

Cell = str | int | None

FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet would run; text that begins so is sent behind an apostrophe."""


def csv_response(
    file_name: str,
    columns: Sequence[str],
    pages: AsyncIterator[Iterable[Mapping[str, Cell]]],
) -> StreamingResponse:
    """Answer with pages of rows as a file to be saved; nothing is held but one page.

    The first page is to be read by whoever calls, so that what cannot be read is a problem still.
    """
    headers = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamingResponse(_lines(columns, pages), headers=headers, media_type=CSV)


async def _lines(
    columns: Sequence[str], pages: AsyncIterator[Iterable[Mapping[str, Cell]]]
) -> AsyncIterator[bytes]:
    yield _written([columns])
    async for rows in pages:
        yield _written([_safe(row[column]) for column in columns] for row in rows)


def _written(rows: Iterable[Iterable[Cell]]) -> bytes:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def _safe(cell: Cell) -> Cell:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_BEGINS) else cell

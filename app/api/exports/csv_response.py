"""Answering with CSV (RFC 4180) of any length: row after row, as they are read."""

import csv
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from io import StringIO

from fastapi.responses import StreamingResponse

from app.api.openapi.response_headers import references

CSV = "text/csv"

CSV_ANSWER = {
    "description": "CSV (RFC 4180, UTF-8) with a header line. It is sent as it is read: an answer "
    "that breaks off is not complete.",
    "headers": references(["Content-Disposition"]),
    "content": {CSV: {"schema": {"type": "string", "contentMediaType": CSV}}},
}
"""What a route that answers with CSV declares."""

Cell = str | int | None

FORMULA_BEGINS = frozenset("=+-@＝＋－＠\t\r\n")
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


def csv_lines(rows: Iterable[Iterable[Cell]]) -> bytes:
    """Return rows as CSV in UTF-8, with nothing in them that a spreadsheet would run."""
    text = StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe stands in front of one.

    Whoever reads the file with a program takes it away again where a formula's sign follows.
    """
    beginnings = {text[:1], text.lstrip()[:1]}
    return text if beginnings.isdisjoint(FORMULA_BEGINS) else f"'{text}"


async def _lines(
    columns: Sequence[str], pages: AsyncIterator[Iterable[Mapping[str, Cell]]]
) -> AsyncIterator[bytes]:
    yield csv_lines([columns])
    async for rows in pages:
        yield csv_lines([row[column] for column in columns] for row in rows)


def _safe(cell: Cell) -> Cell:
    return harmless(cell) if isinstance(cell, str) else cell

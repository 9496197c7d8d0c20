"""CSV exports (RFC 4180) of any length: a header, then a row a thing, sent while they are read."""

import csv
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping, Sequence
from datetime import datetime
from io import StringIO
from typing import Any, TypeAlias, TypeVar

from sqlalchemy.exc import DBAPIError

from app.api.language import Language, in_language
from app.api.openapi.headers import references
from app.api.request_context import RequestContext
from app.api.sse.response import BrokenOff, StreamedAnswer
from app.domain.text import Text, instant_text
from app.event_store.connections import LOST_CONNECTION
from app.postgres.pool import CONNECTION_FAILURES

CSV = "text/csv"
BYTE_ORDER_MARK = "\ufeff".encode()
SEND_SECONDS_MAX = 60.0
"""How long a client may take to accept the rows of one page."""

CSV_ANSWER: dict[str, Any] = {
    "description": "CSV (RFC 4180, UTF-8) with a header line. It is sent as it is read: an answer "
    "that breaks off is not complete.",
    "headers": references(["Content-Disposition"]),
    "content": {CSV: {"schema": {"type": "string", "contentMediaType": CSV}}},
}
"""What an operation that answers with CSV declares."""

FORMULA_BEGINS = frozenset("=+-@＝＋－＠\t\r\n")
"""What a spreadsheet takes for a formula; text that begins so is sent behind an apostrophe."""

Fact: TypeAlias = Text | str | int | datetime | bool | None
"""A text is shown in the language asked for, an instant as RFC 3339 in UTC, None as nothing."""

T = TypeVar("T")
Columns: TypeAlias = Sequence[tuple[str, Callable[[T], Fact]]]
"""Each column's name and its value for a thing. New columns come at the end."""

_DATABASE_AWAY: tuple[type[Exception], ...] = (DBAPIError, *CONNECTION_FAILURES, *LOST_CONNECTION)


async def csv_export(
    call: RequestContext,
    file_name: str,
    columns: Columns[T],
    pages: AsyncIterator[Sequence[T]],
    *,
    headers: Mapping[str, str] | None = None,
    byte_order_mark: bool = False,
) -> StreamedAnswer:
    """Answer with pages of things as a file; one page is held at a time.

    The first page is read before the answer begins, so that what fails then is still a problem. An
    export that cannot go on, as when the credential ends, is broken off without its last chunk.
    """
    first = await anext(pages)
    begin = (BYTE_ORDER_MARK if byte_order_mark else b"") + csv_lines([[n for n, _ in columns]])

    async def chunks() -> AsyncGenerator[bytes]:
        yield begin + _rows(columns, first, call.language)
        while True:
            if not await call.still_allowed():
                raise BrokenOff("the credential no longer holds")
            try:
                page = await anext(pages, None)
            except _DATABASE_AWAY as error:
                raise BrokenOff(repr(error)) from error
            if page is None:
                return
            yield _rows(columns, page, call.language)

    disposition = {"Content-Disposition": f'attachment; filename="{file_name}"'}
    return StreamedAnswer(
        chunks(),
        headers={**disposition, **(headers or {})},
        media_type=CSV,
        send_seconds_max=SEND_SECONDS_MAX,
    )


def csv_lines(rows: Iterable[Iterable[str | int | None]]) -> bytes:
    """Return rows as CSV in UTF-8, with nothing in them that a spreadsheet takes for a formula."""
    text = StringIO()
    csv.writer(text).writerows([_safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def harmless(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: one gets an apostrophe in front.

    A program that reads the file removes it again where a formula's sign follows.
    """
    beginnings = {text[:1], text.lstrip()[:1]}
    return text if beginnings.isdisjoint(FORMULA_BEGINS) else f"'{text}"


def _rows(columns: Columns[T], things: Sequence[T], language: Language) -> bytes:
    return csv_lines([_cell(fact(thing), language) for _, fact in columns] for thing in things)


def _cell(fact: Fact, language: Language) -> str | int | None:
    match fact:
        case bool():
            return "true" if fact else "false"
        case datetime():
            return instant_text(fact)
        case Text():
            return in_language(fact, language)
        case _:
            return fact


def _safe(cell: str | int | None) -> str | int | None:
    return harmless(cell) if isinstance(cell, str) else cell

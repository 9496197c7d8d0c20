"""Lists to be taken away: tickets as CSV, sent while they are read."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Response
from sqlalchemy.exc import DBAPIError

from app.api.cursors import after_of, cursor_of
from app.api.exports.csv_response import CSV
from app.api.exports.ticket_csv import COLUMNS, csv_header, csv_rows
from app.api.openapi.response_headers import references
from app.api.problems.problem import path_of
from app.api.request_context import RequestContext, ShopId
from app.api.resources.tickets import TicketQuery, filters_of, order_of
from app.api.sse.streaming_response import BrokenOff, StreamedAnswer
from app.event_store.connections import LOST_CONNECTION
from app.postgres.pool import CONNECTION_FAILURES
from app.projections.paging import PAGE_ROWS_MAX, After
from app.projections.tickets.list import TicketFilters, TicketSort, end_of_rows, list_tickets

BYTE_ORDER_MARK = "\ufeff".encode()

SEND_SECONDS_MAX = 60.0
"""How long a client may take to accept the rows of one page; one that does not read is left."""

_DATABASE_AWAY: tuple[type[Exception], ...] = (
    DBAPIError,
    *CONNECTION_FAILURES,
    *LOST_CONNECTION,
)

RESULT: dict[str, Any] = {
    "description": "A header row and a row a ticket, RFC 4180 in UTF-8, sent while it is read. "
    f"Columns, to which others may come at the end: {', '.join(f'`{name}`' for name, _ in COLUMNS)}"
    ". Amounts are minor units of `currency`, instants RFC 3339 in UTC, texts in the language "
    "preferred. A text that a spreadsheet could take for a formula has an apostrophe in front.",
    "headers": references(["Content-Disposition", "Content-Language", "Link", "Next-Cursor"]),
    "content": {CSV: {"schema": {"type": "string"}}},
}


class TicketExportQuery(TicketQuery):
    """Which tickets to export, in which order."""

    bom: bool = False
    """Begin with a byte order mark, without which some spreadsheets misread Chinese."""


async def export_tickets(
    shop_id: ShopId, query: Annotated[TicketExportQuery, Query()], call: RequestContext
) -> Response:
    """Export what a search finds, up to 100,000 tickets at once.

    Where there are more, `Link` and `Next-Cursor` tell from the start that this is not all, and
    where it goes on. An export that cannot be made to its end is broken off without the last chunk
    of its transfer coding, so that no part is taken for the whole.
    """
    services = call.services
    filters = await filters_of(query, call, shop_id)
    after = after_of(query.cursor, *order_of(query.sort))
    through = await end_of_rows(
        services.resources.engine,
        shop_id,
        filters,
        sort=query.sort,
        after=after,
        rows_max=services.resources.settings.export_rows_max,
    )
    pages = _pages(call, shop_id, filters, query, after=after, through=through)
    return StreamedAnswer(
        pages,
        headers=_headers(call, shop_id, query, through),
        media_type=CSV,
        send_seconds_max=SEND_SECONDS_MAX,
    )


async def _pages(
    call: RequestContext,
    shop_id: str,
    filters: TicketFilters,
    query: TicketExportQuery,
    *,
    after: After | None,
    through: After | None,
) -> AsyncGenerator[bytes]:
    """Give the rows, a page at a time; no connection is held while one is being sent."""
    yield (BYTE_ORDER_MARK if query.bom else b"") + csv_header()
    while True:
        if not await call.still_allowed():
            raise BrokenOff("the credential no longer holds")
        rows, after = await _page(call, shop_id, filters, query.sort, after, through)
        if rows:
            yield rows
        if after is None:
            return


async def _page(
    call: RequestContext,
    shop_id: str,
    filters: TicketFilters,
    sort: TicketSort,
    after: After | None,
    through: After | None,
) -> tuple[bytes, After | None]:
    try:
        page = await list_tickets(
            call.services.resources.engine,
            shop_id,
            filters,
            sort=sort,
            after=after,
            through=through,
            limit=PAGE_ROWS_MAX,
        )
    except _DATABASE_AWAY as error:
        raise BrokenOff(repr(error)) from error
    return csv_rows(page.rows, call.language), page.next


def _headers(
    call: RequestContext, shop_id: str, query: TicketExportQuery, through: After | None
) -> dict[str, str]:
    now = call.services.clock.now()
    name = f"tickets-{shop_id.replace(':', '_')}-{now:%Y%m%dT%H%M%SZ}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": call.language.value,
    }
    next_cursor = cursor_of(through, *order_of(query.sort))
    if next_cursor is not None:
        asked = {**call.request.query_params, "cursor": next_cursor}
        headers["Next-Cursor"] = next_cursor
        headers["Link"] = f'<{path_of(call.request)}?{urlencode(asked)}>; rel="next"'
    return headers

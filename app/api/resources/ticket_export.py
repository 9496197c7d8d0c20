"""The export of tickets as CSV."""

from collections.abc import AsyncGenerator
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Query, Response

from app.api.csv_export import CSV, TICKET_COLUMNS, csv_export
from app.api.cursors import after_of, cursor_of
from app.api.openapi.headers import references
from app.api.problems.problem import path_of
from app.api.request_context import RequestContext, ShopId
from app.api.resources.tickets import TicketQuery, filters_of, order_of
from app.projections.paging import PAGE_ROWS_MAX, After
from app.projections.tickets.list import TicketFilters, TicketSort, end_of_rows, list_tickets
from app.projections.tickets.view import TicketView

_COLUMN_NAMES = ", ".join(f"`{name}`" for name, _ in TICKET_COLUMNS)
RESULT: dict[str, Any] = {
    "description": "A header row and a row a ticket, RFC 4180 in UTF-8, sent while it is read. "
    f"Columns, to which others may come at the end: {_COLUMN_NAMES}. Amounts are minor units of "
    "`currency`, instants RFC 3339 in UTC, texts in the language preferred. A text that a "
    "spreadsheet could take for a formula has an apostrophe in front.",
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

    Where there are more, `Link` and `Next-Cursor` say from the start where the rest is. An export
    that cannot be completed is broken off without the last chunk of its transfer coding, so that a
    part is not mistaken for the whole.
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
    return await csv_export(
        call,
        f"tickets-{shop_id.replace(':', '_')}-{services.clock.now():%Y%m%dT%H%M%SZ}.csv",
        TICKET_COLUMNS,
        _pages(call, shop_id, filters, query.sort, after=after, through=through),
        headers=_headers(call, query, through),
        byte_order_mark=query.bom,
    )


async def _pages(
    call: RequestContext,
    shop_id: str,
    filters: TicketFilters,
    sort: TicketSort,
    *,
    after: After | None,
    through: After | None,
) -> AsyncGenerator[tuple[TicketView, ...]]:
    """Yield the tickets a page at a time; no connection is held while one is being sent."""
    engine = call.services.resources.engine
    while True:
        page = await list_tickets(
            engine,
            shop_id,
            filters,
            sort=sort,
            after=after,
            through=through,
            limit=PAGE_ROWS_MAX,
        )
        yield page.rows
        if page.next is None:
            return
        after = page.next


def _headers(
    call: RequestContext, query: TicketExportQuery, through: After | None
) -> dict[str, str]:
    headers = {"Content-Language": call.language.value}
    next_cursor = cursor_of(through, *order_of(query.sort))
    if next_cursor is not None:
        asked = {**call.request.query_params, "cursor": next_cursor}
        headers["Next-Cursor"] = next_cursor
        headers["Link"] = f'<{path_of(call.request)}?{urlencode(asked)}>; rel="next"'
    return headers

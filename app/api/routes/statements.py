"""Statements of a shop's refunds past the after-sales period, month by month."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from app.access.scopes import Scope
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.exports.csv_response import CSV_ANSWER, csv_response
from app.api.exports.statement_csv import COLUMNS, rows_of
from app.api.exports.statement_page import HTML, POLICY, statement_page
from app.api.openapi.response_headers import references
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.common import RequestModel
from app.api.wire.statements import Statement, statement_on_wire
from app.domain.calendar_month import CalendarMonth, calendar_month
from app.event_store.recorded_event import Role
from app.projections.refunds.statements import all_of_statement, fetch_statement

router = APIRouter(route_class=StrictRoute, tags=["funds"])

PATH = "/v1/shops/{shop_id}/funds/statements/{month}"
PRINTED_ROWS_MAX = 2_000
"""How many refunds a page to be printed may hold: about 100 sheets of paper."""

StatementReader = Annotated[RequestContext, allow(Scope.FUNDS_READ, Role.MERCHANT, Role.PLATFORM)]
Month = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{4}-[0-9]{2}$",
        description="The month, in Asia/Shanghai: `2026-09`.",
        examples=["2026-09"],
    ),
]

_MONTH_PROBLEMS = ("month_invalid", "month_not_begun")
_PAGE: dict[str, Any] = {
    "description": "A self-contained HTML document in the language preferred, to be shown or "
    "printed: it loads nothing and runs nothing.",
    "headers": references(["Content-Language", "Content-Security-Policy"]),
    "content": {HTML: {"schema": {"type": "string", "contentMediaType": HTML}}},
}


class StatementQuery(RequestModel):
    """Which page of the statement's refunds."""

    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Query(ge=1, le=200)] = 200


@router.get(
    f"{PATH}.csv",
    name="export_statement",
    summary="Export a month's statement as CSV",
    response_class=Response,
    responses={200: CSV_ANSWER, **problems(*_MONTH_PROBLEMS)},
)
async def export_statement(shop_id: ShopId, month: Month, call: StatementReader) -> Response:
    """Send a row for each refund of the month, oldest first; totals are left to the reader."""
    asked, _ = await _begun(call, shop_id, month)
    pages = all_of_statement(call.services.resources.pool, shop_id, asked)
    first = await anext(pages)  # what goes wrong with it is a problem still, not half a file
    return csv_response(f"statement-{shop_id}-{asked}.csv", COLUMNS, rows_of(first, pages))


@router.get(
    f"{PATH}.html",
    name="print_statement",
    summary="Show a month's statement as a page to be printed",
    response_class=Response,
    responses={200: _PAGE, **problems(*_MONTH_PROBLEMS, "statement_too_long")},
)
async def print_statement(shop_id: ShopId, month: Month, call: StatementReader) -> Response:
    """Show totals and all refunds of the month on one page, up to 2,000 of them."""
    asked, now = await _begun(call, shop_id, month)
    page = await fetch_statement(
        call.services.resources.pool, shop_id, asked, limit=PRINTED_ROWS_MAX
    )
    if page.next is not None:
        raise ProblemError("statement_too_long", facts={"refunds_max": PRINTED_ROWS_MAX})
    shown = statement_page(shop_id, asked, page, now=now, language=call.language)
    headers = {"Content-Language": call.language.value, "Content-Security-Policy": POLICY}
    return Response(shown, 200, headers, HTML)


@router.get(
    PATH,
    name="get_statement",
    summary="Get a month's statement",
    response_model=Statement,
    responses=problems("cursor_invalid", *_MONTH_PROBLEMS),
)
async def get_statement(
    shop_id: ShopId, month: Month, query: Annotated[StatementQuery, Query()], call: StatementReader
) -> Response:
    """Show a shop's refunds past the after-sales period that succeeded in a month, oldest first.

    A month is a calendar month in Asia/Shanghai. While it is running the statement is provisional;
    once it has ended, nothing is added to it.
    """
    asked, now = await _begun(call, shop_id, month)
    of_list = ("statement", str(asked))
    page = await fetch_statement(
        call.services.resources.pool,
        shop_id,
        asked,
        begin=after_of(query.cursor, *of_list),
        limit=query.limit,
    )
    cursor = cursor_of(page.next, *of_list)
    return call.json(statement_on_wire(shop_id, asked, page, now=now, cursor=cursor))


async def _begun(
    call: RequestContext, shop_id: str, written: str
) -> tuple[CalendarMonth, datetime]:
    """Return the month asked for and the shop's present; a ProblemError if it has not begun."""
    month = calendar_month(written)
    if month is None:
        raise ProblemError("month_invalid")
    now = await call.services.shop_clocks.now(shop_id)
    if now < month.begins_at:
        begins_at = month.begins_at.isoformat()
        raise ProblemError("month_not_begun", facts={"begins_at": begins_at})
    return month, now

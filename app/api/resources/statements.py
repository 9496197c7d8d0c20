"""Statements of a shop's refunds past the after-sales period, month by month."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import Path, Query, Response
from pydantic import Field

from app.api.csv_export import STATEMENT_COLUMNS, csv_export
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.openapi.headers import references
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext, ShopId
from app.api.resources.common import Amount, Position, RequestModel, ResponseModel
from app.api.resources.refund_models import FeesKept, RefundSource, fees_on_wire, source_on_wire
from app.api.resources.statement_page import HTML, POLICY, statement_page
from app.domain.calendar_month import CalendarMonth, calendar_month
from app.projections.refunds.statements import (
    SourceTotal,
    StatementPage,
    added_up,
    all_of_statement,
    borne_of,
    fetch_statement,
)
from app.projections.refunds.view import ShopRefund

TotalAmount = Annotated[int, Field(ge=0, json_schema_extra={"format": "int64"})]
"""Minor units; a sum that may be more than one amount can be."""


class TotalFees(ResponseModel):
    """What others keep of what they earned on many refunds."""

    talent: TotalAmount
    agency: TotalAmount
    service_fee: TotalAmount
    total: TotalAmount


class StatementTotal(ResponseModel):
    """What refunds come to together."""

    refunds: int
    amount: TotalAmount
    fees_not_returned: TotalFees
    """Part of `total_borne`."""
    total_borne: TotalAmount


class StatementSource(StatementTotal):
    """What the refunds of one source come to."""

    source: RefundSource | None
    """Null in the moment before the ledger's event of a refund is read; its account is null."""


class StatementCurrency(StatementTotal):
    """What all refunds in one currency come to, and those of each source."""

    currency: str
    sources: list[StatementSource]


class StatementRefund(ResponseModel):
    """A refund of the month."""

    refund_id: str
    refund_key: str
    order_id: str
    succeeded_at: datetime
    source: RefundSource | None
    currency: str
    amount: Amount
    fees_not_returned: FeesKept
    """What talent, agency and platform keep of it: part of `total_borne`."""
    total_borne: Amount
    """What the shop bears: past the period, the whole amount."""
    arrears: Amount
    """What it brought the shop's deposit further below zero, paid in advance by the platform
    (先行赔付)."""
    provider_reference: str | None


class Statement(ResponseModel):
    """A shop's refunds past the after-sales period that succeeded in a month."""

    shop_id: str
    month: str
    begins_at: datetime
    """The first instant of the month in Asia/Shanghai."""
    ends_at: datetime
    """The first instant after it."""
    provisional: bool
    """The month is still running: refunds may be added."""
    as_of: datetime
    totals: list[StatementCurrency]
    """Of the whole month, whatever the page; one entry, unless orders are in several currencies."""
    refunds: list[StatementRefund]
    """Oldest first."""
    next_cursor: str | None
    current_to: Position
    """The position in the log up to which the statement is current."""


def statement_on_wire(
    shop_id: str, month: CalendarMonth, page: StatementPage, *, now: datetime, cursor: str | None
) -> Statement:
    """Show a page of a statement; ``now``: the shop's present."""
    return Statement(
        shop_id=shop_id,
        month=str(month),
        begins_at=month.begins_at,
        ends_at=month.ends_at,
        provisional=now < month.ends_at,
        as_of=now,
        totals=totals_on_wire(page.totals),
        refunds=[_refund(refund) for refund in page.refunds],
        next_cursor=cursor,
        current_to=page.current_to,
    )


def totals_on_wire(totals: tuple[SourceTotal, ...]) -> list[StatementCurrency]:
    """Show totals, those of a currency with those of its sources."""
    return [
        StatementCurrency(
            currency=whole.currency,
            **_figures(whole),
            sources=[
                StatementSource(source=source_on_wire(one.source, None), **_figures(one))
                for one in totals
                if one.currency == whole.currency
            ],
        )
        for whole in added_up(totals)
    ]


def _figures(total: SourceTotal) -> dict[str, object]:
    fees = total.fees_kept
    return {
        "refunds": total.refunds,
        "amount": total.amount,
        "fees_not_returned": TotalFees(
            talent=fees.talent, agency=fees.agency, service_fee=fees.service_fee, total=fees.total
        ),
        "total_borne": total.borne,
    }


def _refund(refund: ShopRefund) -> StatementRefund:
    assert refund.succeeded_at is not None  # noqa: S101 - the statement lists no others
    return StatementRefund(
        refund_id=refund.ticket_id,
        refund_key=refund.refund_key,
        order_id=refund.order_id,
        succeeded_at=refund.succeeded_at,
        source=source_on_wire(refund.source, refund.account),
        currency=refund.currency,
        amount=refund.amount,
        fees_not_returned=fees_on_wire(refund.fees_kept),
        total_borne=borne_of(refund),
        arrears=refund.arrears,
        provider_reference=refund.provider_reference,
    )


PRINTED_ROWS_MAX = 2_000
"""How many refunds a page to be printed may hold: about 100 sheets of paper."""

Month = Annotated[
    str,
    Path(
        pattern=r"^[0-9]{4}-[0-9]{2}$",
        description="The month, in Asia/Shanghai: `2026-09`.",
        examples=["2026-09"],
    ),
]

PAGE: dict[str, Any] = {
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


async def export_statement(shop_id: ShopId, month: Month, call: RequestContext) -> Response:
    """Send a row for each refund of the month, oldest first; totals are left to the reader."""
    asked, _ = await _begun(call, shop_id, month)
    pages = all_of_statement(call.services.resources.pool, shop_id, asked)
    return await csv_export(call, f"statement-{shop_id}-{asked}.csv", STATEMENT_COLUMNS, pages)


async def print_statement(shop_id: ShopId, month: Month, call: RequestContext) -> Response:
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


async def get_statement(
    shop_id: ShopId, month: Month, query: Annotated[StatementQuery, Query()], call: RequestContext
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

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
from app.domain.funds.accounts import Line
from app.domain.shipments import Shipment
from app.domain.text import Text, instant_text
from app.event_store.connections import LOST_CONNECTION
from app.postgres.pool import CONNECTION_FAILURES
from app.projections.ledger.entry import LedgerEntry
from app.projections.refunds.statements import borne_of
from app.projections.refunds.view import ShopRefund
from app.projections.texts import LABEL_TEXTS
from app.projections.tickets.list import labels_of
from app.projections.tickets.view import TicketView

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


TICKET_COLUMNS: Columns[TicketView] = (
    ("ticket_id", lambda t: t.ticket_id),
    ("order_id", lambda t: t.order_id),
    ("buyer_id", lambda t: t.buyer_id),
    ("type", lambda t: t.type.value),
    ("type_text", lambda t: t.type.text),
    ("state", lambda t: t.state.value),
    ("state_text", lambda t: t.state.text),
    ("waiting_for", lambda t: t.waiting_for),
    ("waiting_for_text", lambda t: t.waiting_for and t.waiting_for.text),
    ("overdue", lambda t: t.overdue),
    ("labels", lambda t: _joined(LABEL_TEXTS[label] for label in labels_of(t))),
    ("reason", lambda t: t.reason.value),
    ("reason_text", lambda t: t.reason.text),
    ("description", lambda t: t.description),
    ("amount", lambda t: t.amount),
    ("refunded_amount", lambda t: t.refunded_amount),
    ("currency", lambda t: t.currency),
    ("created_at", lambda t: t.created_at),
    ("updated_at", lambda t: t.updated_at),
    ("due_at", lambda t: None if t.due is None else t.due.at),
    ("due_action", lambda t: None if t.due is None else t.due.action.value),
    ("due_action_text", lambda t: None if t.due is None else t.due.action.text),
    ("return_carrier", lambda t: _carrier(_sent_back(t))),
    ("return_tracking_number", lambda t: _number(_sent_back(t))),
    ("replacement_carrier", lambda t: _carrier(_replacement(t))),
    ("replacement_tracking_number", lambda t: _number(_replacement(t))),
    ("closed_at", lambda t: t.closed_at),
    ("close_cause", lambda t: t.close_cause),
    ("close_cause_text", lambda t: t.close_cause and t.close_cause.text),
    ("version", lambda t: t.version),
)

STATEMENT_COLUMNS: Columns[ShopRefund] = (
    ("refund_id", lambda r: r.ticket_id),
    ("refund_key", lambda r: r.refund_key),
    ("order_id", lambda r: r.order_id),
    ("succeeded_at", lambda r: r.succeeded_at),
    ("source", lambda r: r.source),
    ("account", lambda r: r.account),
    ("currency", lambda r: r.currency),
    ("amount", lambda r: r.amount),
    ("talent_fee_not_returned", lambda r: r.fees_kept.talent),
    ("agency_fee_not_returned", lambda r: r.fees_kept.agency),
    ("service_fee_not_returned", lambda r: r.fees_kept.service_fee),
    ("fees_not_returned", lambda r: r.fees_kept.total),
    ("total_borne", borne_of),
    ("arrears", lambda r: r.arrears),
    ("provider_reference", lambda r: r.provider_reference),
)

LEDGER_COLUMNS: Columns[tuple[LedgerEntry, Line]] = (
    ("journal_id", lambda row: row[0].journal_id),
    ("at", lambda row: row[0].at.isoformat()),
    ("kind", lambda row: row[0].kind.value),
    ("order_id", lambda row: row[0].order_id),
    ("ticket_id", lambda row: row[0].ticket_id),
    ("refund_key", lambda row: row[0].refund_key),
    ("reference", lambda row: row[0].reference),
    ("account", lambda row: row[1].account.value),
    ("amount", lambda row: row[1].amount),
)
"""A row for each line of a journal."""


def _joined(texts: Iterable[Text]) -> Text | None:
    found = list(texts)
    if not found:
        return None
    return Text(
        zh_cn="; ".join(text.zh_cn for text in found), en="; ".join(text.en for text in found)
    )


def _sent_back(ticket: TicketView) -> Shipment | None:
    return None if ticket.return_shipment is None else ticket.return_shipment.shipment


def _replacement(ticket: TicketView) -> Shipment | None:
    return None if ticket.replacement is None else ticket.replacement.shipment


def _carrier(shipment: Shipment | None) -> Text | None:
    return None if shipment is None else shipment.carrier.text


def _number(shipment: Shipment | None) -> str | None:
    return None if shipment is None else shipment.tracking_number

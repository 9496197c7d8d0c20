"""Tickets as CSV (RFC 4180): one row a ticket, one column a fact, in an order that stays."""

from collections.abc import Callable, Iterable
from datetime import datetime

from app.api.exports.csv_response import Cell, csv_lines
from app.api.language import Language, in_language
from app.domain.shipments import Shipment
from app.domain.text import Text, instant_text
from app.projections.texts import (
    LABEL_TEXTS,
)
from app.projections.tickets.list import labels_of
from app.projections.tickets.view import TicketView

Fact = Text | str | int | datetime | bool | None
"""A text is shown in the language asked for, an instant as RFC 3339 in UTC, None as nothing."""

COLUMNS: tuple[tuple[str, Callable[[TicketView], Fact]], ...] = (
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
"""To add one: a row at the end, so that the columns there are stay where they are."""


def csv_header() -> bytes:
    """Return the row of the columns' names, which are the same in every language."""
    return csv_lines([[name for name, _ in COLUMNS]])


def csv_rows(tickets: Iterable[TicketView], language: Language) -> bytes:
    """Return a row for each ticket."""
    return csv_lines(
        [_written(fact_of(ticket), language) for _, fact_of in COLUMNS] for ticket in tickets
    )


def _written(fact: Fact, language: Language) -> Cell:
    match fact:
        case bool():
            return "true" if fact else "false"
        case datetime():
            return instant_text(fact)
        case Text():
            return in_language(fact, language)
        case _:
            return fact


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

"""The columns of each CSV export. To add one: a row at the end of its table."""

from collections.abc import Iterable

from app.api.exports.csv_export import Columns
from app.domain.funds.accounts import Line
from app.domain.shipments import Shipment
from app.domain.text import Text
from app.projections.ledger.entry import LedgerEntry
from app.projections.refunds.statements import borne_of
from app.projections.refunds.view import ShopRefund
from app.projections.texts import LABEL_TEXTS
from app.projections.tickets.list import labels_of
from app.projections.tickets.view import TicketView

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

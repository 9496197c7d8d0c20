"""The operation log: a line an event of an order, kept by the reader `operation_log`.

A line is made from one event alone, and free of any language.

What a thing was before is what the line before it about the same thing left it at, so it is not
stored: ``linked`` fills it in for a whole log, wherever its lines come from.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import asyncpg
from pydantic import JsonValue
from pydantic_core import from_json, to_json
from sqlalchemy import Column, Integer, PrimaryKeyConstraint, SmallInteger, Table, Uuid
from sqlalchemy import Text as TextType
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.order.entries import AfterSalesEntryExpiring, AfterSalesEntryOpened, EntryEvent
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.tickets import Due
from app.domain.text import Text, instant_text
from app.event_store.connections import Connection
from app.event_store.recorded_event import ClockKind, Recorded, Role
from app.event_store.tables import BytewiseText, metadata
from app.projections.orders.view import EntryState
from app.projections.rows import Rebuildable, copy_rows
from app.projections.texts import filled
from app.reactions.reaction import Params
from app.reactions.table import LINES, reaction_to

ORDER_SUBJECT = "order"
ENTRY_SUBJECT = "entry"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """What happened to an order at one version of its stream, when, and who did it.

    ``subject`` is ``order``, ``entry`` or a ticket id; ``before`` and ``after`` are its states,
    None where it has none. ``params`` are the facts by stable names: codes, amounts in minor
    units, instants in RFC 3339. ``clock``: by whose time ``occurred_at`` is.
    """

    version: int
    event_id: UUID
    occurred_at: datetime
    recorded_at: datetime
    clock: ClockKind
    actor_role: Role
    actor_id: str
    code: str
    subject: str
    before: str | None
    after: str | None
    params: Mapping[str, JsonValue]


def log_entry(recorded: Recorded[OrderEvent]) -> LogEntry:
    """Return the line of one event, not linked to those before it."""
    event = recorded.event
    reaction = reaction_to(event)
    subject, after, params = _subject(event)
    return LogEntry(
        version=recorded.version,
        event_id=recorded.event_id,
        occurred_at=recorded.occurred_at,
        recorded_at=recorded.recorded_at,
        clock=recorded.metadata.clock,
        actor_role=recorded.metadata.actor.role,
        actor_id=recorded.metadata.actor.id,
        code=reaction.code(event),
        subject=subject,
        before=None,
        after=after,
        params={**params, **reaction.facts(event)},
    )


def _subject(event: OrderEvent) -> tuple[str, str | None, Params]:
    """Return what a line is about, the state it led to, and the params every such line has."""
    if isinstance(event, TicketEvent):
        return (
            event.ticket_id,
            event.state.value,
            {"ticket_id": event.ticket_id, "due": _due(event.due)},
        )
    if isinstance(event, EntryEvent):
        is_open = isinstance(event, AfterSalesEntryOpened | AfterSalesEntryExpiring)
        return ENTRY_SUBJECT, (EntryState.OPEN if is_open else EntryState.CLOSED).value, {}
    return ORDER_SUBJECT, None, {}


def _due(due: Due | None) -> JsonValue:
    return None if due is None else {"at": instant_text(due.at), "action": due.action.value}


def render(entry: LogEntry) -> Text:
    """Return a line of the log in words, reasons included."""
    return filled(LINES[entry.code], entry.params)


def linked(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Fill in ``before`` throughout one order's log, given from its first line on."""
    states: dict[str, str | None] = {ENTRY_SUBJECT: EntryState.NEVER_OPENED.value}
    log = []
    for entry in entries:
        log.append(replace(entry, before=states.get(entry.subject)))
        states[entry.subject] = entry.after
    return log


def log_entries(history: Iterable[Recorded[OrderEvent]]) -> list[LogEntry]:
    """Return the log of a whole history, linked."""
    return linked(log_entry(recorded) for recorded in history)


operation_log = Table(
    "operation_log",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("occurred_at", TIMESTAMP(timezone=True), nullable=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor_role", TextType, nullable=False),
    Column("actor_id", TextType, nullable=False),
    Column("code", TextType, nullable=False),
    Column("subject", TextType, nullable=False),
    Column("after", TextType),
    Column("params", JSONB, nullable=False),
    Column("clock", TextType, nullable=False, server_default=ClockKind.SYSTEM.value),
    PrimaryKeyConstraint("partition_id", "stream_id", "version", name="operation_log_pkey"),
)


class OperationLogReader(Rebuildable):
    """Writes a line for each event: one COPY a batch."""

    name = "operation_log"
    tables = (operation_log,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[OrderEvent]]) -> None:
        """Write the lines of a batch."""
        await copy_rows(connection, operation_log, [_row(recorded) for recorded in batch])


def log_entry_from_row(row: asyncpg.Record) -> LogEntry:
    """Return a line as kept, not linked to those before it."""
    return LogEntry(
        version=row["version"],
        event_id=row["event_id"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        clock=ClockKind(row["clock"]),
        actor_role=Role(row["actor_role"]),
        actor_id=row["actor_id"],
        code=row["code"],
        subject=row["subject"],
        before=None,
        after=row["after"],
        params=from_json(row["params"]),
    )


def _row(recorded: Recorded[OrderEvent]) -> tuple[object, ...]:
    entry = log_entry(recorded)
    return (
        recorded.partition_id,
        recorded.stream_id,
        entry.version,
        entry.event_id,
        entry.occurred_at,
        entry.recorded_at,
        entry.actor_role.value,
        entry.actor_id,
        entry.code,
        entry.subject,
        entry.after,
        to_json(entry.params).decode(),
        entry.clock.value,
    )

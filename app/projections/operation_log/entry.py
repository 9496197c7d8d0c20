"""A line of an order's operation log: made from one event alone, and free of any language.

What a thing was before is what the line before it about the same thing left it at, so it is not
stored: ``linked`` fills it in for a whole log, wherever its lines come from.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from app.domain.order.entries import AfterSalesEntryExpiring, AfterSalesEntryOpened, EntryEvent
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.tickets import Due
from app.domain.text import Text, instant_text
from app.event_store.recorded_event import ClockKind, Recorded, Role
from app.projections.orders.view import EntryState
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

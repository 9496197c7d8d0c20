"""The operation log on the wire."""

from datetime import datetime
from typing import Any

from app.api.wire.common import LocalizedText, ResponseModel, Version, localized
from app.projections.operation_log.entry import LogEntry, render


class LogActor(ResponseModel):
    """Who did it."""

    role: str
    """`merchant`, `consumer`, `platform` or `system`; more may come."""
    id: str
    """The id of the key, the buyer or the process."""


class OperationLogEntry(ResponseModel):
    """One thing that happened to the order."""

    version: Version
    """The order's version after it."""
    event_id: str
    occurred_at: datetime
    recorded_at: datetime
    clock: str
    """By whose time `occurred_at` is: `system`, or `test` for a shop with a test clock."""
    actor: LogActor
    code: str
    """Stable name of what happened; more may come."""
    text: LocalizedText
    subject: str
    """`order`, `entry` or the id of a ticket."""
    before: str | None
    """State of the subject before; null if it had none."""
    after: str | None
    facts: dict[str, Any]
    """Why, and on what evidence: codes, amounts in minor units, instants in RFC 3339."""


def log_entry_on_wire(entry: LogEntry) -> OperationLogEntry:
    """Show one line of the log."""
    return OperationLogEntry(
        version=entry.version,
        event_id=str(entry.event_id),
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        clock=entry.clock.value,
        actor=LogActor(role=entry.actor_role.value, id=entry.actor_id),
        code=entry.code,
        text=localized(render(entry)),
        subject=entry.subject,
        before=entry.before,
        after=entry.after,
        facts=dict(entry.params),
    )

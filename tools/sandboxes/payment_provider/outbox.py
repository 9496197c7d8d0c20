"""Callbacks to be sent, kept with the payments they report, and sent until they are accepted."""

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from uuid_utils.compat import uuid7

from tools.sandboxes.payment_provider.behaviours import Calling, Manner, Row
from tools.sandboxes.payment_provider.payment import Payment, callback_of
from tools.sandboxes.payment_provider.store import stored_instant

ATTEMPTS_MAX = 20
RETRY_SECONDS_MIN, RETRY_SECONDS_MAX = 0.2, 60.0
LEFT_TO_ANSWERING = timedelta(seconds=10)
"""How long a callback that goes before an answer is left to the answering request."""

QUEUE = """
INSERT INTO deliveries (callback_id, key, body, forgeries_left, due_at) VALUES (?, ?, ?, ?, ?)
"""

DUE = """
SELECT delivery, body, forgeries_left, attempts FROM deliveries
WHERE due_at <= ? ORDER BY due_at LIMIT ?
"""

OF_KEY = """
SELECT delivery, body, forgeries_left, attempts FROM deliveries
WHERE key = ? AND due_at IS NOT NULL
"""

NEXT_DUE = "SELECT min(due_at) FROM deliveries WHERE due_at > ?"

RECORD = """
UPDATE deliveries SET attempts = ?, due_at = ?, delivered_at = ?, last_answer = ?
WHERE delivery = ?
"""

RECORD_FORGERY = """
UPDATE deliveries SET forgeries_left = forgeries_left - 1, due_at = ?, last_answer = ?
WHERE delivery = ?
"""

LIST = """
SELECT delivery, callback_id, key, attempts, due_at, delivered_at, last_answer
FROM deliveries WHERE delivery > ? ORDER BY delivery LIMIT ?
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One callback on its way. ``attempts``: made with the right signature so far."""

    delivery: int
    body: str
    forgeries_left: int
    attempts: int


def queue_callbacks(
    connection: sqlite3.Connection, payment: Payment, row: Row, now: datetime
) -> None:
    """Queue what a behaviour sends of a payment that has ended."""
    if row.calling is Calling.NEVER:
        return
    callback_id = str(uuid7())
    body = callback_of(payment, callback_id)
    forgeries = int(row.calling is Calling.FORGED_FIRST)
    due_at = now + LEFT_TO_ANSWERING if row.manner is Manner.BEHIND_CALLBACK else now
    queued = (callback_id, payment.order.key, body, forgeries, stored_instant(due_at))
    for _ in range(2 if row.calling is Calling.TWICE else 1):
        connection.execute(QUEUE, queued)


def due(connection: sqlite3.Connection, now: datetime, limit: int) -> Sequence[Delivery]:
    """Return what is to be sent now, longest due first."""
    return [Delivery(**row) for row in connection.execute(DUE, (stored_instant(now), limit))]


def of_key(connection: sqlite3.Connection, key: str) -> Sequence[Delivery]:
    """Return what is still to be sent of a key."""
    return [Delivery(**row) for row in connection.execute(OF_KEY, (key,))]


def next_due(connection: sqlite3.Connection, now: datetime) -> datetime | None:
    """Return when something is due that is not due yet."""
    (instant,) = connection.execute(NEXT_DUE, (stored_instant(now),)).fetchone()
    return None if instant is None else datetime.fromisoformat(instant)


def record_attempt(
    connection: sqlite3.Connection, delivery: Delivery, answer: str, *, taken: bool, now: datetime
) -> None:
    """Note how an attempt with the right signature ended; untaken, it is tried again, or given up.

    ``answer``: the status, or what went wrong instead.
    """
    attempts = delivery.attempts + 1
    pause = timedelta(seconds=min(RETRY_SECONDS_MAX, RETRY_SECONDS_MIN * 2**delivery.attempts))
    over = taken or attempts == ATTEMPTS_MAX
    due_at = None if over else stored_instant(now + pause)
    delivered_at = stored_instant(now) if taken else None
    connection.execute(RECORD, (attempts, due_at, delivered_at, answer, delivery.delivery))


def record_forgery(
    connection: sqlite3.Connection, delivery: Delivery, answer: str, now: datetime
) -> None:
    """Note that the garbage was sent: the right one is due."""
    connection.execute(RECORD_FORGERY, (stored_instant(now), answer, delivery.delivery))


def listed(
    connection: sqlite3.Connection, after: int, limit: int
) -> Sequence[dict[str, str | int | None]]:
    """Return deliveries in the order they were queued."""
    return [dict(row) for row in connection.execute(LIST, (after, limit))]

"""What the sandbox does with an order, each a work of one transaction of the store."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from uuid_utils.compat import uuid7

from tools.sandboxes.payment_provider.behaviours import ROW_OF, Behaviour, Effect, Row, asked_for
from tools.sandboxes.payment_provider.configuration import faults
from tools.sandboxes.payment_provider.outbox import queue_callbacks
from tools.sandboxes.payment_provider.payment import (
    Order,
    Payment,
    Refusal,
    Success,
    Wait,
    payment_of,
)
from tools.sandboxes.payment_provider.store import stored_instant

SETTLED_AT_ONCE_MAX = 100

ARRIVED_BEFORE = "SELECT arrivals FROM lost_arrivals WHERE key = ?"

COUNT_LOST_ARRIVAL = """
INSERT INTO lost_arrivals (key, arrivals) VALUES (?, 1)
ON CONFLICT (key) DO UPDATE SET arrivals = arrivals + 1
"""

FIND = "SELECT * FROM payments WHERE key = ?"

TAKE = """
INSERT INTO payments (key, kind, shop_id, channel, order_id, payee_account, amount, currency,
    behaviour, status, provider_reference, paid_at, refusal_code, settles_at, received_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

BOOK = """
INSERT INTO book (key, kind, shop_id, order_id, amount, currency, provider_reference, paid_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?)
"""

SETTLING = """
SELECT * FROM payments WHERE settles_at <= ? ORDER BY settles_at LIMIT ?
"""

NEXT_SETTLING = "SELECT min(settles_at) FROM payments WHERE settles_at IS NOT NULL"

SETTLE = """
UPDATE payments SET status = ?, provider_reference = ?, paid_at = ?, refusal_code = ?,
    settles_at = NULL
WHERE key = ? AND status = 'accepted'
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """The order is new and what was to be kept of it is kept."""

    row: Row
    payment: Payment


@dataclass(frozen=True, slots=True)
class Repeated:
    """The order was taken before; this is how it stands."""

    payment: Payment


@dataclass(frozen=True, slots=True)
class OfAnother:
    """The key belongs to another order."""


@dataclass(frozen=True, slots=True)
class Lost:
    """The order is new and goes astray: nothing of it is kept."""

    row: Row


Taking: TypeAlias = Taken | Repeated | OfAnother | Lost


def take(connection: sqlite3.Connection, order: Order, now: datetime, slow: timedelta) -> Taking:
    """Take an order once, however often it arrives. ``slow``: until what comes later comes."""
    known = find(connection, order.key)
    if known is not None:
        return Repeated(known) if known.order == order else OfAnother()
    row = ROW_OF[_behaviour(connection, order)]
    if row.effect is Effect.NOTHING:
        connection.execute(COUNT_LOST_ARRIVAL, (order.key,))
        return Lost(row)
    payment = Payment(order=order, behaviour=row.behaviour, state=_first_state(row, now, slow))
    at = stored_instant(now)
    connection.execute(TAKE, (*_order_columns(payment), *_state_columns(payment), at))
    _keep_end(connection, payment, row, now)
    return Taken(row, payment)


def find(connection: sqlite3.Connection, key: str) -> Payment | None:
    """Return the payment of a key."""
    found = connection.execute(FIND, (key,)).fetchone()
    return None if found is None else payment_of(found)


def settle(connection: sqlite3.Connection, now: datetime) -> int:
    """Bring to their end those accepted orders whose time has come; return how many were."""
    rows = connection.execute(SETTLING, (stored_instant(now), SETTLED_AT_ONCE_MAX)).fetchall()
    for found in rows:
        accepted = payment_of(found)
        row = ROW_OF[accepted.behaviour]
        ended = Payment(order=accepted.order, behaviour=row.behaviour, state=_end(row, paid_at=now))
        connection.execute(SETTLE, (*_state_columns(ended)[:4], ended.order.key))
        _keep_end(connection, ended, row, now)
    return len(rows)


def next_settling(connection: sqlite3.Connection) -> datetime | None:
    """Return when the next accepted order comes to its end."""
    (instant,) = connection.execute(NEXT_SETTLING).fetchone()
    return None if instant is None else datetime.fromisoformat(instant)


def _behaviour(connection: sqlite3.Connection, order: Order) -> Behaviour:
    """Say how an order that is not known is met; what loses it meets the first arrival only."""
    found = connection.execute(ARRIVED_BEFORE, (order.key,)).fetchone()
    lost_before: int = 0 if found is None else found[0]
    asked = asked_for(order.target, order.amount)
    if asked is None:
        return faults(connection).chosen(order.key, lost_before + 1)
    loses = ROW_OF[asked].effect is Effect.NOTHING
    return Behaviour.PAYS if loses and lost_before else asked


def _first_state(row: Row, now: datetime, slow: timedelta) -> Success | Refusal | Wait:
    match row.effect:
        case Effect.PAID | Effect.REFUSED:
            return _end(row, paid_at=now)
        case Effect.PAID_LATER | Effect.REFUSED_LATER:
            return Wait(settles_at=now + slow)
        case Effect.NOTHING:
            raise ValueError("nothing is kept of it")
        case _:
            assert_never(row.effect)


def _end(row: Row, paid_at: datetime) -> Success | Refusal:
    if row.refusal_code is not None:
        return Refusal(code=row.refusal_code)
    return Success(provider_reference=f"sandbox-{uuid7().hex}", paid_at=paid_at)


def _keep_end(connection: sqlite3.Connection, payment: Payment, row: Row, now: datetime) -> None:
    """Book a payment that succeeded, and queue the callback of one that has ended."""
    order, state = payment.order, payment.state
    if isinstance(state, Wait):
        return
    if isinstance(state, Success):
        line = (order.key, order.kind.value, order.shop_id, order.order_id, order.amount)
        paid = (order.currency, state.provider_reference, stored_instant(state.paid_at))
        connection.execute(BOOK, (*line, *paid))
    queue_callbacks(connection, payment, row, now)


def _order_columns(payment: Payment) -> tuple[object, ...]:
    order = payment.order
    return (
        order.key,
        order.kind.value,
        order.shop_id,
        order.channel,
        order.order_id,
        order.payee_account,
        order.amount,
        order.currency,
        payment.behaviour.value,
    )


def _state_columns(payment: Payment) -> tuple[object, ...]:
    """Return status, provider_reference, paid_at, refusal_code and settles_at."""
    match payment.state:
        case Success(provider_reference=reference, paid_at=paid_at):
            return ("succeeded", reference, stored_instant(paid_at), None, None)
        case Refusal(code=code):
            return ("refused", None, None, code, None)
        case Wait(settles_at=settles_at):
            return ("accepted", None, None, None, stored_instant(settles_at))
        case _:
            assert_never(payment.state)

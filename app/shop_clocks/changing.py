"""Giving a shop a test clock, and asking it to advance."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import asyncpg

from app.event_store.connections import Connection
from app.event_store.partitions import partition_of
from app.event_store.streams import funds_stream, streams_of_shop
from app.shop_clocks.reading import COLUMNS, FETCH_CLOCK, TestClock, clock_of_row

CLOCK_CHANNEL = "after_sales_test_clocks"
"""Where workers hear that a clock is to advance."""

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD_MAX = timedelta(days=3_653)
"""How far ahead of real time a clock may be: ten years."""
ADVANCE_MAX = timedelta(days=400)
"""How far a clock goes in one advance."""

# Appends queue for this row, so nothing is appended to the partition until the transaction ends.
LOCK_HEAD = """
SELECT h.position FROM after_sales.log_heads AS h WHERE h.partition_id = $1 FOR UPDATE
"""

FIND_EVENT = """
SELECT e.version FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id >= $2 AND e.stream_id < $3
UNION ALL
SELECT e.version FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $4
LIMIT 1
"""

FETCH_WITH_START = f"""
SELECT {COLUMNS}, c.started_at FROM after_sales.test_clocks AS c
WHERE c.partition_id = $1 AND c.shop_id = $2
"""

INSERT_CLOCK = f"""
INSERT INTO after_sales.test_clocks AS c
    (partition_id, shop_id, started_at, now, fell_due, version)
VALUES ($1, $2, $3, $3, 0, 1)
RETURNING {COLUMNS}
"""

SET_TARGET = f"""
UPDATE after_sales.test_clocks AS c
SET target = $3, fell_due = 0, version = c.version + 1, claim = NULL, claimed_until = NULL
WHERE c.partition_id = $1 AND c.shop_id = $2
RETURNING {COLUMNS}
"""

ANNOUNCE = "SELECT pg_notify($1, '')"


class ClockRefusalCode(StrEnum):
    """Why a clock is not made or moved. Stable."""

    SHOP_IN_PRODUCTION = "shop_in_production"
    TEST_CLOCK_EXISTS = "test_clock_exists"
    TEST_CLOCK_NOT_FOUND = "test_clock_not_found"
    VERSION_STALE = "version_stale"
    CLOCK_ADVANCING = "clock_advancing"
    CLOCK_MOVED_BACKWARDS = "clock_moved_backwards"
    CLOCK_ADVANCE_TOO_FAR = "clock_advance_too_far"
    CLOCK_OUT_OF_RANGE = "clock_out_of_range"


class ClockRefused(Exception):
    """Nothing was changed: a code, and the facts it is about."""

    def __init__(self, code: ClockRefusalCode, **facts: str | int) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts: Mapping[str, str | int] = facts


async def create_test_clock(
    connection: Connection, shop_id: str, start: datetime | None, *, real_now: datetime
) -> tuple[TestClock, bool]:
    """Put a shop into test mode, in an open transaction; return its clock and whether it is new.

    Asking again, for no start or for the same one, gives the clock there is. ClockRefused if the
    shop has an event of an order or of its money: it is in production, for good. No first one can
    come in between. Events of its webhook endpoints do not count: they were only set up.
    """
    partition_id = partition_of(shop_id)
    _check_range(start or real_now, real_now)
    await connection.fetch(LOCK_HEAD, partition_id)
    existing = await connection.fetchrow(FETCH_WITH_START, partition_id, shop_id)
    if existing is not None:
        if start not in {None, existing["started_at"]}:
            raise _refused(ClockRefusalCode.TEST_CLOCK_EXISTS, started_at=existing["started_at"])
        return clock_of_row(existing), False
    streams = (*streams_of_shop(shop_id), funds_stream(shop_id))
    if await connection.fetch(FIND_EVENT, partition_id, *streams):
        raise ClockRefused(ClockRefusalCode.SHOP_IN_PRODUCTION)
    row = await _one(connection, INSERT_CLOCK, partition_id, shop_id, start or real_now)
    return clock_of_row(row), True


async def advance_test_clock(
    connection: Connection,
    shop_id: str,
    by: datetime | timedelta,
    *,
    real_now: datetime,
    seen_version: int | None = None,
) -> TestClock:
    """Let a clock advance to an instant, or by a duration; a worker does it, step by step.

    In an open transaction; the worker hears of it when that commits.
    ClockRefused if there is no clock, it is advancing, or the instant is out of bounds.
    ``seen_version``: only if the clock is still at that version.
    """
    partition_id = partition_of(shop_id)
    row = await connection.fetchrow(f"{FETCH_CLOCK} FOR UPDATE", partition_id, shop_id)
    if row is None:
        raise ClockRefused(ClockRefusalCode.TEST_CLOCK_NOT_FOUND)
    clock = clock_of_row(row)
    target = clock.now + by if isinstance(by, timedelta) else by
    _check_advance(clock, target, real_now, seen_version)
    changed = await _one(connection, SET_TARGET, partition_id, shop_id, target)
    await connection.execute(ANNOUNCE, CLOCK_CHANNEL)
    return clock_of_row(changed)


def _check_advance(
    clock: TestClock, target: datetime, real_now: datetime, seen_version: int | None
) -> None:
    if seen_version not in {None, clock.version}:
        raise ClockRefused(ClockRefusalCode.VERSION_STALE, current_version=clock.version)
    if clock.target is not None:
        raise _refused(ClockRefusalCode.CLOCK_ADVANCING, target=clock.target)
    if target <= clock.now:
        raise _refused(ClockRefusalCode.CLOCK_MOVED_BACKWARDS, now=clock.now)
    if target - clock.now > ADVANCE_MAX:
        raise _refused(ClockRefusalCode.CLOCK_ADVANCE_TOO_FAR, latest=clock.now + ADVANCE_MAX)
    _check_range(target, real_now)


def _check_range(instant: datetime, real_now: datetime) -> None:
    latest = real_now + AHEAD_MAX
    if not EARLIEST <= instant <= latest:
        raise _refused(ClockRefusalCode.CLOCK_OUT_OF_RANGE, earliest=EARLIEST, latest=latest)


def _refused(code: ClockRefusalCode, **instants: datetime) -> ClockRefused:
    return ClockRefused(code, **{name: at.isoformat() for name, at in instants.items()})


async def _one(connection: Connection, statement: str, *arguments: object) -> asyncpg.Record:
    row = await connection.fetchrow(statement, *arguments)
    assert row is not None  # noqa: S101 - it was just locked, or inserted
    return row

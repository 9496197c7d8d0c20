"""Test clocks: their table, the present of a shop, creating a clock and asking it to advance."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import asyncpg
from sqlalchemy import Column, Index, Integer, PrimaryKeyConstraint, SmallInteger, Table, func, text
from sqlalchemy.dialects.postgresql import TIMESTAMP, UUID

from app.clock import Clock
from app.event_store.connections import Connection, Queryable
from app.event_store.streams import funds_stream, partition_of, streams_of_shop
from app.event_store.tables import BytewiseText, metadata

test_clocks = Table(
    "test_clocks",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("started_at", TIMESTAMP(timezone=True), nullable=False),
    Column("now", TIMESTAMP(timezone=True), nullable=False),
    Column("target", TIMESTAMP(timezone=True)),
    Column("fell_due", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("claim", UUID(as_uuid=True)),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column(
        "created_at",
        TIMESTAMP(timezone=True),
        nullable=False,
        server_default=func.clock_timestamp(),
    ),
    PrimaryKeyConstraint("partition_id", "shop_id", name="test_clocks_pkey"),
    Index("test_clocks_advancing_idx", "partition_id", postgresql_where=text("target IS NOT NULL")),
)
"""``now`` is the shop's present, ``started_at`` what it was at first. Only shops in test mode have
a row.

``target`` is set while the clock advances to it. Rows are never deleted: events in test time must
not become a production shop's. ``claim`` is the token of the worker that advances it.
"""


COLUMNS = "c.shop_id, c.now, c.target, c.fell_due, c.version, c.created_at"

FETCH_CLOCK = f"""
SELECT {COLUMNS} FROM after_sales.test_clocks AS c
WHERE c.partition_id = $1 AND c.shop_id = $2
"""


class ClockStatus(StrEnum):
    """Whether everything due by the clock has been processed."""

    READY = "ready"
    ADVANCING = "advancing"


@dataclass(frozen=True, slots=True, kw_only=True)
class TestClock:
    """The clock of a shop in test mode. ``target``: set while it advances.

    ``fell_due``: in the latest advance, how often something of an order fell due.
    ``version`` rises with every change.
    """

    __test__ = False  # not to be collected by pytest

    shop_id: str
    now: datetime
    target: datetime | None
    fell_due: int
    version: int
    created_at: datetime

    @property
    def status(self) -> ClockStatus:
        """Ready, or advancing to the target."""
        return ClockStatus.READY if self.target is None else ClockStatus.ADVANCING


async def fetch_test_clock(database: Queryable, shop_id: str) -> TestClock | None:
    """Return a shop's test clock; None if it has none. One round trip."""
    row = await database.fetchrow(FETCH_CLOCK, partition_of(shop_id), shop_id)
    return None if row is None else clock_of_row(row)


def clock_of_row(row: asyncpg.Record) -> TestClock:
    """Return the clock in a row that has the `COLUMNS`, and perhaps others."""
    return TestClock(
        shop_id=row["shop_id"],
        now=row["now"],
        target=row["target"],
        fell_due=row["fell_due"],
        version=row["version"],
        created_at=row["created_at"],
    )


class ShopClocks:
    """The present of any shop: its test clock's, or the system's for a shop in production."""

    def __init__(self, database: Queryable, system: Clock) -> None:
        self._database = database
        self.system = system

    async def now(self, shop_id: str) -> datetime:
        """Return the present of a shop. One round trip."""
        return await self.test_now(shop_id) or self.system.now()

    async def test_now(self, shop_id: str) -> datetime | None:
        """Return the present by the shop's test clock; None if it has none. One round trip."""
        clock = await fetch_test_clock(self._database, shop_id)
        return None if clock is None else clock.now


CLOCK_CHANNEL = "after_sales_test_clocks"
"""The notification channel that wakes workers when a clock is to advance."""

EARLIEST = datetime(2020, 1, 1, tzinfo=UTC)
AHEAD_MAX = timedelta(days=3_653)
"""A clock's maximum lead over real time: ten years."""
ADVANCE_MAX = timedelta(days=400)
"""The maximum length of one advance."""

# Appends wait for this row, so nothing is appended to the partition until the transaction ends.
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
    """Stable codes of why a clock is not created or advanced."""

    SHOP_IN_PRODUCTION = "shop_in_production"
    TEST_CLOCK_EXISTS = "test_clock_exists"
    TEST_CLOCK_NOT_FOUND = "test_clock_not_found"
    VERSION_STALE = "version_stale"
    CLOCK_ADVANCING = "clock_advancing"
    CLOCK_MOVED_BACKWARDS = "clock_moved_backwards"
    CLOCK_ADVANCE_TOO_FAR = "clock_advance_too_far"
    CLOCK_OUT_OF_RANGE = "clock_out_of_range"


class ClockRefused(Exception):
    """Nothing was changed; the code and its facts say why."""

    def __init__(self, code: ClockRefusalCode, **facts: str | int) -> None:
        super().__init__(code.value)
        self.code = code
        self.facts: Mapping[str, str | int] = facts


async def create_test_clock(
    connection: Connection, shop_id: str, start: datetime | None, *, real_now: datetime
) -> tuple[TestClock, bool]:
    """Give a shop a test clock, in an open transaction; return it and whether it is new.

    A repeated request, without a start or with the same one, returns the existing clock.
    ClockRefused if the shop has an event of an order or of its funds: it is in production and
    stays there. The lock keeps out a concurrent first event. Events of webhook endpoints do not
    count.
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
    """Request that a clock advances to an instant or by a duration; a worker does it in steps.

    In an open transaction, whose commit wakes the worker. ClockRefused if there is no clock, it is
    advancing, or the instant is out of bounds. ``seen_version``: only if the clock is still at that
    version.
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
    assert row is not None  # noqa: S101 - the row was just locked, or inserted
    return row

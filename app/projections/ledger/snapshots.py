"""What a shop's money was at a version of its stream, so that a long stream is not folded again.

A snapshot is only a quicker start: a reader of one folds the events after it. One that
is not of this log, not of this fold or not as it was written counts for nothing.
"""

import hashlib
from collections.abc import Sequence

import structlog
from pydantic import TypeAdapter, ValidationError
from pydantic_core import to_json
from sqlalchemy import (
    Column,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)

from app.domain.funds.events import FundsEvent
from app.domain.funds.state import Funds, fold
from app.event_store.codec import Codec
from app.event_store.connections import Connection, Queryable
from app.event_store.log import STREAM_EVENTS_MAX, EventLog
from app.event_store.recorded_event import Recorded
from app.event_store.streams import funds_stream, partition_of, shop_of_funds_stream
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import funds_codec
from app.projections.rows import Rebuildable

FOLD_VERSION = 1
"""Raise it whenever `evolve` or `Funds` changes: snapshots of another fold are not looked at."""

EVENTS_BETWEEN = 200
"""A snapshot is taken at every so many events of a shop."""

_log = structlog.get_logger(__name__)

funds_snapshots = Table(
    "funds_snapshots",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("fold_version", SmallInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("event_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "fold_version", name="funds_snapshots_pkey"),
)
"""``event_id``: of the last event folded. ``digest``: SHA-256 of ``state``, which is JSON."""

# Only of an event that is in this log: another log, or one set back, has none like it.
FETCH = """
SELECT s.version, s.state, s.digest
FROM after_sales.funds_snapshots AS s
JOIN after_sales.events AS e
    ON e.partition_id = s.partition_id AND e.stream_id = $3 AND e.version = s.version
   AND e.event_id = s.event_id
WHERE s.partition_id = $1 AND s.shop_id = $2 AND s.fold_version = $4
"""

KEEP = """
INSERT INTO after_sales.funds_snapshots AS s
    (partition_id, shop_id, fold_version, version, event_id, state, digest)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (partition_id, shop_id, fold_version) DO UPDATE SET
    version = excluded.version, event_id = excluded.event_id, state = excluded.state,
    digest = excluded.digest
"""

# The fold before stays: processes that have not been replaced yet still read it.
FORGET_OLDER_FOLDS = """
DELETE FROM after_sales.funds_snapshots AS s
WHERE s.partition_id = $1 AND s.shop_id = $2 AND s.fold_version < $3 - 1
"""


class FundsSnapshotsReader(Rebuildable):
    """Takes a snapshot of a shop's money at every `EVENTS_BETWEEN` events of its stream."""

    name = "funds_snapshots"
    tables = (funds_snapshots,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[FundsEvent]]) -> None:
        """Take the snapshots a batch has reached, the last of each shop."""
        reached = {one.stream_id: one for one in batch if one.version % EVENTS_BETWEEN == 0}
        for last in reached.values():
            shop_id = shop_of_funds_stream(last.stream_id)
            funds = await funds_at(connection, funds_codec(), shop_id, last.version)
            await _keep(connection, shop_id, funds, last)


async def begin_of(database: Queryable, shop_id: str) -> Funds:
    """Return a shop's money as of its snapshot, or of no event at all if it has none that counts.

    One round trip.
    """
    row = await database.fetchrow(
        FETCH, partition_of(shop_id), shop_id, funds_stream(shop_id), FOLD_VERSION
    )
    if row is None:
        return Funds()
    state: str = row["state"]
    if hashlib.sha256(state.encode()).digest() != row["digest"]:
        return _ignored(shop_id, "its digest differs")
    try:
        funds = _STORED_FORM.validate_json(state)
    except ValidationError as error:
        return _ignored(shop_id, error.errors(include_url=False)[0]["msg"])
    return funds if funds.version == row["version"] else _ignored(shop_id, "of another version")


async def funds_at(
    database: Queryable, codec: Codec[FundsEvent], shop_id: str, version: int | None = None
) -> Funds:
    """Return a shop's money at a version of its stream, or as it is: a snapshot and the tail."""
    funds = await begin_of(database, shop_id)
    if version is not None and funds.version > version:
        funds = Funds()
    return await funds_after(database, codec, shop_id, funds, version)


async def funds_after(
    database: Queryable,
    codec: Codec[FundsEvent],
    shop_id: str,
    funds: Funds,
    version: int | None = None,
) -> Funds:
    """Fold what came after, up to a version or all there is, page by page."""
    log, partition_id, stream_id = EventLog(codec), partition_of(shop_id), funds_stream(shop_id)
    while version is None or funds.version < version:
        left = STREAM_EVENTS_MAX if version is None else version - funds.version
        limit = min(STREAM_EVENTS_MAX, left)
        page = await log.read_stream(
            database, partition_id, stream_id, after_version=funds.version, limit=limit
        )
        funds = fold(funds, [one.event for one in page])
        if len(page) < limit:
            break
    return funds


async def _keep(
    connection: Connection, shop_id: str, funds: Funds, last: Recorded[FundsEvent]
) -> None:
    state = stored_form(funds)
    await connection.execute(
        KEEP,
        last.partition_id,
        shop_id,
        FOLD_VERSION,
        last.version,
        last.event_id,
        state,
        hashlib.sha256(state.encode()).digest(),
    )
    await connection.execute(FORGET_OLDER_FOLDS, last.partition_id, shop_id, FOLD_VERSION)


def stored_form(funds: Funds) -> str:
    """Return a shop's money as a snapshot holds it."""
    return to_json(
        {
            "version": funds.version,
            "available": dict(funds.available),
            "in_transit": dict(funds.in_transit),
            "deposit_required": funds.deposit_required,
            "below_required": funds.below_required,
            "restricted": funds.restricted,
        }
    ).decode()


def _ignored(shop_id: str, why: str) -> Funds:
    _log.warning("funds_snapshot_ignored", shop_id=shop_id, reason=why)
    return Funds()


_STORED_FORM = TypeAdapter(Funds)

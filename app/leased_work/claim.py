"""Claiming rows of a table of work: for a while, no more than asked for, on both topologies.

A table of work has ``claimed_until``, when the lease ends by the service's clock, and ``claim``, a
token that is new with each claim. An outcome is recorded under the token: once the lease is over
and the row was claimed again, that finds no row, so a late worker neither overwrites an outcome nor
frees what another worker holds by now.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from app.postgres.pool import Pool
from app.topology import Topology

# The claim commits before anything is done. Where nothing is recorded the lease runs out.
_ACROSS_PARTITIONS = """
WITH due AS MATERIALIZED (
    SELECT {key}
    FROM unnest($1::smallint[]) AS p(partition_id)
    CROSS JOIN LATERAL (
        SELECT {key}, w.{oldest}
        FROM after_sales.{table} AS w
        WHERE w.partition_id = p.partition_id AND {due}
          AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
        ORDER BY w.{oldest}
        LIMIT $3
        FOR UPDATE SKIP LOCKED
    ) AS w
    {order}
    LIMIT $3
)
UPDATE after_sales.{table} AS w
SET {claimed}
FROM due AS d
WHERE {same_key}
RETURNING {columns}
"""

# On Citus a claim keeps to one partition, so it is asked first, without locks, which have any due.
_FIND_PARTITIONS = """
SELECT DISTINCT w.partition_id
FROM after_sales.{table} AS w
WHERE w.partition_id = ANY ($1::smallint[]) AND {due}
  AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
"""

_LOCK_IN_PARTITION = """
SELECT {columns}
FROM after_sales.{table} AS w
WHERE w.partition_id = $1 AND {due} AND (w.claimed_until IS NULL OR w.claimed_until <= $2)
ORDER BY w.{oldest}
LIMIT $3
FOR UPDATE SKIP LOCKED
"""

# A statement a row, sent together: Citus takes no modification that joins with an array.
_MARK_IN_PARTITION = """
UPDATE after_sales.{table} AS w
SET {claimed}
WHERE {given_key}
"""

_STEP = 17  # prime to the number of partitions, so every one of them comes first in its turn


class LeasedTable:
    """A table of work: what sets it apart, and the statements that claim its rows.

    ``key``: the primary key after ``partition_id``. ``due``: what makes a row due, given ``w`` and
    ``$2``, the present. ``oldest``: the column whose lowest values are claimed first; if it is an
    instant, in all partitions together, else partition by partition, beginning with another each
    time. ``counts``: a column that counts claims. ``columns``: what else the worker of a row needs.
    """

    def __init__(
        self,
        name: str,
        *,
        key: Sequence[str],
        columns: Sequence[str],
        partitions: int,
        due: str = "true",
        oldest: str = "due_at",
        oldest_is_instant: bool = True,
        counts: str | None = None,
    ) -> None:
        whole_key = ("partition_id", *key)
        self.name = name
        self._key = whole_key
        self._partitions = partitions
        self._oldest = oldest if oldest_is_instant else None
        self._counts = counts
        self._first = 0
        returned = dict.fromkeys((*whole_key, *columns, oldest, *([counts] if counts else ())))
        words = {
            "table": name,
            "due": due,
            "oldest": oldest,
            "order": f"ORDER BY w.{oldest}" if oldest_is_instant else "",
            "key": ", ".join(f"w.{column}" for column in whole_key),
            "columns": ", ".join(f"w.{column}" for column in returned),
            "same_key": " AND ".join(f"w.{column} = d.{column}" for column in whole_key),
        }
        counted = f", {counts} = w.{counts} + 1" if counts else ""
        self.claim_across_partitions = _ACROSS_PARTITIONS.format(
            claimed=f"claimed_until = $4, claim = $5{counted}", **words
        )
        self.find_partitions = _FIND_PARTITIONS.format(**words)
        self.lock_in_partition = _LOCK_IN_PARTITION.format(**words)
        self.mark_in_partition = _MARK_IN_PARTITION.format(
            claimed=f"claimed_until = $1, claim = $2{counted}",
            given_key=" AND ".join(
                f"w.{column} = ${place}" for place, column in enumerate(whole_key, start=3)
            ),
            **words,
        )

    async def claim(
        self, pool: Pool, topology: Topology, now: datetime, until: datetime, rows_max: int
    ) -> list[dict[str, Any]]:
        """Claim up to ``rows_max`` due rows until an instant; return them, the oldest first.

        Each as a dict of its columns, with ``claim``, the token to record its outcome under.
        """
        token = uuid7()
        self._first = (self._first + _STEP) % self._partitions
        turn = [(self._first + place) % self._partitions for place in range(self._partitions)]
        if rows_max <= 0:
            return []
        if topology is Topology.SINGLE:
            rows = [
                dict(row)
                for row in await pool.fetch(
                    self.claim_across_partitions, turn, now, rows_max, until, token
                )
            ]
        else:
            rows = await self._claim_by_partition(
                pool, turn, now=now, until=until, rows_max=rows_max, token=token
            )
        if self._oldest is not None:
            oldest = self._oldest
            rows.sort(key=lambda row: row[oldest])
        return [{**row, "claim": token} for row in rows]

    async def _claim_by_partition(
        self,
        pool: Pool,
        turn: Sequence[int],
        *,
        now: datetime,
        until: datetime,
        rows_max: int,
        token: UUID,
    ) -> list[dict[str, Any]]:
        found = await pool.fetch(self.find_partitions, list(turn), now)
        due = {row["partition_id"] for row in found}
        claimed: list[dict[str, Any]] = []
        for partition_id in (one for one in turn if one in due):
            left = rows_max - len(claimed)
            if left <= 0:
                break
            async with pool.acquire() as connection, connection.transaction():
                rows = await connection.fetch(self.lock_in_partition, partition_id, now, left)
                marks = [(until, token, *(row[column] for column in self._key)) for row in rows]
                await connection.executemany(self.mark_in_partition, marks)
            claimed += [self._counted(dict(row)) for row in rows]
        return claimed

    def _counted(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row that was read before it was marked as it is after that."""
        return row if self._counts is None else {**row, self._counts: row[self._counts] + 1}

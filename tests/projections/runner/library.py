"""Readers of library events: each keeps what it saw in a table of its own."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import asyncpg

from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Recorded
from tests.event_store.samples import LibraryEvent

CREATE_TABLE = """
CREATE TABLE after_sales.{table} (
    row_number bigint GENERATED ALWAYS AS IDENTITY,
    partition_id smallint NOT NULL,
    position bigint NOT NULL,
    stream_id text NOT NULL,
    reader text NOT NULL
)
"""

INSERT_ROWS = """
INSERT INTO after_sales.{table} (partition_id, position, stream_id, reader)
SELECT * FROM unnest($1::smallint[], $2::bigint[], $3::text[], $4::text[])
"""

SELECT_POSITIONS = """
SELECT position FROM after_sales.{table} WHERE partition_id = $1 ORDER BY row_number
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitsReader:
    """Keeps a row for every event, doubled if it is applied twice, in the order it came.

    It chokes on events of the readers it is told to refuse.
    """

    name: str = "visits"
    refused: set[str] = field(default_factory=set)

    async def create_table(self, connection: Connection) -> None:
        """Create what a migration would."""
        await connection.execute(CREATE_TABLE.format(table=self.name))

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(
            f"DELETE FROM after_sales.{self.name} WHERE partition_id = $1", partition_id
        )

    async def apply(self, connection: Connection, batch: Sequence[Recorded[LibraryEvent]]) -> None:
        """Add a row per event."""
        rows = [(e.partition_id, e.position, e.stream_id, e.event.reader) for e in batch]
        await connection.execute(INSERT_ROWS.format(table=self.name), *zip(*rows, strict=True))
        for event in batch:
            if event.event.reader in self.refused:
                # As a real mistake would: the statement fails and aborts what it is part of.
                await connection.execute("SELECT 1 / 0")

    async def positions(self, connection: Queryable, partition_id: int = 1) -> list[int]:
        """Return the positions applied in a partition, in the order they were."""
        rows = await connection.fetch(SELECT_POSITIONS.format(table=self.name), partition_id)
        return [row["position"] for row in rows]


POISON_ERRORS = (asyncpg.DivisionByZeroError.__name__, "division by zero")

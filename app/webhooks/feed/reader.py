"""Every public event with its body, kept by the reader `public_events`: what the feed gives.

It may be made again from the log at any time: bodies and ids are the same then, and nothing is
sent by it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import UUID

from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.tables import SCHEMA, BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.webhooks.catalog.public_event import PublicEvent
from app.webhooks.catalog.publisher import public_events_of

_PLACE = ("position", "ordinal")

public_events = Table(
    "public_events",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("ordinal", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("type", BytewiseText, nullable=False),
    Column("event_id", UUID(as_uuid=True), nullable=False),
    Column("body", Text, nullable=False),
    PrimaryKeyConstraint(
        "partition_id", *_PLACE, name="public_events_pkey", postgresql_include=["type"]
    ),
    Index(
        "public_events_shop_idx",
        *("partition_id", "shop_id", *_PLACE),
        postgresql_include=["type"],
    ),
)
"""``body`` is what is given to everybody, byte for byte.

The indexes hold the type beside the place, so that looking for few types among many events reads
no bodies.
"""

COLUMNS = tuple(public_events.c.keys())

CLEAR_PARTITION = "DELETE FROM after_sales.public_events WHERE partition_id = $1"


@dataclass(frozen=True, slots=True)
class PublicEventsReader:
    """Keeps what others are told: the state before a batch is read, and one COPY."""

    name: str = "public_events"

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Forget a partition's rows."""
        await connection.execute(CLEAR_PARTITION, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Keep what a batch means for others."""
        found = await public_events_of(connection, batch)
        if found:
            await connection.copy_records_to_table(
                public_events.name,
                schema_name=SCHEMA,
                columns=COLUMNS,
                records=[_row(event) for event in found],
            )


def _row(event: PublicEvent) -> tuple[object, ...]:
    return (
        event.partition_id,
        event.position,
        event.ordinal,
        event.shop_id,
        event.type.value,
        event.event_id,
        event.body(),
    )

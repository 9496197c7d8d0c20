"""Every public event with its body, kept by the reader `public_events`: what the feed gives.

It may be made again from the log at any time: bodies and ids are the same then, and nothing is
sent by it.
"""

from collections.abc import Sequence

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
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.projections.rows import Rebuildable, copy_rows
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


class PublicEventsReader(Rebuildable):
    """Keeps the public events: a query for the state before a batch, and one COPY."""

    name = "public_events"
    tables = (public_events,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Write the public events of a batch."""
        found = await public_events_of(connection, batch)
        await copy_rows(connection, public_events, [_row(event) for event in found])


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

"""Every public event with its body, kept by the reader `public_events` for the feed.

It can be rebuilt from the log at any time: ids and bodies stay the same, and nothing is sent.
"""

from collections.abc import Collection, Sequence

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import UUID

from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Recorded
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.projections.rows import Rebuildable, copy_rows
from app.webhooks.catalog.public_event import PublicEvent
from app.webhooks.catalog.publisher import public_events_of

_PLACE = ("position", "ordinal")

public_events = sa.Table(
    "public_events",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("ordinal", sa.SmallInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("type", BytewiseText, nullable=False),
    sa.Column("event_id", UUID(as_uuid=True), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.PrimaryKeyConstraint(
        "partition_id", *_PLACE, name="public_events_pkey", postgresql_include=["type"]
    ),
    sa.Index(
        "public_events_shop_idx", *("partition_id", "shop_id", *_PLACE), postgresql_include=["type"]
    ),
)
"""``body`` is what every reader receives, byte for byte. The indexes include the type, so that a
search for few types among many events reads no bodies.
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


FIND_GROWN = """
SELECT DISTINCT p.shop_id FROM after_sales.public_events AS p
WHERE p.partition_id = $1 AND p.position > $2 AND p.position <= $3
"""

FeedKey = tuple[int, str | None]
"""A shop in its partition, or all shops of a partition (None)."""

EVERY_SHOP: tuple[FeedKey, ...] = tuple(
    (partition_id, None) for partition_id in range(PARTITION_COUNT)
)
"""The feeds of the platform."""


def feed_of(shop_id: str) -> FeedKey:
    """Return the feed of one shop."""
    return partition_of(shop_id), shop_id


async def find_grown_feeds(
    database: Queryable, partition_id: int, after: int, up_to: int
) -> Collection[FeedKey]:
    """Return the shops with new events, and if there are any, their partition."""
    rows = await database.fetch(FIND_GROWN, partition_id, after, up_to)
    shops: list[FeedKey] = [(partition_id, row["shop_id"]) for row in rows]
    return [*shops, (partition_id, None)] if shops else []

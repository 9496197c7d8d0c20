"""Whose feeds have something new."""

from collections.abc import Collection
from dataclasses import dataclass

from app.event_store.connections import Queryable
from app.event_store.partitions import PARTITION_COUNT, partition_of
from app.webhooks.feed.reader import PublicEventsReader

FIND_GROWN = """
SELECT DISTINCT p.shop_id FROM after_sales.public_events AS p
WHERE p.partition_id = $1 AND p.position > $2 AND p.position <= $3
"""

FeedKey = tuple[int, str | None]
"""A shop in its partition, or all shops of a partition."""

EVERY_SHOP: tuple[FeedKey, ...] = tuple(
    (partition_id, None) for partition_id in range(PARTITION_COUNT)
)
"""What the platform follows."""


def feed_of(shop_id: str) -> FeedKey:
    """Return what is followed of one shop."""
    return partition_of(shop_id), shop_id


@dataclass(frozen=True, slots=True)
class FeedGrowth:
    """Feeds grow by their shops' events, and by progress in their partitions."""

    reader: str = PublicEventsReader().name

    def partition_of(self, key: FeedKey) -> int:
        """Return the partition a feed is in."""
        return key[0]

    async def grown(
        self, database: Queryable, partition_id: int, after: int, up_to: int
    ) -> Collection[FeedKey]:
        """Return the shops with new events, and if there are any, their partition."""
        rows = await database.fetch(FIND_GROWN, partition_id, after, up_to)
        shops: list[FeedKey] = [(partition_id, row["shop_id"]) for row in rows]
        return [*shops, (partition_id, None)] if shops else []

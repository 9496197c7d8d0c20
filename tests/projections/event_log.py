"""Real events in a real log, and readers that follow it exactly as far as a test wants."""

from collections.abc import Sequence
from typing import Any

from uuid_utils.compat import uuid7

from app.domain.funds.events import FundsEvent
from app.domain.order.events import OrderEvent
from app.event_store.append import Append, NewEvent, Written
from app.event_store.append_statement import append_across_partitions
from app.event_store.log import EventLog
from app.event_store.recorded_event import Recorded
from app.event_store.streams import PARTITION_COUNT, funds_stream, order_stream, partition_of
from app.event_types.registry import ServiceEvent, event_codec, order_codec
from app.postgres.pool import Pool
from app.projection_registry import READERS
from app.projections.apply_batch import read_feeds
from app.projections.checkpoints import ensure_checkpoints
from app.projections.claims import Progress, claim, move
from app.projections.projection import RebuildableProjection
from tests.projections.random_histories import METADATA
from tests.support.orders import ORDER, SHOP

CODEC = order_codec()
EVERYTHING = event_codec()
TABLES = (
    *("orders", "operation_log", "tickets", "deadlines", "notifications", "buyer_history"),
    *("refund_work", "ledger", "balances", "refunds", "funds_snapshots", "public_events"),
)

Readers = Sequence[RebuildableProjection[ServiceEvent]]


class Logged:
    """The log of a test, and the readers that make tables of it."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    async def write(
        self,
        events: Sequence[OrderEvent],
        *,
        shop_id: str = SHOP,
        order_id: str = ORDER,
        after_version: int = 0,
    ) -> None:
        """Append events to an order's stream and commit."""
        await self._append(order_stream(shop_id, order_id), events, shop_id, after_version)

    async def write_funds(
        self, events: Sequence[FundsEvent], *, shop_id: str = SHOP, after_version: int = 0
    ) -> None:
        """Append events to the stream of a shop's money and commit."""
        await self._append(funds_stream(shop_id), events, shop_id, after_version)

    async def _append(
        self, stream_id: str, events: Sequence[ServiceEvent], shop_id: str, after_version: int
    ) -> None:
        item = Append(
            partition_id=partition_of(shop_id),
            stream_id=stream_id,
            expected_version=after_version,
            events=tuple(_encoded(event) for event in events),
        )
        async with self.pool.acquire() as connection:
            (outcome,) = await append_across_partitions(connection, [item], 10.0)
        assert isinstance(outcome, Written), outcome

    async def history(
        self, shop_id: str = SHOP, order_id: str = ORDER
    ) -> list[Recorded[OrderEvent]]:
        """Read an order's whole stream."""
        return await EventLog(CODEC).read_stream(
            self.pool, partition_of(shop_id), order_stream(shop_id, order_id)
        )

    async def follow(self, readers: Readers = READERS, *, limit_each: int = 1_000) -> None:
        """Let readers apply all there is, in batches that span partitions."""
        names = [reader.name for reader in readers]
        async with self.pool.acquire() as connection, connection.transaction():
            await ensure_checkpoints(connection, names)
        while await self._follow_once(readers, limit_each):
            pass

    async def _follow_once(self, readers: Readers, limit_each: int) -> bool:
        by_name = {reader.name: reader for reader in readers}
        async with self.pool.acquire() as connection, connection.transaction():
            claims = await claim(connection, range(PARTITION_COUNT), list(by_name))
            places = sorted({(taken.partition_id, taken.position) for taken in claims})
            feeds = await read_feeds(connection, EVERYTHING, places, limit_each=limit_each)
            for name, reader in by_name.items():
                batch = [
                    event
                    for taken in claims
                    if taken.reader == name
                    for event in feeds[taken.partition_id, taken.position].events
                ]
                await reader.apply(connection, batch)
            await move(
                connection,
                [
                    Progress(
                        claim=taken,
                        position=feeds[taken.partition_id, taken.position].events[-1].position,
                    )
                    for taken in claims
                ],
            )
        return bool(claims)

    async def begin_again(self) -> None:
        """Clear every reader's tables and put it back before the first event."""
        async with self.pool.acquire() as connection, connection.transaction():
            for partition_id in range(PARTITION_COUNT):
                for reader in READERS:
                    await reader.clear(connection, partition_id)
            await connection.execute("UPDATE after_sales.checkpoints SET position = 0")

    async def tables(self) -> dict[str, list[dict[str, Any]]]:
        """Return every row of every read model, in the order of their keys."""
        return {
            table: [
                dict(row)
                for row in await self.pool.fetch(
                    f"SELECT * FROM after_sales.{table} ORDER BY 1, 2, 3"
                )
            ]
            for table in TABLES
        }


def _encoded(event: ServiceEvent) -> NewEvent:
    encoded = EVERYTHING.encode(event)
    return NewEvent(
        event_id=uuid7(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=EVERYTHING.encode_metadata(METADATA),
        occurred_at=event.at,
    )

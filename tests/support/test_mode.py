"""A shop in test mode below HTTP: its clock, its orders, and what has happened in it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from app.command_handling.apply_due_deadlines import Silent
from app.command_handling.handler import CommandHandler
from app.command_handling.requests import OrderRequest
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.registration import RecordReceiptConfirmation, RecordShipment, RegisterOrder
from app.domain.order.tickets import TicketType
from app.event_store.log import stored_event
from app.event_store.recorded_event import Actor, Role
from app.event_store.streams import partition_of, streams_of_shop
from app.event_types.registry import order_codec
from app.postgres.pool import Pool
from app.shop_clocks.clocks import (
    TestClock,
    advance_test_clock,
    create_test_clock,
    fetch_test_clock,
)
from tests.support.orders import (
    DAY,
    HOUR,
    OPENED,
    RECEIVED,
    SHIPPED,
    SHOP,
    apply_for,
    order_facts,
)

READ_SHOP = """
SELECT e.* FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id >= $2 AND e.stream_id < $3
ORDER BY e.position
"""
PUT_CLOCK = "UPDATE after_sales.test_clocks SET now = $3 WHERE partition_id = $1 AND shop_id = $2"

CODEC = order_codec()


class Happened(NamedTuple):
    """An event of a shop."""

    at: datetime
    order_id: str
    kind: str


async def given_test_clock(
    pool: Pool, shop_id: str, start: datetime, *, real_now: datetime
) -> TestClock:
    """Give a shop a test clock, and commit."""
    async with pool.acquire() as connection, connection.transaction():
        clock, _ = await create_test_clock(connection, shop_id, start, real_now=real_now)
    return clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopInTestMode:
    """One shop with a test clock, and a handler for what is asked of its orders."""

    pool: Pool
    handler: CommandHandler
    shop_id: str = SHOP

    async def begin(self, now: datetime = OPENED) -> None:
        """Give the shop its clock."""
        await given_test_clock(self.pool, self.shop_id, now, real_now=now)

    async def put(self, now: datetime) -> None:
        """Put the clock somewhere, whatever that skips."""
        await self.pool.execute(PUT_CLOCK, partition_of(self.shop_id), self.shop_id, now)

    async def advance(self, by: timedelta) -> None:
        """Ask the clock to advance; some worker has to do it."""
        now = (await self.clock()).now
        async with self.pool.acquire() as connection, connection.transaction():
            await advance_test_clock(connection, self.shop_id, by, real_now=now)

    async def clock(self) -> TestClock:
        """Look at the clock."""
        clock = await fetch_test_clock(self.pool, self.shop_id)
        assert clock is not None
        return clock

    async def open_entry(self, order_id: str) -> None:
        """Register, ship and receive an order, and open its entry."""
        await self.ask(
            order_id,
            RegisterOrder(facts=order_facts(shop_id=self.shop_id, order_id=order_id)),
            RecordShipment(shipped_at=SHIPPED),
            RecordReceiptConfirmation(confirmed_at=RECEIVED),
            OpenAfterSalesEntry(),
        )

    async def apply(self, order_id: str) -> None:
        """Apply for an exchange."""
        await self.ask(order_id, apply_for(TicketType.EXCHANGE))

    async def ask(self, order_id: str, *commands: OrderCommand) -> None:
        """Issue commands that must be granted."""
        request = OrderRequest(
            shop_id=self.shop_id,
            order_id=order_id,
            commands=commands,
            actor=Actor(role=Role.PLATFORM, id="tests"),
            correlation_id="tests",
            buyer_id=None,
        )
        answer = await self.handler.handle(request, Silent())
        assert answer.status == 200, commands

    async def happened(self) -> list[Happened]:
        """Return what has happened in the shop, in the order it was written down."""
        rows = await self.pool.fetch(
            READ_SHOP, partition_of(self.shop_id), *streams_of_shop(self.shop_id)
        )
        recorded = [CODEC.recorded(stored_event(row)) for row in rows]
        return [
            Happened(one.event.at, one.stream_id.rpartition("/")[2], type(one.event).__name__)
            for one in recorded
        ]


def falls_due(order_id: str, opened_at: datetime, *, applied: bool) -> list[Happened]:
    """Return what happens by itself after an entry was opened, and applied through at once."""
    if applied:
        return [
            Happened(opened_at + 2 * DAY - 12 * HOUR, order_id, "TicketDueReminded"),
            Happened(opened_at + 2 * DAY, order_id, "ApplicationAgreed"),
            Happened(opened_at + 5 * DAY, order_id, "AfterSalesEntryExpired"),
            Happened(opened_at + 8 * DAY, order_id, "TicketDueReminded"),
            Happened(opened_at + 9 * DAY, order_id, "TicketClosed"),
        ]
    return [
        Happened(opened_at + 4 * DAY, order_id, "AfterSalesEntryExpiring"),
        Happened(opened_at + 5 * DAY, order_id, "AfterSalesEntryExpired"),
    ]

"""Opens command handlers with the append batcher they write through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from app.clock import Clock
from app.command_handling.funds_handler import FundsHandler
from app.command_handling.funds_states import FundsStates
from app.command_handling.handler import CommandHandler
from app.domain.policy import POLICY
from app.event_store.announcer import Announcer
from app.event_store.append_batcher import AppendBatcher, AppendObserver
from app.event_store.connections import OwnConnection
from app.event_store.stream_loader import StreamLoader
from app.event_types.registry import funds_codec, order_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.shop_clocks.clocks import ShopClocks


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandHandlers:
    """What handles commands for orders, and for shops' money."""

    orders: CommandHandler
    funds: FundsHandler


@asynccontextmanager
async def open_command_handler(
    resources: Resources, clock: Clock, observer: AppendObserver | None = None
) -> AsyncIterator[CommandHandler]:
    """Open a handler of orders' commands alone."""
    async with open_command_handlers(resources, clock, observer) as handlers:
        yield handlers.orders


@asynccontextmanager
async def open_command_handlers(
    resources: Resources, clock: Clock, observer: AppendObserver | None = None
) -> AsyncIterator[CommandHandlers]:
    """Open handlers on open resources; at the end what waits in their batcher is written first."""
    settings = resources.settings

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, settings)

    async with (
        Announcer(own_connection) as announcer,
        AppendBatcher(
            own_connection,
            topology=settings.topology,
            announce=announcer.announce,
            observer=observer,
        ) as batcher,
    ):
        codec, funds = order_codec(), funds_codec()
        loads = StreamLoader(resources.pool, settings.topology)
        states = FundsStates(resources.pool, loads, funds)
        clocks = ShopClocks(resources.pool, clock)
        yield CommandHandlers(
            orders=CommandHandler(
                loads=loads,
                batcher=batcher,
                codec=codec,
                funds=states,
                clocks=clocks,
                policy=POLICY,
            ),
            funds=FundsHandler(
                states=states, batcher=batcher, codec=funds, clocks=clocks, policy=POLICY
            ),
        )

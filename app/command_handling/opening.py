"""Opens a command handler with the append lane it writes through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.clock import Clock
from app.command_handling.handler import CommandHandler
from app.command_handling.load_lane import LoadLane
from app.database import connect
from app.domain.policy import POLICY
from app.event_store.announcer import Announcer
from app.event_store.append_lane import AppendLane, LaneObserver
from app.event_store.connections import OwnConnection
from app.event_store.registry import order_codec
from app.resources import Resources
from app.shop_clocks.reading import ShopClocks


@asynccontextmanager
async def open_command_handler(
    resources: Resources, clock: Clock, observer: LaneObserver | None = None
) -> AsyncIterator[CommandHandler]:
    """Open a handler on open resources; at the end what waits in its lane is written first."""
    settings = resources.settings

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, settings)

    async with (
        Announcer(own_connection) as announcer,
        AppendLane(
            own_connection,
            topology=settings.topology,
            announce=announcer.announce,
            observer=observer,
        ) as lane,
    ):
        codec = order_codec()
        loads = LoadLane(resources.pool, codec, settings.topology)
        clocks = ShopClocks(resources.pool, clock)
        yield CommandHandler(loads=loads, lane=lane, codec=codec, clocks=clocks, policy=POLICY)

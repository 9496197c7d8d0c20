"""Opens a command handler with the append lane it writes through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from app.clock import Clock
from app.command_handling.handler import CommandHandler
from app.database import connect
from app.domain.policy import POLICY
from app.event_store.announcer import Announcer
from app.event_store.append_lane import AppendLane
from app.event_store.connections import OwnConnection
from app.event_store.registry import order_codec
from app.event_store.topology import Topology
from app.resources import Resources

LANE_WRITERS_ON_CITUS = 8
"""On a cluster a batch keeps to one partition, so several are written at the same time."""


@asynccontextmanager
async def open_command_handler(resources: Resources, clock: Clock) -> AsyncIterator[CommandHandler]:
    """Open a handler on open resources; at the end what waits in its lane is written first."""
    settings = resources.settings

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, settings)

    writers = LANE_WRITERS_ON_CITUS if settings.topology is Topology.CITUS else 1
    async with (
        Announcer(own_connection) as announcer,
        AppendLane(
            own_connection,
            topology=settings.topology,
            writers=writers,
            announce=announcer.announce,
        ) as lane,
    ):
        yield CommandHandler(
            database=resources.pool, lane=lane, codec=order_codec(), clock=clock, policy=POLICY
        )

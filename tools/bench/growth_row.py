"""How a command's time grows with the log."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from random import Random

import asyncpg
from uuid_utils.compat import uuid7

from app.clock import SystemClock
from app.command_handling.apply_due_deadlines import Silent
from app.command_handling.handler import CommandHandler
from app.command_handling.opening import open_command_handler
from app.command_handling.requests import OrderRequest
from app.domain.order.entries import OpenAfterSalesEntry
from app.event_store.recorded_event import Actor, Role
from app.resources import open_resources
from tools.bench.closed_loop import each_once
from tools.bench.figures import Part
from tools.bench.filling import fill_with_orders
from tools.bench.orders import EVENTS_PER_ORDER
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run, settings_for
from tools.bench.seeding import by_round, tidy

CONCURRENT = 8
COMMANDS_PER_ROUND = 400
FEW_EVENTS = 10_000
MANY_EVENTS = 200_000
MANY_EVENTS_FULL = 5_000_000

_MERCHANT = Actor(role=Role.MERCHANT, id="bench")


async def measure_growth(run: Run) -> Part:
    """Open entries with few and with many events in the log, in turns."""
    many = MANY_EVENTS_FULL if run.full else MANY_EVENTS
    few = max(FEW_EVENTS, COMMANDS_PER_ROUND * (run.rounds + 1) * EVENTS_PER_ORDER)
    async with _opening(run, many) as in_many, _opening(run, few) as in_few:
        await in_many()
        await in_few()
        found = await in_turns(run.rounds, in_many, in_few, run.on_step)
    figure = found.latency(
        f"command p50, {many:,} events against {few:,}", 0.5, 1.2, concurrent=CONCURRENT
    )
    return Part(
        figures=(figure,),
        notes=(
            f"growth: load, decide, append and answer in one process, {CONCURRENT} at a time, "
            "without HTTP and workers; an order has 3 events before.",
        ),
    )


@asynccontextmanager
async def _opening(run: Run, events: int) -> AsyncIterator[Callable[[], Awaitable[Round]]]:
    """Give what opens entries for a round, in a log that has so many events."""
    async with run.database() as url:
        places = await fill_with_orders(url, events, opened_share=0.0)
        connection = await asyncpg.connect(url)
        await tidy(connection)
        await connection.close()
        clock = SystemClock()
        async with (
            open_resources(settings_for(url), clock) as resources,
            open_command_handler(resources, clock) as handler,
        ):
            # Each order once: to open an open entry is a shorter command.
            sampled = Random(0).sample(  # noqa: S311 - nothing here is secret
                places, COMMANDS_PER_ROUND * (run.rounds + 1)
            )
            portions = iter(by_round(sampled, COMMANDS_PER_ROUND))

            async def opening_round() -> Round:
                return await each_once(
                    next(portions), lambda place: _open(handler, *place), concurrent=CONCURRENT
                )

            yield opening_round


async def _open(handler: CommandHandler, shop_id: str, order_id: str) -> None:
    request = OrderRequest(
        shop_id=shop_id,
        order_id=order_id,
        commands=(OpenAfterSalesEntry(),),
        actor=_MERCHANT,
        correlation_id=str(uuid7()),
    )
    answer = await handler.handle(request, Silent())
    if answer.status != 200:
        raise RuntimeError(f"{order_id} was refused")

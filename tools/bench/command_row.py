"""A whole command over HTTP, against a bare route that does one INSERT in the same server."""

from collections.abc import Iterator, Sequence

import asyncpg
from uuid_utils.compat import uuid7

from tools.bench.figures import Part
from tools.bench.http_load import Load, LoadProcess, http_request, load_process
from tools.bench.merchants import OPENING_BODY, merchant_keys, opening
from tools.bench.orders import SHOPS
from tools.bench.processes import api_process, worker_process
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run
from tools.bench.seeding import by_round, readers_caught_up, seed_received_orders, tidy

CONNECTIONS = 64
COMMANDS_PER_ROUND = 2_000

Places = Sequence[tuple[str, str]]


async def measure_command(run: Run) -> Part:
    """Open entries at 64 connections, with a worker running, in turns with the bare route."""
    async with run.database() as url:
        connection = await asyncpg.connect(url)
        keys = await merchant_keys(connection)
        places = await seed_received_orders(url, COMMANDS_PER_ROUND * (run.rounds + 1))
        with worker_process(url), api_process(url) as port, load_process() as process:
            await readers_caught_up(connection)
            await tidy(connection)
            measured = _Measured(process, port, keys, by_round(places, COMMANDS_PER_ROUND))

            async def baseline() -> Round:
                await readers_caught_up(connection)
                return await measured.bare()

            await measured.commands()  # warms up; so does a round of the other
            await baseline()
            found = await in_turns(run.rounds, measured.commands, baseline, run.on_step)
        await connection.close()
    what = f"command over HTTP, {CONNECTIONS} connections"
    conditions = {"connections": CONNECTIONS, "commands_per_round": COMMANDS_PER_ROUND}
    return Part(
        figures=(
            found.throughput(what, 0.6, **conditions),
            found.latency(f"{what}: p99", 0.99, 2.0, **conditions),
        ),
        notes=_NOTES,
    )


class _Measured:
    """Sends rounds of both kinds of requests to one server."""

    def __init__(
        self, process: LoadProcess, port: int, keys: dict[str, str], portions: list[Places]
    ) -> None:
        self._process = process
        self._port = port
        self._keys = keys
        self._portions: Iterator[Places] = iter(portions)
        self._bare_places = portions[0]

    async def commands(self) -> Round:
        """Open the entries of the next portion of orders."""
        return await self._sent([opening(self._keys, *place) for place in next(self._portions)])

    async def bare(self) -> Round:
        """Send as many requests to the bare route."""
        return await self._sent(
            [
                http_request("POST", f"/bench/shops/{shop_id}/orders/{uuid7()}", OPENING_BODY)
                for shop_id, _ in self._bare_places
            ]
        )

    async def _sent(self, requests: list[bytes]) -> Round:
        return await self._process.send(
            Load(port=self._port, connections=CONNECTIONS, requests=requests)
        )


_NOTES = (
    f"command: open the entry of a received order, each order once, over {SHOPS} shops; key "
    "looked up and checked, idempotency key, load, decide, append and answer included; a worker "
    "keeps up in a separate process. Baseline: a route first in the same application that "
    "validates the same body and does one autocommit INSERT of a row as wide as the command's "
    "event, through the same pool. One API process; keep-alive connections.",
)

"""The test clock of a shop: created, advanced, waited for; and the instants to stop at."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tools.oracle.order import PlainOrder
from tools.oracle.passing_time import boundaries, pass_time
from tools.simulation.comparing import differences
from tools.simulation.playing import Stage
from tools.simulation.service import Answer

LOOKS_MAX = 6
WAIT_SECONDS = 20

_OFFSETS = (
    timedelta(seconds=-1),
    timedelta(microseconds=-1),
    timedelta(),
    timedelta(microseconds=1),
)


class ShopExists(Exception):
    """There is a shop of this id already, with a clock or with orders."""


class ClockStuck(Exception):
    """The clock does not finish advancing: probably no worker runs."""


@dataclass(slots=True, kw_only=True)
class ShopClock:
    """A shop's clock and its version."""

    stage: Stage
    version: int = 0

    async def begin(self) -> None:
        """Put the shop into test mode; raises ShopExists if it is not a new one."""
        stage = self.stage
        body = {"now": stage.now.isoformat()}
        platform = stage.service.credentials.platform()
        answer = await stage.service.post(self._path(), platform, body)
        if answer.status not in {200, 201} or answer.body["version"] != 1:
            raise ShopExists(stage.shop_id)
        self.version = 1

    async def advance(self, to: datetime, orders: Mapping[str, PlainOrder]) -> None:
        """Advance to an instant; by then all that was due must have happened to the orders."""
        stage = self.stage
        clock = await self._ready(
            await stage.service.post(
                f"{self._path()}/advance",
                self._merchant(),
                {"to": to.isoformat()},
                if_match=self.version,
            )
        )
        fell_due = sum(_instants_of_passing(order, to) for order in orders.values())
        self.version, stage.now = clock["version"], to
        if not stage.lost:
            expected = {"now": to, "fell_due": fell_due}
            found = differences(stage.about("test clock"), "", expected, clock)
            stage.differ("test clock", found)

    async def turn_back(self) -> None:
        """Try to go back in time."""
        stage = self.stage
        body = {"to": (stage.now - timedelta(seconds=1)).isoformat()}
        answer = await stage.service.post(f"{self._path()}/advance", self._merchant(), body)
        expected = {"status": 409, "code": "clock_moved_backwards"}
        got = {"status": answer.status, "code": answer.code}
        stage.differ("test clock", differences(stage.about("test clock"), "back", expected, got))
        stage.tally.refusals["clock_moved_backwards"] += 1

    async def _ready(self, answer: Answer) -> dict[str, Any]:
        """Wait until the clock is ready, and return it."""
        if answer.attempts > 1 and answer.code in {"version_stale", "clock_advancing"}:
            answer = await self._look()  # an attempt before was granted
        for _ in range(LOOKS_MAX):
            answer.insist(self._path())
            if answer.body["status"] == "ready":
                clock: dict[str, Any] = answer.body
                return clock
            answer = await self._look()
        raise ClockStuck(self.stage.shop_id)

    async def _look(self) -> Answer:
        waiting = {"wait_seconds": str(WAIT_SECONDS)}
        return await self.stage.service.get(self._path(), self._merchant(), waiting)

    def _path(self) -> str:
        return f"/v1/shops/{self.stage.shop_id}/test-clock"

    def _merchant(self) -> str:
        return self.stage.service.credentials.merchant(self.stage.shop_id)


def stop_between(
    begin: datetime, end: datetime, orders: Iterable[PlainOrder], which: float, side: float
) -> datetime | None:
    """Return an instant to stop at: just before, at, or after one at which some answer changes.

    ``which`` and ``side`` are random, from 0 to 1. None if nothing changes in between.
    """
    offset = _OFFSETS[int(side * len(_OFFSETS))]
    stops = {at + offset for order in orders for at in boundaries(order)}
    between = sorted(stop for stop in stops if begin < stop < end)
    return between[int(which * len(between))] if between else None


def _instants_of_passing(order: PlainOrder, to: datetime) -> int:
    """Apply what is due to an order; return at how many instants something happened."""
    seen = order.version
    pass_time(order, to)
    return len({line.at for line in order.happened[seen:]})

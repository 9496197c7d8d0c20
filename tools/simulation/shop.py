"""One simulated shop on its test clock: imports orders, lets actors act, advances time."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tools.oracle.expected_view import entry_view, order_view
from tools.oracle.order import PlainOrder
from tools.oracle.rules import DAY
from tools.simulation.actors import Cast
from tools.simulation.batches import decide_at_one_go
from tools.simulation.clock import ShopClock, stop_between
from tools.simulation.comparing import differences
from tools.simulation.facts import START, planned_orders
from tools.simulation.incoming import take_in
from tools.simulation.playing import Stage
from tools.simulation.size import Size
from tools.simulation.together import side_by_side

ATTENTION = 0.55
"""Probability that an order is acted on in a round."""
STOP_SHARE = 0.4
"""How often a day has a second round, about an instant at which some answer changes."""
SNAPSHOT_SHARE = 0.03
SNAPSHOTS_MAX = 2
TURN_BACK_SHARE = 0.05
BATCH_SHARE = 0.25
"""How often a merchant decides on many tickets in one request, and how often that is repeated."""
BULK_MAX = 100
DEPOSIT = 10**12
"""Minor units: no number of refunds brings a shop into arrears."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """An order as it was shown at an instant, when nothing more was asked of it at that instant."""

    order_id: str
    at: datetime
    page: dict[str, Any]


@dataclass(slots=True, kw_only=True)
class Shop:
    """A shop, its orders and actors. Its number, not its id, seeds the random generator."""

    number: int
    stage: Stage
    size: Size
    examples: Mapping[str, Any]
    orders: dict[str, PlainOrder] = field(default_factory=dict)
    casts: dict[str, Cast] = field(default_factory=dict)
    snapshots: list[Snapshot] = field(default_factory=list)

    @property
    def shop_id(self) -> str:
        """The shop's id in the service."""
        return self.stage.shop_id

    async def live(self, on_day: Callable[[], None]) -> None:
        """Run all days; raises ShopExists, ClockStuck, and what requests raise."""
        clock = ShopClock(stage=self.stage)
        await clock.begin()
        await self._pay_deposit()
        planned = planned_orders(self.size, self.number, self.shop_id)
        rng = self.size.rng("clock", self.number)
        for day in range(self.size.days):
            today = [one.line for one in planned if one.day == day]
            for order in await take_in(self.stage, today, with_faults=day == 0):
                self._welcome(order)
            await self._round()
            ends = START + (day + 1) * DAY
            whether, back, which, side = (rng.random() for _ in range(4))
            stop = stop_between(self.stage.now, ends, self.orders.values(), which, side)
            if stop is not None and whether < STOP_SHARE:
                await clock.advance(stop, self.orders)
                await self._round()
            if back < TURN_BACK_SHARE:
                await clock.turn_back()
            await clock.advance(ends, self.orders)
            on_day()

    async def _pay_deposit(self) -> None:
        """Pay enough in for every refund there may be: a shop in arrears opens no entries."""
        service = self.stage.service
        path = f"/v1/shops/{self.shop_id}/funds/top-ups"
        body = {"reference": "deposit", "account": "deposit", "amount": DEPOSIT}
        platform = service.credentials.platform()
        (await service.post(path, platform, body, key="deposit")).insist(path)

    def _welcome(self, order: PlainOrder) -> None:
        rng = self.size.rng("story", self.number, order.order_id)
        self.orders[order.order_id] = order
        self.casts[order.order_id] = Cast.drawn(rng, self.examples)

    async def _round(self) -> None:
        """Let the merchant open entries and decide in batches, then all act on every order."""
        await self._open_some()
        await self._decide_many()
        await side_by_side(self._turn(order) for order in self.orders.values())

    async def _turn(self, order: PlainOrder) -> None:
        cast = self.casts[order.order_id]
        if cast.rng.random() < ATTENTION:
            for play in cast.turn(order, self.stage.now):
                await self.stage.perform(order, play)
        if cast.rng.random() < SNAPSHOT_SHARE:
            await self._take_snapshot(order)

    async def _open_some(self) -> None:
        now = self.stage.now
        wanted = [
            order
            for order_id, order in self.orders.items()
            if order_id not in self.stage.lost
            and order.entry.state != "open"
            and self.casts[order_id].wants_opened(order, now)
        ]
        at_one_go = self.size.rng("opening", self.number, now.isoformat()).random() < 0.5
        if at_one_go and len(wanted) > 1:
            await self._open_at_one_go(wanted[:BULK_MAX])
        else:
            await side_by_side(self._open_one(order) for order in wanted)

    async def _decide_many(self) -> None:
        now = self.stage.now.isoformat()
        rng = self.size.rng("deciding", self.number, now)
        if rng.random() > BATCH_SHARE:
            return
        asked = [
            (order, self.casts[order_id].in_a_batch(order))
            for order_id, order in self.orders.items()
            if order_id not in self.stage.lost
        ]
        decided = [(order, act) for order, act in asked if act is not None]
        if decided:
            repeat = rng.random() < BATCH_SHARE
            await decide_at_one_go(self.stage, decided, f"batch.{now}", repeat=repeat)

    async def _open_one(self, order: PlainOrder) -> None:
        await self._look_at_entry(order)
        await self.stage.perform(order, self.casts[order.order_id].opening(order))

    async def _open_at_one_go(self, orders: Sequence[PlainOrder]) -> None:
        body = {"cost_acknowledged": True, "order_ids": [order.order_id for order in orders]}
        service = self.stage.service
        path = f"/v1/shops/{self.shop_id}/after-sales-entries/open"
        answer = await service.post(path, service.credentials.merchant(self.shop_id), body)
        answer.insist(path)
        self.stage.tally.manners["opened in bulk"] += 1
        for order, result in zip(orders, answer.body["results"], strict=True):
            self.stage.opened_in_bulk(order, result)

    async def _look_at_entry(self, order: PlainOrder) -> None:
        """Ask whether the entry may be opened, as one does before opening it."""
        shown = await self._get(f"orders/{order.order_id}/after-sales-entry")
        failed = order.failed_rules(self.stage.now)
        rules = shown["eligibility"]["rules"]
        expected = {
            **entry_view(order.entry),
            "eligibility": {"eligible": not failed, "checked_at": self.stage.now},
            "failed": failed,
            "cost_preview": {"refundable": order.left},
            "version": order.version,
        }
        got = {**shown, "failed": frozenset(r["code"] for r in rules if not r["passed"])}
        self._compare(order.order_id, "entry", expected, got)

    async def _take_snapshot(self, order: PlainOrder) -> None:
        """Keep the order's page of now, to compare with `as_of` later."""
        taken = sum(one.order_id == order.order_id for one in self.snapshots)
        if taken >= SNAPSHOTS_MAX or order.order_id in self.stage.lost:
            return
        page = await self._get(f"orders/{order.order_id}")
        self._compare(order.order_id, "order on the way", order_view(order), page)
        self.snapshots.append(Snapshot(order_id=order.order_id, at=self.stage.now, page=page))

    async def _get(self, path: str) -> dict[str, Any]:
        service = self.stage.service
        merchant = service.credentials.merchant(self.shop_id)
        return await service.shown(f"/v1/shops/{self.shop_id}/{path}", merchant)

    def _compare(self, order_id: str, name: str, expected: Any, got: Any) -> None:
        self.stage.tally.checked[name] += 1
        self.stage.differ(order_id, differences(self.stage.about(order_id), name, expected, got))

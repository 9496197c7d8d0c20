"""A whole simulation: shops side by side, then the reckoning."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.simulation.checking import Reckoning
from tools.simulation.facts import START
from tools.simulation.playing import Stage
from tools.simulation.report import Tally
from tools.simulation.service import Service
from tools.simulation.shop import Shop
from tools.simulation.size import Size
from tools.simulation.together import side_by_side


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What came of a simulation, how long it took, and each request, quickest first."""

    tally: Tally
    seconds: float
    request_seconds: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Whom to tell that a shop's day is over, and that an order has been checked."""

    day: Callable[[Tally], None]
    order: Callable[[Tally], None]


def shop_ids(name: str, size: Size) -> list[str]:
    """Return the ids of the shops that are simulated under a name."""
    return [f"{name}-{number}" for number in range(1, size.shops + 1)]


def strangers_shop_id(name: str) -> str:
    """Return the id of the shop whose key is shown where it opens nothing."""
    return f"{name}-0"


async def simulate(service: Service, size: Size, name: str, told: Told) -> Report:
    """Let all shops live through their days, then check everything.

    Raises ShopTaken, ClockStuck, ServiceLost, NotLetIn, NotShown.
    """
    began, tally = time.perf_counter(), Tally()
    shops = new_shops(service, size, name, tally)
    await side_by_side(shop.live(lambda: told.day(tally)) for shop in shops)
    reckonings = [Reckoning(shop=shop, on_order=lambda: told.order(tally)) for shop in shops]
    await side_by_side(reckoning.check() for reckoning in reckonings)
    return Report(
        tally=tally,
        seconds=time.perf_counter() - began,
        request_seconds=sorted(service.seconds),
    )


def new_shops(service: Service, size: Size, name: str, tally: Tally) -> list[Shop]:
    """Return the shops, none of which has begun to live."""
    return [
        Shop(
            number=number,
            size=size,
            stage=Stage(
                service=service,
                tally=tally,
                shop_id=shop_id,
                strangers_shop_id=strangers_shop_id(name),
                now=START,
            ),
        )
        for number, shop_id in enumerate(shop_ids(name, size), start=1)
    ]

"""A whole simulation: shops side by side, then the final check."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.simulation.bodies import required_examples
from tools.simulation.checking import FinalCheck
from tools.simulation.facts import START
from tools.simulation.playing import Stage
from tools.simulation.report import Tally
from tools.simulation.service import Service
from tools.simulation.shop import Shop
from tools.simulation.size import Size
from tools.simulation.together import side_by_side


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of a simulation: its tally, its time, and the time of each request, in order."""

    tally: Tally
    seconds: float
    request_seconds: list[float]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgressCallbacks:
    """Callbacks: a shop's day is over, an order has been checked."""

    day: Callable[[Tally], None]
    order: Callable[[Tally], None]


def shop_ids(name: str, size: Size) -> list[str]:
    """Return the ids of the shops that are simulated under a name."""
    return [f"{name}-{number}" for number in range(1, size.shops + 1)]


def strangers_shop_id(name: str) -> str:
    """Return the id of another shop, whose key must be refused everywhere else."""
    return f"{name}-0"


async def simulate(service: Service, size: Size, name: str, progress: ProgressCallbacks) -> Report:
    """Run all shops through their days, then check everything.

    Raises ShopExists, ClockStuck, ServiceLost, CredentialsRefused, UnexpectedAnswer.
    """
    began, tally = time.perf_counter(), Tally()
    shops = await new_shops(service, size, name, tally)
    await side_by_side(shop.live(lambda: progress.day(tally)) for shop in shops)
    checks = [FinalCheck(shop=shop, on_order=lambda: progress.order(tally)) for shop in shops]
    await side_by_side(check.check() for check in checks)
    return Report(
        tally=tally,
        seconds=time.perf_counter() - began,
        request_seconds=sorted(service.seconds),
    )


async def new_shops(service: Service, size: Size, name: str, tally: Tally) -> list[Shop]:
    """Return the shops, none of which has started; reads the API's document from the service."""
    document = await service.shown("/openapi.json", service.credentials.platform())
    examples = required_examples(document)
    return [
        Shop(
            number=number,
            size=size,
            examples=examples,
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

"""When it is for the shop a command is for, and by whose clock."""

from dataclasses import dataclass
from datetime import datetime

from app.command_handling.requests import History
from app.event_store.recorded_event import ClockKind
from app.shop_clocks.clocks import ShopClocks


@dataclass(frozen=True, slots=True, kw_only=True)
class ShopTime:
    """When a shop's commands are decided, by whose clock.

    ``assumed``: nothing has said yet that the shop has no test clock.
    """

    now: datetime
    clock: ClockKind = ClockKind.SYSTEM
    assumed: bool = False


async def present_of(
    shop_id: str, clocks: ShopClocks, history: History, *, assume_production: bool
) -> ShopTime:
    """Find out when it is for an order's shop.

    An order's events are all of one clock, so those of a shop in production save the look. Without
    any event, a shop may be assumed to be in production until proved otherwise.
    """
    look = history[0].metadata.clock is ClockKind.TEST if history else not assume_production
    test_now = await clocks.test_now(shop_id) if look else None
    if test_now is not None:
        return ShopTime(now=test_now, clock=ClockKind.TEST)
    return ShopTime(now=clocks.system.now(), assumed=not history and assume_production)

"""What a generated test asks of an order: most often sensible, now and then anything."""

from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from app.domain.order.applications import Application
from app.domain.order.commands import TRANSITIONS, TicketDecision
from tests.domain.pools import ODD, ODD_WISHES, SENSIBLE, WISHES
from tests.support.orders import DAY, HOUR, INSTANT

KINDS: dict[str, type[TicketDecision]] = {kind.__name__: kind for kind in TRANSITIONS}

Move = tuple[int | None, timedelta]
"""To which of the next boundaries, and how far from it; None: from where the clock stands."""
STAY: Move = (None, timedelta(0))
JUMPS = [timedelta(seconds=1), HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY, -INSTANT, -HOUR, -3 * DAY]
ALL_MOVES: list[Move] = [
    *[STAY] * 16,
    *((None, by) for by in JUMPS),
    *((nth, by) for nth in (0, 0, 0, 1, 2) for by in (-INSTANT, timedelta(0), INSTANT)),
]
MOVES = st.sampled_from(ALL_MOVES)


def applications() -> st.SearchStrategy[Application]:
    """Return applications, some of them odd."""
    return st.one_of(st.sampled_from(WISHES), st.sampled_from(WISHES), st.sampled_from(ODD_WISHES))


def decisions(kind: type[TicketDecision], ticket_id: str) -> st.SearchStrategy[TicketDecision]:
    """Return decisions of a class on a ticket, half of them odd."""
    return st.one_of(sensible(kind, ticket_id), _chosen(kind, ticket_id, choices(kind, odd=True)))


def sensible(kind: type[TicketDecision], ticket_id: str) -> st.SearchStrategy[TicketDecision]:
    """Return decisions of a class on a ticket that are refused for no fault of their own."""
    return _chosen(kind, ticket_id, choices(kind, odd=False))


def at_random(
    rng: Random, kind: type[TicketDecision], ticket_id: str, *, odd: bool
) -> TicketDecision:
    """Return one such decision, without a search that could make it smaller."""
    return kind(ticket_id=ticket_id, **rng.choice(choices(kind, odd=odd)))


def choices(kind: type[TicketDecision], *, odd: bool) -> list[dict[str, Any]]:
    """Return the fields to choose from, beside the ticket's id."""
    return ODD[kind] if odd else SENSIBLE[kind]


def _chosen(
    kind: type[TicketDecision], ticket_id: str, fields: list[dict[str, Any]]
) -> st.SearchStrategy[TicketDecision]:
    return st.sampled_from(fields).map(lambda chosen: kind(ticket_id=ticket_id, **chosen))

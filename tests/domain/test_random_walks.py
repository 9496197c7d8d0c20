"""Long random lives of an order: far more of them than a search could look at in the same time."""

from random import Random

import pytest

from app.domain.order.commands import ActOnDeadlines, OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.registration import (
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
)
from app.domain.order.tickets import TicketType
from tests.domain.compared_order import BEGINNINGS, OF_ENTRY, SELDOM, ComparedOrder, a_wish
from tests.domain.invariants import check_history, check_people_are_shown_the_same, check_state
from tests.domain.pools import ODD_WISHES
from tests.domain.random_commands import ALL_MOVES, JUMPS, KINDS, at_random
from tests.domain.search_depth import SEED, TIMES

WALKS, STEPS = 60 * max(TIMES, 1), 40


class Walk(ComparedOrder):
    """An order to which things happen by drawn."""

    def __init__(self, seed: str) -> None:
        self.rng = Random(seed)  # noqa: S311 - rng, not secrets
        self.begin_with(self.rng.choice(BEGINNINGS), self.rng.choice([1, 2]))

    def step(self) -> None:
        """Have one thing happen; the likelier, the more a life of tickets is made of it."""
        what = self.rng.random()
        if what < 0.6:
            self.go_on(odd=self.rng.random() < 0.15)
        elif what < 0.7:
            name = self.rng.choice(list(KINDS))
            ticket_id = self.ticket_id(self.rng.choice([-1, 0, 0, 1]))
            self.ask(at_random(self.rng, KINDS[name], ticket_id, odd=True))
        elif what < 0.85:
            self.move(self.rng.choice(ALL_MOVES))
            self.ask(ActOnDeadlines())
        elif what < 0.9:
            self.ask(self.rng.choice(OF_ENTRY))
        elif what < 0.95:
            self.ask(self.some_fact())
        else:
            self.ask(self.rng.choice(ODD_WISHES))

    def go_on(self, *, odd: bool) -> None:
        """Decide what may be decided now; where nothing may, apply anew."""
        fitting = self.fitting()
        if not fitting:
            self.ask(OpenAfterSalesEntry())
            self.ask(a_wish(self.rng.choice(list(TicketType))))
            return
        lively = [name for name in fitting if name not in SELDOM]
        name = self.rng.choice(lively if lively and self.rng.random() < 0.9 else fitting)
        self.ask(at_random(self.rng, KINDS[name], self.ticket_id(), odd=odd))

    def some_fact(self) -> OrderCommand:
        """Return something the order system says, of the past or, wrongly, of what is to come."""
        at = self.now - self.rng.choice(JUMPS)
        told = (
            RecordShipment(shipped_at=at),
            RecordReceiptConfirmation(confirmed_at=at),
            RecordSettlement(settled_at=at),
        )
        return self.rng.choice(told)


@pytest.mark.parametrize("block", range(8))
def test_domain_and_oracle_agree_however_long_an_order_lives(
    block: int,
) -> None:
    for number in range(WALKS):
        seed = f"{SEED}-{block}-{number}"
        try:
            walk_on(Walk(seed))
        except AssertionError as failure:
            failure.add_note(f"seed {seed}")
            raise


def walk_on(walk: Walk) -> None:
    """Have some things happen, and look whether all holds after each and at the end."""
    for _ in range(STEPS):
        walk.step()
        check_state(walk)
    check_history(walk.events)
    check_people_are_shown_the_same(walk.events)

"""Random commands at random instants: the domain and the oracle must agree."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

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
from tests.domain.random_commands import KINDS, MOVES, Move, applications, decisions, sensible
from tests.domain.search_depth import bounded
from tests.support.orders import (
    DAY,
    HOUR,
)

TOLD: list[Callable[[datetime], OrderCommand]] = [
    lambda at: RecordShipment(shipped_at=at),
    lambda at: RecordReceiptConfirmation(confirmed_at=at),
    lambda at: RecordSettlement(settled_at=at),
]
AGO = st.sampled_from([timedelta(seconds=-6), timedelta(seconds=-5), timedelta(0), HOUR, DAY])
PAUSES = [timedelta(0), timedelta(seconds=1), HOUR]
LIMITED = {
    "AddTicketRemark",
    "CorrectReturnShipment",
    "ExtendReturnDeadline",
    "ModifyApplication",
    "SubmitArbitrationEvidence",
}
"""What may be done again where it was done, up to a limit."""
NAMES = st.sampled_from(sorted(KINDS))


class OneOrder(ComparedOrder, RuleBasedStateMachine):
    """A compared order, and a clock that jumps, waits at boundaries and is put back."""

    @initialize(begin=st.sampled_from(BEGINNINGS), few=st.sampled_from([1, 2]))
    def begin(self, begin: str, few: int) -> None:
        self.begin_with(begin, few)

    @rule(move=MOVES)
    def a_timer_wakes_up(self, move: Move) -> None:
        self.move(move)
        self.ask(ActOnDeadlines())

    @rule(move=MOVES, fact=st.sampled_from(TOLD), ago=AGO, again=st.booleans())
    def a_fact_is_told(self, move: Move, fact: Any, ago: timedelta, again: bool) -> None:
        self.move(move)
        received = self.order.receipt_confirmed_at
        if again and received is not None:
            self.ask(RecordReceiptConfirmation(confirmed_at=received))
        else:
            self.ask(fact(self.now - ago))

    @rule(move=MOVES, command=st.sampled_from(OF_ENTRY))
    def something_is_asked_of_the_entry(self, move: Move, command: OrderCommand) -> None:
        self.move(move)
        self.ask(command)

    @rule(move=MOVES, application=applications())
    def the_buyer_applies(self, move: Move, application: OrderCommand) -> None:
        self.move(move)
        self.ask(application)

    @precondition(lambda self: self.expected.tickets)
    @rule(move=MOVES, name=NAMES, back=st.integers(-1, 1), data=st.data())
    def anything_is_decided(self, move: Move, name: str, back: int, data: st.DataObject) -> None:
        self.move(move)
        self.ask(data.draw(decisions(KINDS[name], self.ticket_id(back))))

    @precondition(lambda self: self.expected.active)
    @rule(move=MOVES, data=st.data())
    def what_the_table_allows_is_decided(self, move: Move, data: st.DataObject) -> None:
        self.move(move)
        if self.expected.active:
            name = data.draw(st.sampled_from(self.fitting()))
            self.ask(data.draw(decisions(KINDS[name], self.ticket_id())))

    @precondition(lambda self: self.expected.active)
    @rule(data=st.data())
    def one_thing_is_done_again_and_again(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name in self.fitting() if name in LIMITED]))
        for _ in range(3):
            self.ask(data.draw(sensible(KINDS[name], self.ticket_id())))

    @rule(kind=st.sampled_from(TicketType), times=st.integers(2, 6), data=st.data())
    def a_story_goes_on(self, kind: TicketType, times: int, data: st.DataObject) -> None:
        """Have some sensible things happen one after the other, on a new ticket if need be."""
        if not self.expected.active:
            self.ask(OpenAfterSalesEntry())
            self.ask(a_wish(kind))
        for _ in range(times):
            fitting = [name for name in self.fitting() if name not in SELDOM]
            if not fitting:
                return
            name = data.draw(st.sampled_from(fitting))
            self.now += data.draw(st.sampled_from(PAUSES))
            self.ask(data.draw(sensible(KINDS[name], self.ticket_id())))

    @invariant()
    def everything_holds(self) -> None:
        check_state(self)
        check_history(self.events)

    def teardown(self) -> None:
        """See that people are shown the same, at the end and after every event on the way."""
        check_people_are_shown_the_same(getattr(self, "events", ()))


TestOneOrder = OneOrder.TestCase
TestOneOrder.settings = bounded(examples=100, steps=25)

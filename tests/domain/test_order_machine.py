"""Random commands at random instants: the rules beside the same rules written plainly."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from app.domain.order.commands import (
    ActOnDeadlines,
    DeclineEntryReopening,
    OpenAfterSalesEntry,
    OrderCommand,
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
    RequestEntryReopening,
)
from app.domain.order.evolve import evolve
from app.domain.order.state import OrderState, Unregistered
from app.domain.order.ticket_commands import (
    TicketDecision,
)
from app.domain.order.tickets import TicketType
from app.domain.order.transitions import TRANSITIONS
from app.domain.reasons import DeclineReason
from app.read_models.order_fold import fold_history
from tests.domain.asking import (
    ITEMS,
    MOVES,
    Move,
    applications,
    decisions,
    sensible,
)
from tests.domain.both_tellings import BothTellings, a_wish, registered
from tests.domain.described import as_far_as, described, described_view
from tests.domain.exploring import bounded
from tests.domain.plain_tables import ALLOWED
from tests.domain.told import (
    check_deadlines_act_once_at_their_instants,
    check_final_states_are_final,
    check_nobody_got_in_outside_their_window,
)
from tests.read_models.histories import recorded
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
BEGINNINGS = ["registered", "received", "used up", "past period", *["opened", "partly paid"] * 2]
OF_ENTRY: list[OrderCommand] = [
    OpenAfterSalesEntry(),
    OpenAfterSalesEntry(),
    RequestEntryReopening(note=None),
    DeclineEntryReopening(reason=DeclineReason.OTHER, note=None),
]
PAUSES = [timedelta(0), timedelta(seconds=1), HOUR]
SELDOM = {"WithdrawApplication", "AddTicketRemark"}
"""What would end most stories, or fill them."""
LIMITED = {
    "AddTicketRemark",
    "CorrectReturnShipment",
    "ExtendReturnDeadline",
    "ModifyApplication",
    "SubmitArbitrationEvidence",
}
"""What may be done again where it was done, up to a limit."""
NAMES = st.sampled_from(sorted(ALLOWED))
KINDS: dict[str, type[TicketDecision]] = {kind.__name__: kind for kind in TRANSITIONS}


class OneOrder(BothTellings, RuleBasedStateMachine):
    """An order in both tellings, and a clock that jumps, waits at boundaries and is put back."""

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

    @precondition(lambda self: self.plain.tickets)
    @rule(move=MOVES, name=NAMES, back=st.integers(-1, 1), data=st.data())
    def anything_is_decided(self, move: Move, name: str, back: int, data: st.DataObject) -> None:
        self.move(move)
        self.ask(data.draw(decisions(KINDS[name], self.ticket_id(back))))

    @precondition(lambda self: self.plain.active())
    @rule(move=MOVES, data=st.data())
    def what_the_table_allows_is_decided(self, move: Move, data: st.DataObject) -> None:
        self.move(move)
        if self.plain.active():
            name = data.draw(st.sampled_from(self.fitting()))
            self.ask(data.draw(decisions(KINDS[name], self.ticket_id())))

    @precondition(lambda self: self.plain.active())
    @rule(data=st.data())
    def one_thing_is_done_again_and_again(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from([name for name in self.fitting() if name in LIMITED]))
        for _ in range(3):
            self.ask(data.draw(sensible(KINDS[name], self.ticket_id())))

    @rule(kind=st.sampled_from(TicketType), times=st.integers(2, 6), data=st.data())
    def a_story_goes_on(self, kind: TicketType, times: int, data: st.DataObject) -> None:
        """Have some sensible things happen one after the other, on a new ticket if need be."""
        if not self.plain.active():
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
    def both_tell_the_same(self) -> None:
        assert described(self.order) == self.plain.described()
        assert self.order.version == len(self.events)

    @invariant()
    def at_most_one_ticket_is_active(self) -> None:
        assert sum(ticket.active for ticket in self.order.tickets.values()) <= 1

    @invariant()
    def no_more_is_refunded_than_was_paid_for_the_order_and_for_each_item(self) -> None:
        order = self.order
        assert order.refunded + order.refundable == 10_000
        assert order.refundable >= 0
        for item_id, done in order.refunds.items():
            units, paid = ITEMS[item_id]
            assert 0 <= done.amount <= paid
            assert 0 <= done.quantity_returned <= units

    @invariant()
    def the_history_holds_together(self) -> None:
        instants = [event.at for event in self.events]
        assert instants == sorted(instants)
        check_final_states_are_final(self.events)
        check_nobody_got_in_outside_their_window(self.events)
        check_deadlines_act_once_at_their_instants(self.events)

    def teardown(self) -> None:
        """See that people are shown the same, at the end and after every event on the way."""
        state: OrderState = Unregistered()
        history = recorded(getattr(self, "events", ()))
        for number, line in enumerate(history, start=1):
            state = evolve(state, line.event)
            view, order = fold_history(history[:number]), registered(state)
            shown = described_view(view)
            assert as_far_as(shown, described(order)) == shown
            assert view.refunded_amount == order.refunded


TestOneOrder = OneOrder.TestCase
TestOneOrder.settings = bounded(examples=220, steps=25)

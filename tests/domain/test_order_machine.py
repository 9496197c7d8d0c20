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
from app.domain.order.decide import Accepted, decide
from app.domain.order.events import AfterSalesEntryOpened, ReceiptConfirmed
from app.domain.order.evolve import fold
from app.domain.order.state import EntryClosed, EntryOpen, NeverOpened, Order
from app.domain.order.ticket_commands import TicketDecision
from app.domain.order.ticket_events import TicketCreated
from app.domain.order.tickets import TicketType
from app.domain.policy import POLICY
from app.domain.reasons import DeclineReason
from tests.domain.exploring import bounded
from tests.domain.plain_order import FINAL, PlainOrder, RefusedError
from tests.support.orders import (
    CREATED,
    DAY,
    HOUR,
    INSTANT,
    agree,
    an_item,
    apply_for,
    order_facts,
    refund_arrived,
    refuse,
    registered_order,
    some,
    withdraw,
)

ITEMS = {"scarf": (3, 9_000), "hat": (1, 1_000)}
FACTS = order_facts(*(an_item(i, quantity=q, amount_paid=a) for i, (q, a) in ITEMS.items()))

TOLD: dict[str, Callable[[datetime], OrderCommand]] = {
    "shipped": lambda at: RecordShipment(shipped_at=at),
    "received": lambda at: RecordReceiptConfirmation(confirmed_at=at),
    "settled": lambda at: RecordSettlement(settled_at=at),
}
DECISIONS: dict[str, Callable[[str], TicketDecision]] = {
    "AgreeToApplication": agree,
    "RejectApplication": refuse,
    "WithdrawApplication": withdraw,
    "RecordRefundSuccess": refund_arrived,
}
Move = tuple[int | None, timedelta]
"""To which of the next boundaries, and how far from it; None: from where the clock stands."""
STAY: Move = (None, timedelta(0))
JUMPS = [INSTANT, HOUR, DAY, 2 * DAY, 30 * DAY, -INSTANT, -HOUR, -3 * DAY]
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.just(STAY),
    st.tuples(st.none(), st.sampled_from(JUMPS)),
    st.tuples(st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([-INSTANT, timedelta(0), INSTANT])),
)
AGO = st.sampled_from([timedelta(seconds=-6), timedelta(seconds=-5), timedelta(0), HOUR, DAY])

Wanted = list[tuple[str, int, int]]
MOST_OFTEN_RIGHT = st.sampled_from(
    [("scarf", 1, 3_000), ("scarf", 3, 9_000), ("scarf", 1, 4_500), ("hat", 1, 1_000)]
)
ANYTHING = st.tuples(
    st.sampled_from(["scarf", "hat", "glove"]),
    st.integers(-1, 4),
    st.sampled_from([-1, 0, 1, 1_000, 1_001, 9_000, 9_001, 2**63]),
)
WANTED = st.one_of(
    MOST_OFTEN_RIGHT.map(lambda item: [item]),
    st.lists(ANYTHING, max_size=2),
    st.just([("scarf", 3, 9_000), ("hat", 1, 1_000)]),
)


class OneOrder(RuleBasedStateMachine):
    """An order in both tellings, and a clock that jumps, waits at boundaries and is put back."""

    @initialize(begin=st.sampled_from(["registered", "received", "past period", "opened"]))
    def register(self, begin: str) -> None:
        self.now = CREATED
        self.plain = PlainOrder(CREATED, ITEMS)
        self.order = registered_order(FACTS).order
        self.events = list(registered_order(FACTS).events)
        if begin != "registered":
            self.decide(TOLD["received"](CREATED), "tell", "received", CREATED)
        if begin in {"past period", "opened"}:
            self.now += 7 * DAY
        if begin == "opened":
            self.open()

    @rule(move=MOVES)
    def a_timer_wakes_up(self, move: Move) -> None:
        self.move(move)
        self.decide(ActOnDeadlines(), "wake")

    @rule(move=MOVES, fact=st.sampled_from(sorted(TOLD)), ago=AGO)
    def a_fact_is_told(self, move: Move, fact: str, ago: timedelta) -> None:
        self.move(move)
        self.decide(TOLD[fact](self.now - ago), "tell", fact, self.now - ago)

    @precondition(lambda self: self.plain.told)
    @rule(move=MOVES, pick=st.integers(0, 2))
    def a_fact_is_told_again(self, move: Move, pick: int) -> None:
        self.move(move)
        fact, at = sorted(self.plain.told.items())[pick % len(self.plain.told)]
        self.decide(TOLD[fact](at), "tell", fact, at)

    @rule(move=MOVES)
    def open(self, move: Move = STAY) -> None:
        self.move(move)
        self.decide(OpenAfterSalesEntry(), "open")

    @rule(move=MOVES)
    def ask_again(self, move: Move) -> None:
        self.move(move)
        self.decide(RequestEntryReopening(note=None), "ask_again")

    @rule(move=MOVES)
    def decline(self, move: Move) -> None:
        self.move(move)
        command = DeclineEntryReopening(reason=DeclineReason.OTHER, note=None)
        self.decide(command, "decline")

    @rule(move=MOVES, kind=st.sampled_from(TicketType), wanted=WANTED)
    def apply(self, move: Move, kind: TicketType, wanted: Wanted) -> None:
        self.move(move)
        self.apply_at_once(kind, wanted)

    @precondition(lambda self: not self.plain.active())
    @rule(move=MOVES, amount=st.sampled_from([1_000, 3_000, 4_500, 9_000]), paid=st.booleans())
    def apply_for_money(self, move: Move, amount: int, paid: bool) -> None:
        self.move(move)
        self.apply_at_once(TicketType.REFUND_ONLY, [("scarf", 1, amount)])
        if paid:
            self.decide_on_ticket("AgreeToApplication")
            self.decide_on_ticket("RecordRefundSuccess")

    @precondition(lambda self: not self.plain.active())
    @rule(move=MOVES, times=st.sampled_from([2, 5]))
    def apply_and_withdraw(self, move: Move, times: int) -> None:
        self.move(move)
        for _ in range(times):
            self.apply_at_once(TicketType.EXCHANGE, [("scarf", 3, 0)])
            self.decide_on_ticket("WithdrawApplication")

    @precondition(lambda self: self.plain.tickets)
    @rule(move=MOVES, decision=st.sampled_from(sorted(DECISIONS)), back=st.sampled_from([0, 1, -1]))
    def on_any_ticket(self, move: Move, decision: str, back: int) -> None:
        self.move(move)
        self.decide_on_ticket(decision, back=back)

    @precondition(lambda self: self.plain.active())
    @rule(move=MOVES, decision=st.sampled_from(sorted(DECISIONS)))
    def on_the_active_ticket(self, move: Move, decision: str) -> None:
        self.move(move)
        self.decide_on_ticket(decision)

    def move(self, move: Move) -> None:
        """Move the clock: by a duration, or to one side of an instant at which answers change."""
        boundary, by = move
        ahead = sorted(at for at in self.plain.interesting_instants() if at + by > self.now)
        if boundary is None:
            self.now += by
        elif ahead:
            self.now = ahead[min(boundary, len(ahead) - 1)] + by

    def apply_at_once(self, kind: TicketType, wanted: Wanted) -> None:
        items = tuple(some(i, quantity=quantity, amount=amount) for i, quantity, amount in wanted)
        if items:
            self.decide(apply_for(kind, *items), "apply", kind.value, wanted)

    def decide_on_ticket(self, decision: str, back: int = 0) -> None:
        number = max(len(self.plain.tickets) - back, 1)
        self.decide(DECISIONS[decision](f"order-1-{number}"), "on_ticket", decision, number)

    def decide(self, command: OrderCommand, what: str, *given: Any) -> None:
        """Ask both tellings; they must agree, and asking again must add nothing."""
        outcome = decide(command, self.order, self.now, POLICY)
        try:
            plain = self.plain.after(what, self.now, *given)
        except RefusedError as refused:
            assert not isinstance(outcome, Accepted), (outcome, refused.code)
            assert outcome.code.value == refused.code
            assert [rule.code.value for rule in outcome.failed_rules] == refused.rules
            return
        assert isinstance(outcome, Accepted), outcome
        added = [(type(event).__name__, event.at) for event in outcome.all_events]
        assert added == plain.happened[len(self.plain.happened) :]
        self.plain = plain
        self.events += outcome.all_events
        order = fold(self.order, outcome.all_events)
        assert isinstance(order, Order)
        self.order = order
        again = decide(command, self.order, self.now, POLICY)
        assert not isinstance(again, Accepted) or again.all_events == ()

    @invariant()
    def both_tell_the_same(self) -> None:
        order, plain = self.order, self.plain
        assert order.version == len(self.events) == len(plain.happened)
        assert order.applications_in_period == plain.counted <= 5
        assert described(order) == {
            "generation": plain.entry["generation"],
            "open": plain.entry["open"],
            "asked": plain.entry["asked"],
            "tickets": [
                (ticket["kind"], ticket["state"], ticket["overdue"], ticket["due"])
                for ticket in plain.tickets
            ],
            "paid_back": {item: paid for item, paid in plain.paid_back.items() if paid},
        }

    @invariant()
    def at_most_one_ticket_is_active(self) -> None:
        states = [ticket.state.value for ticket in self.order.tickets.values()]
        assert sum(state not in FINAL for state in states) <= 1

    @invariant()
    def no_more_is_refunded_than_was_paid_for_the_order_and_for_each_item(self) -> None:
        order = self.order
        assert order.refunded + order.refundable == 10_000
        assert order.refundable >= 0
        assert all(done.amount <= ITEMS[item][1] for item, done in order.refunds.items())

    @invariant()
    def instants_never_go_back(self) -> None:
        instants = [event.at for event in self.events]
        assert instants == sorted(instants)

    @invariant()
    def final_states_are_final(self) -> None:
        ended: set[str] = set()
        for event in self.events:
            ticket_id = getattr(event, "ticket_id", None)
            assert ticket_id not in ended
            if ticket_id and event.state.value in FINAL:  # type: ignore[union-attr]
                ended.add(ticket_id)

    @invariant()
    def nobody_got_in_outside_their_window(self) -> None:
        ends: datetime | None = None
        window: tuple[datetime, datetime] | None = None
        counted = 0
        for event in self.events:
            ends = event.confirmed_at + 7 * DAY if isinstance(event, ReceiptConfirmed) else ends
            if isinstance(event, AfterSalesEntryOpened):
                window = (event.at, event.at + 5 * DAY)
            if isinstance(event, TicketCreated) and event.overdue:
                assert window is not None
                assert window[0] <= event.at < window[1]
            elif isinstance(event, TicketCreated):
                assert ends is None or event.at < ends
                counted += 1
        assert counted <= 5


def described(order: Order) -> dict[str, object]:
    """Describe an order in the words of the plain telling."""
    match order.entry:
        case NeverOpened():
            generation, asked = 0, False
        case EntryOpen(generation=generation):
            asked = False
        case EntryClosed(generation=generation, reopening_requested=asked):
            pass
    return {
        "generation": generation,
        "open": isinstance(order.entry, EntryOpen),
        "asked": asked,
        "tickets": [
            (ticket.type.value, ticket.state.value, ticket.overdue, ticket.due and ticket.due.at)
            for ticket in order.tickets.values()
        ],
        "paid_back": {item: done.amount for item, done in order.refunds.items() if done.amount},
    }


TestOneOrder = OneOrder.TestCase
TestOneOrder.settings = bounded(examples=250, steps=25)

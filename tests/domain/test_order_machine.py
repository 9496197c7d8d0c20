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
    TicketDecision,
)
from app.domain.order.decide import Accepted, decide
from app.domain.order.events import (
    AfterSalesEntryOpened,
    ReceiptConfirmed,
    TicketCreated,
)
from app.domain.order.evolve import fold
from app.domain.order.state import EntryClosed, EntryOpen, NeverOpened, Order
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
    "agree": agree,
    "reject": refuse,
    "withdraw": withdraw,
    "refund_arrived": refund_arrived,
}
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

    @rule(by=st.sampled_from([INSTANT, HOUR, DAY, 2 * DAY, 5 * DAY, 7 * DAY, 30 * DAY]))
    def time_passes(self, by: timedelta) -> None:
        self.now += by

    @rule(
        which=st.integers(0, 3),
        side=st.sampled_from([-INSTANT, timedelta(0), INSTANT]),
        timer=st.booleans(),
    )
    def time_passes_to_a_boundary(self, which: int, side: timedelta, timer: bool) -> None:
        ahead = sorted(at for at in self.plain.interesting_instants() if at + side > self.now)
        if ahead:
            self.now = ahead[min(which, len(ahead) - 1)] + side
        if timer:
            self.a_timer_wakes_up()

    @precondition(lambda self: self.plain.entry["open"])
    @rule(before=st.sampled_from([timedelta(0), DAY]), side=st.sampled_from([timedelta(0), HOUR]))
    def a_timer_wakes_up_late_for_the_entry(self, before: timedelta, side: timedelta) -> None:
        self.now = max(self.now, self.plain.entry["expires"] - before + side)
        self.a_timer_wakes_up()

    @rule(by=st.sampled_from([INSTANT, HOUR, 3 * DAY]))
    def the_clock_is_put_back(self, by: timedelta) -> None:
        self.now -= by

    @rule()
    def a_timer_wakes_up(self) -> None:
        self.decide(ActOnDeadlines(), "wake")

    @rule(
        fact=st.sampled_from(sorted(TOLD)),
        ago=st.sampled_from(
            [timedelta(seconds=-6), timedelta(seconds=-5), timedelta(0), HOUR, DAY]
        ),
    )
    def a_fact_is_told(self, fact: str, ago: timedelta) -> None:
        self.decide(TOLD[fact](self.now - ago), "tell", fact, self.now - ago)

    @precondition(lambda self: self.plain.told)
    @rule(pick=st.integers(0, 2))
    def a_fact_is_told_again(self, pick: int) -> None:
        fact, at = sorted(self.plain.told.items())[pick % len(self.plain.told)]
        self.decide(TOLD[fact](at), "tell", fact, at)

    @rule()
    def open(self) -> None:
        self.decide(OpenAfterSalesEntry(), "open")

    @rule()
    def ask_again(self) -> None:
        self.decide(RequestEntryReopening(note=None), "ask_again")

    @rule()
    def decline(self) -> None:
        command = DeclineEntryReopening(reason=DeclineReason.OTHER, note=None)
        self.decide(command, "decline")

    @rule(kind=st.sampled_from(TicketType), wanted=WANTED)
    def apply(self, kind: TicketType, wanted: list[tuple[str, int, int]]) -> None:
        items = tuple(some(i, quantity=quantity, amount=amount) for i, quantity, amount in wanted)
        command = apply_for(kind, *items)
        if items:
            self.decide(command, "apply", kind.value, wanted)

    @precondition(lambda self: not self.plain.active())
    @rule(amount=st.sampled_from([1_000, 3_000, 4_500]))
    def apply_for_money(self, amount: int) -> None:
        self.apply(TicketType.REFUND_ONLY, [("scarf", 1, amount)])

    @precondition(lambda self: not self.plain.active())
    @rule(times=st.sampled_from([2, 5]))
    def apply_and_withdraw(self, times: int) -> None:
        for _ in range(times):
            self.apply(TicketType.EXCHANGE, [("scarf", 3, 0)])
            self.on_a_ticket("withdraw", back=0)

    @precondition(lambda self: not self.plain.active())
    @rule(amount=st.sampled_from([3_000, 4_500, 9_000]))
    def get_money_back(self, amount: int) -> None:
        self.apply(TicketType.REFUND_ONLY, [("scarf", 1, amount)])
        self.on_a_ticket("agree", back=0)
        self.on_a_ticket("refund_arrived", back=0)

    @precondition(lambda self: self.plain.active())
    @rule(decision=st.sampled_from(sorted(DECISIONS)))
    def on_the_latest_ticket(self, decision: str) -> None:
        self.on_a_ticket(decision, back=0)

    @rule(decision=st.sampled_from(sorted(DECISIONS)), back=st.integers(-1, 2))
    def on_a_ticket(self, decision: str, back: int) -> None:
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
TestOneOrder.settings = bounded(examples=150, steps=50)

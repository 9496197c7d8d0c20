"""One order in the domain and in the oracle, and what must hold whenever both got a command."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from app.domain.order.applications import AddTicketRemark, ModifyApplication
from app.domain.order.arbitration import SubmitArbitrationEvidence
from app.domain.order.commands import ActOnDeadlines, OrderCommand
from app.domain.order.decide import Accepted, decide
from app.domain.order.entries import (
    DeclineEntryReopening,
    OpenAfterSalesEntry,
    RequestEntryReopening,
)
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.registration import RecordReceiptConfirmation
from app.domain.order.returns import ExtendReturnDeadline
from app.domain.order.state import EntryOpen, Order, OrderState
from app.domain.order.tickets import TicketType
from app.domain.policy import POLICY
from app.domain.reasons import DeclineReason
from app.domain.rejections import Rejection
from app.projections.operation_log import log_entries
from tests.domain.pools import ITEMS, wish
from tests.domain.random_commands import KINDS, Move
from tests.projections.random_histories import recorded
from tests.support.acts import act_of, operation_of_class
from tests.support.orders import (
    CREATED,
    DAY,
    agree,
    an_item,
    order_facts,
    refund_arrived,
    registered_order,
    request_refund,
    some,
    withdraw,
)
from tests.support.story import an_item as a_line
from tests.support.story import an_order
from tools.oracle import rules
from tools.oracle.decisions import TABLE
from tools.oracle.order import PlainOrder
from tools.oracle.passing_time import boundaries, pass_time
from tools.oracle.requests import carry_out
from tools.oracle.ticket import Refused

FACTS = order_facts(*(an_item(i, quantity=q, amount_paid=a) for i, (q, a) in ITEMS.items()))
BEGINNINGS = ["registered", "received", "used up", "past period", *["opened", "partly paid"] * 2]
OF_ENTRY: list[OrderCommand] = [
    OpenAfterSalesEntry(),
    OpenAfterSalesEntry(),
    RequestEntryReopening(note=None),
    DeclineEntryReopening(reason=DeclineReason.OTHER, note=None),
]
SELDOM = {"WithdrawApplication", "AddTicketRemark"}
"""What would end most stories, or fill them."""
ASKED_AGAIN_IS_ANOTHER = (
    ModifyApplication,
    ExtendReturnDeadline,
    AddTicketRemark,
    SubmitArbitrationEvidence,
)


class ComparedOrder:
    """An order of the domain, the one the oracle expects, and the clock by which both are asked.

    Limits a short run could not reach are lower than the product's; all else is as it is.
    """

    def begin_with(self, beginning: str, few: int) -> None:
        """Start with an order of an age, under limits of ``few``."""
        self.now = CREATED
        self.policy = replace(
            POLICY,
            modifications_max=few,
            remarks_max=few,
            arbitrations_max=few,
            arbitration_evidence_max=few,
        )
        limits = rules.Limits(modifications=few, remarks=few, arbitrations=few, evidence=few)
        self.expected = expected_order(CREATED, limits=limits)
        self.order = registered_order(FACTS).order
        self.events: list[OrderEvent] = list(registered_order(FACTS).events)
        if beginning != "registered":
            self.ask(RecordReceiptConfirmation(confirmed_at=CREATED))
        if beginning == "used up":
            for _ in range(5):
                self.ask(a_wish(TicketType.REISSUE))
                self.ask(withdraw(self.ticket_id()))
        if beginning in {"past period", "opened", "partly paid"}:
            self.now += 7 * DAY
        if beginning in {"opened", "partly paid"}:
            self.ask(OpenAfterSalesEntry())
        if beginning == "partly paid":
            self.ask(request_refund(some("scarf", amount=8_000)))
            self.ask(agree())
            self.ask(refund_arrived())

    def fitting(self) -> list[str]:
        """Return the names of the commands whose row in the table allows them now."""
        active = self.expected.active
        return [] if active is None else allowed_in(active.state)

    def ticket_id(self, back: int = 0) -> str:
        """Return the id of the latest ticket, or of one before or after it."""
        return f"order-1-{max(len(self.expected.tickets) - back, 1)}"

    def move(self, move: Move) -> None:
        """Move the clock: by a duration, or to one side of an instant at which answers change."""
        boundary, by = move
        ahead = sorted(at for at in boundaries(self.expected) if at + by > self.now)
        if boundary is None:
            self.now += by
        elif ahead:
            self.now = ahead[min(boundary, len(ahead) - 1)] + by

    def ask(self, command: OrderCommand) -> None:
        """Ask domain and oracle; they must agree, and so must timers that woke up meanwhile."""
        outcome = decide(command, self.order, self.now, self.policy)
        self.check_timers_change_nothing(command, outcome)
        try:
            expected = after_command(self.expected, command, self.now)
        except Refused as refused:
            assert isinstance(outcome, Rejection), (outcome, refused.code)
            assert outcome.code.value == refused.code
            assert {rule.code.value for rule in outcome.failed_rules} == refused.failed_rules
            return
        assert isinstance(outcome, Accepted), outcome
        assert [
            (line.code, line.subject, line.after, line.occurred_at)
            for line in log_entries(recorded(outcome.all_events))
        ] == [
            (line.code, line.subject, line.after, line.at)
            for line in expected.happened[self.expected.version :]
        ]
        self.expected = expected
        self.events += outcome.all_events
        self.order = after(self.order, outcome.all_events)
        if not isinstance(command, ASKED_AGAIN_IS_ANOTHER):
            again = decide(command, self.order, self.now, self.policy)
            assert not isinstance(again, Accepted) or again.all_events == ()

    def check_timers_change_nothing(
        self, command: OrderCommand, outcome: Accepted | Rejection
    ) -> None:
        """Wake a timer twice at every instant of interest up to now: the end must be the same."""
        ticked, happened = self.order, list[OrderEvent]()
        while instants := [at for at in instants_of(ticked) if at <= self.now]:
            for at in (min(instants), min(instants)):
                woke = decide(ActOnDeadlines(), ticked, at, self.policy)
                assert isinstance(woke, Accepted)
                happened += woke.all_events
                ticked = after(ticked, woke.all_events)
            assert min(instants) not in instants_of(ticked)
        then = decide(command, ticked, self.now, self.policy)
        if isinstance(then, Accepted):
            assert isinstance(outcome, Accepted)
            assert (*happened, *then.all_events) == outcome.all_events
        else:
            assert then == outcome


def expected_order(
    created: datetime, order_id: str = "order-1", limits: rules.Limits = rules.LIMITS
) -> PlainOrder:
    """Return what the oracle expects of an order of `ITEMS` that was registered when created."""
    items = [a_line(i, quantity=q, amount_paid=a) for i, (q, a) in ITEMS.items()]
    line = an_order(order_id, items=items, created_at=created.isoformat())
    order = PlainOrder(line=line, created_at=created, limits=limits)
    order.note(created, "order_registered", "order", "platform", None)
    return order


def after_command(order: PlainOrder, command: OrderCommand, now: datetime) -> PlainOrder:
    """Return what the oracle expects after a command; raise `Refused` if it expects a refusal."""
    then, now = order.copy(), max(now, order.happened[-1].at)
    pass_time(then, now)
    if not isinstance(command, ActOnDeadlines):
        carry_out(then, act_of(command), now)
    return then


def allowed_in(state: str) -> list[str]:
    """Return the names of the commands that a ticket's state allows."""
    return [name for name in KINDS if state in TABLE[operation_of_class(name)].states]


def a_wish(kind: TicketType) -> OrderCommand:
    """Return a sensible application of a type."""
    return wish(kind, [("scarf", 1, 3_000)])


def after(order: Order, events: Sequence[OrderEvent]) -> Order:
    """Return a registered order after events."""
    return registered(fold(order, events))


def registered(state: OrderState) -> Order:
    """Insist that an order is registered."""
    assert isinstance(state, Order)
    return state


def instants_of(order: Order) -> list[datetime]:
    """Return the instants at which something happens by itself, or somebody is reminded."""
    instants = []
    for ticket in order.tickets.values():
        if ticket.due is not None:
            instants.append(ticket.due.at)
            if ticket.due.remind_at is not None and not ticket.reminded:
                instants.append(ticket.due.remind_at)
    if isinstance(order.entry, EntryOpen):
        instants.append(order.entry.expires_at)
        if not order.entry.used and not order.entry.reminded:
            instants.append(order.entry.remind_at)
    return instants

"""The one door to the rules of an order: command, state, instant and policy in; events out."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.funds.state import NO_FUNDS, Funds
from app.domain.order import (
    answers,
    applications,
    arbitration,
    entries,
    payouts,
    refunds,
    registration,
    replacements,
    returns,
)
from app.domain.order.commands import TRANSITIONS, ActOnDeadlines, OrderCommand, TicketDecision
from app.domain.order.deadlines import fall_due
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, OrderState, Unregistered
from app.domain.order.transitions import refuse_transition
from app.domain.policy import Policy
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A command granted. What had fallen due comes first, and is the system's doing."""

    fell_due: tuple[OrderEvent, ...]
    events: tuple[OrderEvent, ...]

    @property
    def all_events(self) -> tuple[OrderEvent, ...]:
        """Everything to append, in order."""
        return self.fell_due + self.events


def decide(
    command: OrderCommand,
    state: OrderState,
    now: datetime,
    policy: Policy,
    funds: Funds = NO_FUNDS,
) -> Accepted | Rejection:
    """Decide a command at an instant; ``funds``: the shop's money, if the command looks at it.

    Whatever fell due before that instant happens first, so that a late timer can never let a late
    command in. Within a stream time does not go back: a clock behind the last event stands at it.
    """
    fell_due = due_events(state, now, policy)
    decision = decide_current(command, fold(state, fell_due), now, policy, funds)
    if isinstance(decision, Rejection):
        return decision
    return Accepted(fell_due=fell_due, events=decision)


def due_events(state: OrderState, now: datetime, policy: Policy) -> tuple[OrderEvent, ...]:
    """Return what has fallen due by an instant: the doing of the system, whoever asks."""
    if isinstance(state, Unregistered):
        return ()
    return fall_due(state, max(now, state.updated_at), policy)


def decide_current(
    command: OrderCommand,
    state: OrderState,
    now: datetime,
    policy: Policy,
    funds: Funds = NO_FUNDS,
) -> Decision[OrderEvent]:
    """Decide a command on a state to which what had fallen due has been applied."""
    match state:
        case Unregistered():
            if not isinstance(command, registration.RegisterOrder):
                return reject(RejectionCode.ORDER_NOT_FOUND)
            return registration.register(command, state, now, policy)
        case Order():
            return _decide_registered(command, state, max(now, state.updated_at), policy, funds)
        case _:
            assert_never(state)


def looks_at_funds(command: OrderCommand) -> bool:
    """Tell whether a decision depends on the shop's money, which then has to be loaded too."""
    match command:
        case entries.OpenAfterSalesEntry():
            return True
        case answers.AgreeToApplication() | returns.ConfirmReturnReceipt():
            return command.cost_acknowledged
        case _:
            return False


def _decide_registered(
    command: OrderCommand, order: Order, now: datetime, policy: Policy, funds: Funds
) -> Decision[OrderEvent]:
    if isinstance(command, TicketDecision):
        return decide_ticket(command, order, now, policy, funds)
    if isinstance(command, refunds.RefundReport):
        return refunds.report(command, order, now)
    if isinstance(command, payouts.PayoutCommand):
        return payouts.decide_payout(command, order, now, policy)
    match command:
        case registration.RegisterOrder():
            return registration.register(command, order, now, policy)
        case (
            registration.RecordShipment()
            | registration.RecordReceiptConfirmation()
            | registration.RecordSettlement()
        ):
            return registration.record(command, order, now, policy)
        case entries.OpenAfterSalesEntry():
            return entries.open_entry(order, now, policy, funds)
        case entries.RequestEntryReopening():
            return entries.request_reopening(command, order, now)
        case entries.DeclineEntryReopening():
            return entries.decline_reopening(command, order, now)
        case (
            applications.RequestRefund()
            | applications.RequestExchange()
            | applications.RequestReissue()
            | applications.RequestRepair()
        ):
            return applications.apply_for(command, order, now, policy)
        case ActOnDeadlines():
            return ()
        case _:
            assert_never(command)


def decide_ticket(
    command: TicketDecision, order: Order, now: datetime, policy: Policy, funds: Funds
) -> Decision[OrderEvent]:
    """Decide on one ticket of the order, if the table allows it where the ticket stands."""
    ticket = order.tickets.get(command.ticket_id)
    if ticket is None:
        return reject(RejectionCode.TICKET_NOT_FOUND)
    refusal = refuse_transition(command, TRANSITIONS[type(command)], ticket)
    if refusal is not None:
        return refusal
    if isinstance(command, answers.AnswerCommand):
        return answers.decide(command, ticket, order, now, policy, funds=funds)
    if isinstance(command, applications.ApplicationCommand):
        return applications.decide(command, ticket, order, now, policy)
    if isinstance(command, returns.ReturnCommand):
        return returns.decide(command, ticket, order, now, policy, funds=funds)
    if isinstance(command, replacements.ReplacementCommand):
        return replacements.decide(command, ticket, order, now, policy)
    if isinstance(command, arbitration.ArbitrationCommand):
        return arbitration.decide(command, ticket, order, now, policy)
    return refunds.succeed(command, ticket, order, now)

"""The one door to an order's rules: command, state, instant and policy in; events out."""

from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.funds.state import NO_FUNDS, Funds
from app.domain.order import (
    applications,
    entry,
    paying_out,
    refunding,
    registration,
    ticket_decisions,
)
from app.domain.order.commands import (
    ActOnDeadlines,
    DeclineEntryReopening,
    OpenAfterSalesEntry,
    OrderCommand,
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
    RegisterOrder,
    RequestEntryReopening,
    RequestExchange,
    RequestRefund,
    RequestReissue,
    RequestRepair,
)
from app.domain.order.deadlines import fall_due
from app.domain.order.decision import Decision
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.payout_commands import PayoutCommand
from app.domain.order.state import Order, OrderState, Unregistered
from app.domain.order.ticket_commands import (
    AgreeToApplication,
    ConfirmReturnReceipt,
    RefundReport,
    TicketDecision,
)
from app.domain.policy import Policy
from app.domain.rejections import Rejection, RejectionCode, reject


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
    match state:
        case Unregistered():
            if not isinstance(command, RegisterOrder):
                return reject(RejectionCode.ORDER_NOT_FOUND)
            return _accepted((), registration.register(command, state, now, policy))
        case Order():
            now = max(now, state.updated_at)
            fell_due = fall_due(state, now, policy)
            current = fold(state, fell_due)
            assert isinstance(current, Order)  # noqa: S101 - a registered order stays registered
            return _accepted(fell_due, _decide_registered(command, current, now, policy, funds))
        case _:
            assert_never(state)


def looks_at_funds(command: OrderCommand) -> bool:
    """Tell whether a decision depends on the shop's money, which then has to be loaded too."""
    match command:
        case OpenAfterSalesEntry():
            return True
        case AgreeToApplication() | ConfirmReturnReceipt():
            return command.cost_acknowledged
        case _:
            return False


def _accepted(fell_due: tuple[OrderEvent, ...], decision: Decision) -> Accepted | Rejection:
    if isinstance(decision, Rejection):
        return decision
    return Accepted(fell_due=fell_due, events=decision)


def _decide_registered(
    command: OrderCommand, order: Order, now: datetime, policy: Policy, funds: Funds
) -> Decision:
    if isinstance(command, TicketDecision):
        return ticket_decisions.decide_ticket(command, order, now, policy, funds)
    if isinstance(command, RefundReport):
        return refunding.report(command, order, now)
    if isinstance(command, PayoutCommand):
        return paying_out.decide_payout(command, order, now, policy)
    match command:
        case RegisterOrder():
            return registration.register(command, order, now, policy)
        case RecordShipment() | RecordReceiptConfirmation() | RecordSettlement():
            return registration.record(command, order, now, policy)
        case OpenAfterSalesEntry():
            return entry.open_entry(order, now, policy, funds)
        case RequestEntryReopening():
            return entry.request_reopening(command, order, now)
        case DeclineEntryReopening():
            return entry.decline_reopening(command, order, now)
        case RequestRefund() | RequestExchange() | RequestReissue() | RequestRepair():
            return applications.apply_for(command, order, now, policy)
        case ActOnDeadlines():
            return ()
        case _:
            assert_never(command)

"""Every way a ticket can go: breadth first from applying, by what `decide` and time really do."""

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from types import MappingProxyType
from typing import assert_never

from app.domain.money import Money
from app.domain.order.applications import (
    RequestExchange,
    RequestRefund,
    RequestReissue,
    RequestRepair,
)
from app.domain.order.commands import TRANSITIONS, OrderCommand, TicketDecision
from app.domain.order.deadlines import fall_due
from app.domain.order.decide import Accepted, decide
from app.domain.order.evolve import fold
from app.domain.order.facts import (
    BusinessLine,
    CommissionTerms,
    Item,
    ItemKind,
    OnlinePayment,
    OrderFacts,
    PaymentChannel,
)
from app.domain.order.registration import RegisterOrder
from app.domain.order.state import Order, OrderState, Unregistered
from app.domain.order.tickets import (
    ArbitrationCause,
    DueAction,
    Side,
    Ticket,
    TicketState,
    TicketType,
    sends_goods_back,
)
from app.domain.policy import POLICY
from app.domain.reasons import ApplicationReason
from app.domain.rejections import RejectionCode
from tools.checks.states.samples import ITEM_ID, Sample, samples_of, spoiled, wanted

BEGAN = datetime(2021, 3, 1, tzinfo=UTC)
PAUSE = timedelta(minutes=1)
"""Between a ticket's coming to a place and what is asked of it there: before anything falls due."""
PLACES_MAX = 1_000
"""A bound against rules under which a ticket's life has no end of places."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a ticket can stand, as far as what may happen next depends on it."""

    state: TicketState
    due: DueAction | None
    return_settled: bool
    cause: ArbitrationCause | None
    came_from: TicketState | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """What a decision, or time if ``decision`` is None, does to a ticket at a place."""

    start: Place
    end: Place
    decision: type[TicketDecision] | None
    side: Side | None
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Refusal:
    """That a decision may be refused in a state, with a code."""

    decision: str
    state: TicketState
    code: RejectionCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """All a ticket of one type can go through. ``orders``: one order at each place, the nearest."""

    type: TicketType
    orders: Mapping[Place, Order]
    moves: tuple[Move, ...]
    refusals: frozenset[Refusal]


@cache
def explore(ticket_type: TicketType) -> Life:
    """Follow every decision and every deadline from the application to the ends."""
    begun = _applied(ticket_type)
    orders = {_place(begun): begun}
    queue, moves = deque(orders), dict[Move, None]()
    while queue:
        start = queue.popleft()
        for move, order in _moves(start, orders[start]):
            moves[move] = None
            if move.end not in orders:
                if len(orders) == PLACES_MAX:
                    raise RuntimeError("a ticket's life has no end of places")
                orders[move.end] = order
                queue.append(move.end)
    return Life(
        type=ticket_type,
        orders=MappingProxyType(orders),
        moves=tuple(moves),
        refusals=frozenset(found for order in orders.values() for found in _refusals(order)),
    )


def ticket_of(order: Order) -> Ticket:
    """Return the one ticket an explored order has."""
    (ticket,) = order.tickets.values()
    return ticket


def _moves(start: Place, order: Order) -> Iterator[tuple[Move, Order]]:
    ticket = ticket_of(order)
    for sample in samples_of(ticket.ticket_id, ticket.type):
        outcome = decide(sample.command, order, order.updated_at + PAUSE, POLICY)
        if isinstance(outcome, Accepted) and outcome.events:
            after = _registered(fold(order, outcome.all_events))
            yield _move(start, after, sample), after
    if ticket.due is not None:
        fell_due = fall_due(order, ticket.due.at, POLICY)
        after = _registered(fold(order, fell_due))
        yield _move(start, after, None), after


def _move(start: Place, after: Order, sample: Sample | None) -> Move:
    return Move(
        start=start,
        end=_place(after),
        decision=None if sample is None else type(sample.command),
        side=None if sample is None else sample.side or _only_side(sample.command),
        detail="" if sample is None else sample.detail,
    )


def _only_side(command: TicketDecision) -> Side | None:
    return next(iter(TRANSITIONS[type(command)].sides), None)


def _refusals(order: Order) -> Iterator[Refusal]:
    """Find what is refused here: as it should be, spoiled, and once every limit is reached."""
    for reached in (order, _at_all_limits(order)):
        ticket = ticket_of(reached)
        for sample in samples_of(ticket.ticket_id, ticket.type):
            for command in (sample.command, *spoiled(sample.command)):
                outcome = decide(command, reached, reached.updated_at + PAUSE, POLICY)
                if not isinstance(outcome, Accepted):
                    yield Refusal(
                        decision=type(command).__name__, state=ticket.state, code=outcome.code
                    )


def _at_all_limits(order: Order) -> Order:
    ticket, most = ticket_of(order), POLICY
    arbitration = ticket.arbitration and replace(
        ticket.arbitration,
        merchant_evidence=most.arbitration_evidence_max,
        consumer_evidence=most.arbitration_evidence_max,
    )
    tired = replace(
        ticket,
        modifications=most.modifications_max,
        return_extensions=most.return_extensions_max,
        remarks=most.remarks_max,
        arbitrations=most.arbitrations_max,
        arbitration=arbitration,
        return_shipment_corrected=True,
    )
    return replace(order, tickets=MappingProxyType({tired.ticket_id: tired}))


def _place(order: Order) -> Place:
    ticket = ticket_of(order)
    due, arbitration = ticket.due, ticket.arbitration
    return Place(
        state=ticket.state,
        due=None if due is None else due.action,
        return_settled=ticket.return_settled and sends_goods_back(ticket.type),
        cause=None if arbitration is None else arbitration.cause,
        came_from=None if arbitration is None else arbitration.came_from,
    )


def _applied(ticket_type: TicketType) -> Order:
    registered = _registered(_asked(RegisterOrder(facts=_FACTS), Unregistered()))
    return _registered(_asked(_application(ticket_type), registered))


def _application(ticket_type: TicketType) -> OrderCommand:
    items, reason = wanted(ticket_type), ApplicationReason.PROMISED_AFTER_SALES
    match ticket_type:
        case TicketType.REFUND_ONLY | TicketType.RETURN_AND_REFUND:
            return RequestRefund(
                items=items,
                return_goods=ticket_type is TicketType.RETURN_AND_REFUND,
                reason=reason,
                description=None,
            )
        case TicketType.EXCHANGE:
            return RequestExchange(items=items, reason=reason, description=None)
        case TicketType.REISSUE:
            return RequestReissue(items=items, reason=reason, description=None)
        case TicketType.REPAIR:
            return RequestRepair(items=items, reason=reason, description=None)
        case _:
            assert_never(ticket_type)


def _asked(command: OrderCommand, state: OrderState) -> OrderState:
    outcome = decide(command, state, BEGAN, POLICY)
    if not isinstance(outcome, Accepted):
        raise TypeError(outcome)
    return fold(state, outcome.all_events)


def _registered(state: OrderState) -> Order:
    if not isinstance(state, Order):
        raise TypeError(state)
    return state


_FACTS = OrderFacts(
    shop_id="shop-1",
    order_id="order-1",
    buyer_id="buyer-1",
    created_at=BEGAN,
    payment=OnlinePayment(
        channel=PaymentChannel.ALIPAY, amount=Money(amount=10_000, currency="CNY"), paid_at=BEGAN
    ),
    items=(
        Item(
            item_id=ITEM_ID,
            sku="sku-1",
            title="羊毛围巾",
            kind=ItemKind.PHYSICAL,
            quantity=2,
            amount_paid=10_000,
        ),
    ),
    business_line=BusinessLine.GENERAL,
    commission=CommissionTerms(
        talent_basis_points=0, agency_basis_points=0, service_fee_basis_points=0
    ),
)

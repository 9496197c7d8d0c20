"""Finds the money for refunds: the reader that is the only spender of its shops' funds.

It follows the log, and what it makes of an event it appends to the funds stream in the transaction
that moves its checkpoint: each event is acted on once, even if a process is killed at any point. A
partition is claimed by one process at a time, so two refunds never see the same balance.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeGuard

from uuid_utils.compat import uuid7

from app.domain.funds.commands import (
    CompleteRefund,
    FundPayout,
    FundRefund,
    FundsCommand,
    ReverseFunding,
    SettleOrder,
)
from app.domain.funds.decide import decide
from app.domain.funds.events import FundsEvent
from app.domain.funds.state import Funds
from app.domain.funds.state import fold as fold_funds
from app.domain.order.answers import ApplicationAgreed, RejectionReversed
from app.domain.order.arbitration import ArbitrationRuled
from app.domain.order.commission_split import refund_of
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold as fold_order
from app.domain.order.facts import OnlinePayment
from app.domain.order.payouts import AdvancePayoutPaid, AdvancePayoutRefused, AdvancePayoutStarted
from app.domain.order.refunds import RefundRefused, RefundSucceeded
from app.domain.order.registration import OrderSettled
from app.domain.order.returns import ReturnReceived
from app.domain.order.state import Order, Unregistered
from app.domain.order.tickets import TicketState
from app.domain.policy import Policy
from app.domain.refunds import Shares, refund_key_of
from app.domain.rejections import Rejection
from app.event_store.append import Append, NewEvent, VersionConflict, Written
from app.event_store.append_statement import append_to_one_partition
from app.event_store.codec import Codec
from app.event_store.connections import Connection
from app.event_store.log import EventLog
from app.event_store.recorded_event import Actor, EventMetadata, Recorded, Role
from app.event_store.streams import funds_stream, order_of_stream
from app.event_types.registry import ServiceEvent
from app.projections.ledger.snapshots import begin_of, funds_after

FUNDING_READER = "funding"
FUNDING = Actor(role=Role.SYSTEM, id="funding")
"""The actor of the movements of shops' money."""

APPEND_TIMEOUT_SECONDS = 30.0
ATTEMPTS_MAX = 3

GrantingEvent = ApplicationAgreed | RejectionReversed | ReturnReceived | ArbitrationRuled
"""What may lead a ticket to its refund."""

PayoutEvent = AdvancePayoutStarted | AdvancePayoutPaid | AdvancePayoutRefused
"""What puts an advance payout on its way, and ends it."""


class FundingFailed(Exception):
    """The funds of a shop cannot be booked; the reader stops there, and nothing has moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingReader:
    """Books what orders mean for the money of their shops."""

    orders: Codec[OrderEvent]
    funds: Codec[FundsEvent]
    policy: Policy
    name: str = FUNDING_READER

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Act on the events of a batch, in their order."""
        known: dict[str, Funds] = {}
        for recorded in batch:
            if moves_money(recorded):
                await self._act(connection, recorded, known)

    async def _act(
        self, connection: Connection, recorded: Recorded[OrderEvent], known: dict[str, Funds]
    ) -> None:
        log = EventLog(self.orders)
        history = await log.read_stream(
            connection, recorded.partition_id, recorded.stream_id, limit=recorded.version
        )
        order = fold_order(Unregistered(), [one.event for one in history])
        if not isinstance(order, Order):
            raise FundingFailed(f"{recorded.stream_id} is no order")
        shop_id, _ = order_of_stream(recorded.stream_id)
        for command in commands_for(recorded.event, order):
            known[shop_id] = await self._book(
                connection, shop_id, command, recorded, known.get(shop_id, Funds())
            )

    async def _book(
        self,
        connection: Connection,
        shop_id: str,
        command: FundsCommand,
        cause: Recorded[OrderEvent],
        funds: Funds,
    ) -> Funds:
        """Decide on the funds as they are and append; after a concurrent top-up, decide again.

        Returns the funds after it, which hold within this transaction only: others may append
        something else if it is rolled back.
        """
        stream_id = funds_stream(shop_id)
        for _ in range(ATTEMPTS_MAX):
            funds = await self._caught_up(connection, shop_id, funds)
            decision = decide(command, funds, cause.event.at, self.policy)
            if isinstance(decision, Rejection):
                raise FundingFailed(f"{command}: {decision.code.value}")
            if not decision:
                return funds
            item = Append(
                partition_id=cause.partition_id,
                stream_id=stream_id,
                expected_version=funds.version,
                events=tuple(self._encoded(event, cause) for event in decision),
            )
            (outcome,) = await append_to_one_partition(connection, [item], APPEND_TIMEOUT_SECONDS)
            match outcome:
                case Written():
                    return fold_funds(funds, decision)
                case VersionConflict():
                    continue
                case _:
                    raise FundingFailed(f"{stream_id}: {outcome}")
        raise FundingFailed(f"{stream_id} kept changing under its own lock")

    async def _caught_up(self, connection: Connection, shop_id: str, funds: Funds) -> Funds:
        """Fold what has been appended since; a shop's stream is long, so from a snapshot on."""
        if funds.version == 0:
            funds = await begin_of(connection, shop_id)
        return await funds_after(connection, self.funds, shop_id, funds)

    def _encoded(self, event: FundsEvent, cause: Recorded[OrderEvent]) -> NewEvent:
        encoded = self.funds.encode(event)
        metadata = EventMetadata(
            actor=FUNDING,
            correlation_id=cause.metadata.correlation_id,
            causation_id=cause.event_id,
            policy_version=self.policy.version,
            clock=cause.metadata.clock,
        )
        return NewEvent(
            event_id=uuid7(),
            type=encoded.type,
            schema_version=encoded.schema_version,
            data=encoded.data,
            metadata=self.funds.encode_metadata(metadata),
            occurred_at=event.at,
        )


def moves_money(recorded: Recorded[ServiceEvent]) -> TypeGuard[Recorded[OrderEvent]]:
    """Return whether an event of an order concerns the shop's money."""
    event = recorded.event
    if isinstance(event, GrantingEvent):
        return event.state is TicketState.REFUNDING
    return isinstance(event, OrderSettled | RefundSucceeded | RefundRefused | PayoutEvent)


def commands_for(event: OrderEvent, order: Order) -> tuple[FundsCommand, ...]:
    """Return what an event asks of the shop's money; ``order`` is as the event left it."""
    payment = order.facts.payment
    if not isinstance(payment, OnlinePayment):
        return ()  # cash on delivery never was in escrow; its money is not ours to move
    match event:
        case OrderSettled():
            shares = order.settled_shares
            assert shares is not None  # noqa: S101 - the event itself settled them
            order_id, channel = order.facts.order_id, payment.channel
            return (SettleOrder(order_id=order_id, channel=channel, shares=shares),)
        case ApplicationAgreed() | RejectionReversed() | ReturnReceived() | ArbitrationRuled():
            return (_refund(event, order, payment),)
        case RefundSucceeded(refund_key=key, ticket_id=ticket_id):
            # Finance reports without a key what it paid before the provider was asked.
            key = key or refund_key_of(order.facts.shop_id, ticket_id)
            return (CompleteRefund(refund_key=key),)
        case RefundRefused(refund_key=key, settled_late=Shares() as late):
            order_id, channel = order.facts.order_id, payment.channel
            settle = SettleOrder(order_id=order_id, channel=channel, shares=late)
            return (ReverseFunding(refund_key=key), settle)
        case RefundRefused(refund_key=key):
            return (ReverseFunding(refund_key=key),)
        case AdvancePayoutStarted(payout_key=key, ticket_id=ticket_id, shares=shares):
            order_id = order.facts.order_id
            return (
                FundPayout(payout_key=key, order_id=order_id, ticket_id=ticket_id, shares=shares),
            )
        case AdvancePayoutPaid(payout_key=key):
            return (CompleteRefund(refund_key=key),)
        case AdvancePayoutRefused(payout_key=key):
            return (ReverseFunding(refund_key=key),)
        case _:
            return ()


def _refund(event: GrantingEvent, order: Order, payment: OnlinePayment) -> FundRefund:
    ticket = order.tickets[event.ticket_id]
    return refund_of(
        order,
        payment,
        amount=ticket.amount,
        overdue=ticket.overdue,
        refund_key=refund_key_of(order.facts.shop_id, ticket.ticket_id),
        ticket_id=ticket.ticket_id,
    )

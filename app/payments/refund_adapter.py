"""Brings one refund a step further: records its funding, asks the provider, records the answer.

Every step is safe to repeat. The provider is asked under the refund's one key, which pays once
however often it is sent; and as long as nobody knows how it ended, nothing else pays.
"""

from dataclasses import dataclass
from typing import assert_never

import structlog

from app.command_handling.handler import CommandHandler
from app.command_handling.requests import History
from app.domain.money import Money
from app.domain.order.evolve import fold
from app.domain.order.facts import OnlinePayment
from app.domain.order.refunds import RecordRefundFunding, RecordRefundUnknown
from app.domain.order.state import Order, Unregistered
from app.domain.refunds import KEY_OF_ANOTHER, FundingSource
from app.leased_work.backoff import Backoff
from app.payments.issue_command import Outcome, PaymentCommand, command_order
from app.payments.outcomes import ended_command, told_of
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    PaymentProvider,
    QueryOutcome,
    RefundOrder,
    Refused,
    Succeeded,
    Unknown,
)
from app.payments.queue import RefundWork

_log = structlog.get_logger(__name__)


LOOK_AT_KEY = "key reused: a person must look"
"""What a refund or payout waits for under whose key the provider has another order."""


ASK_AGAIN = Backoff(seconds_min=1.0, seconds_max=600.0)
"""How long a refund waits before it is asked about again, unless the settings say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The refund has not ended: look again in a while. ``why`` is for an operator to read."""

    why: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end is recorded on the ticket; the row goes when the books have followed."""


Step = Waits | Ended


class RefundExecutor:
    """Carries out refunds, one step at a time."""

    def __init__(
        self, handler: CommandHandler, provider: PaymentProvider, backoff: Backoff = ASK_AGAIN
    ) -> None:
        self._handler = handler
        self._provider = provider
        self._backoff = backoff

    async def step(self, work: RefundWork) -> Step:
        """Bring a refund further. Raises what the command handler and the database raise."""
        funding = RecordRefundFunding(
            ticket_id=work.ticket_id,
            refund_key=work.refund_key,
            source=work.source,
            shares=work.shares,
            insufficient=work.source is FundingSource.PLATFORM_ADVANCE,
        )
        recorded = await self._command(work, funding)
        if recorded.refusal is not None:
            # Finance ended it first; the books follow that end, and the row goes with them.
            return Waits(why=f"ticket: {recorded.refusal}", seconds=self._backoff.after(work.asked))
        order = _order_of(recorded.history)
        outcome = await self._ask(work, order)
        _log.info("refund_asked", refund_key=work.refund_key, outcome=type(outcome).__name__)
        return await self._answered(work, outcome)

    async def _ask(self, work: RefundWork, order: Order) -> PaymentOutcome:
        """Ask how it ended if it may have been asked before, and send it if it was not seen.

        Where the provider has another order under the key, a query would tell of that one.
        """
        wanted = _refund_order(work, order)
        refund = order.tickets[work.ticket_id].refund
        if work.asked > 1 and not (refund and refund.key_of_another):
            known: QueryOutcome = await self._provider.query(work.refund_key)
            if not isinstance(known, NotKnown):
                return told_of(known, wanted.amount)
        return await self._provider.refund(wanted)

    async def _answered(self, work: RefundWork, outcome: PaymentOutcome) -> Step:
        match outcome:
            case Succeeded() | Refused():
                end = ended_command(work.kind, work.ticket_id, work.refund_key, outcome)
                await self._command(work, end)
                return Ended()
            case Accepted():
                return Waits(
                    why="the provider has accepted it", seconds=self._backoff.after(work.asked)
                )
            case Unknown(why=why):
                await self._command(
                    work,
                    RecordRefundUnknown(
                        ticket_id=work.ticket_id, refund_key=work.refund_key, why=why.value
                    ),
                )
                return Waits(why=f"unknown: {why.value}", seconds=self._backoff.after(work.asked))
            case KeyReused(text=text):
                _log.error("refund_key_reused", refund_key=work.refund_key, text=text)
                await self._command(
                    work,
                    RecordRefundUnknown(
                        ticket_id=work.ticket_id, refund_key=work.refund_key, why=KEY_OF_ANOTHER
                    ),
                )
                return Waits(why=LOOK_AT_KEY, seconds=self._backoff.seconds_max)
            case _:
                assert_never(outcome)

    async def _command(self, work: RefundWork, command: PaymentCommand) -> Outcome:
        return await command_order(
            self._handler, work.shop_id, work.order_id, command, correlation_id=work.refund_key
        )


def _order_of(history: History) -> Order:
    order = fold(Unregistered(), [recorded.event for recorded in history])
    assert isinstance(order, Order)  # noqa: S101 - it has just taken a command
    return order


def _refund_order(work: RefundWork, order: Order) -> RefundOrder:
    ticket, payment = order.tickets[work.ticket_id], order.facts.payment
    assert isinstance(payment, OnlinePayment)  # noqa: S101 - only such payments are funded
    return RefundOrder(
        refund_key=work.refund_key,
        shop_id=work.shop_id,
        channel=payment.channel,
        order_id=work.order_id,
        amount=Money(amount=ticket.amount, currency=payment.amount.currency),
        reason=ticket.reason.text.zh_cn,
    )

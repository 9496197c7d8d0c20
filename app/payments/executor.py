"""Carries out refunds and advance payouts: asks the provider, records the answer, step by step.

Every step is safe to repeat. The provider is asked under the payment's one key, which pays once
however often it is sent; and while it is not known how it ended, nothing else pays. A worker that
dies loses its claim when the lease ends, and the next begins by asking how the payment ended.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

import structlog

from app.clock import Clock
from app.command_handling.handler import CommandHandler
from app.domain.money import Money
from app.domain.order.events import OrderEvent
from app.domain.order.facts import OnlinePayment
from app.domain.order.refunds import RecordRefundFunding
from app.domain.order.state import Order
from app.domain.refunds import KEY_OF_ANOTHER, FundingSource
from app.event_store.codec import Codec
from app.leased_work.backoff import Backoff
from app.leased_work.worker import LeasedWorker, WorkerLimits
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentKind,
    PaymentOutcome,
    PaymentProvider,
    PayoutOrder,
    RefundOrder,
    Refused,
    Succeeded,
    Unknown,
)
from app.payments.queue import RefundWork, ask_again, claim_refunds
from app.payments.ticket_commands import (
    Outcome,
    PaymentCommand,
    command_order,
    ended_command,
    open_payee,
    order_of,
    outcome_of_query,
    read_order,
    unknown_command,
)
from app.postgres.pool import Pool
from app.sealing import Seal, UnreadableSeal
from app.topology import Topology

_log = structlog.get_logger(__name__)

ASK_AGAIN = Backoff(seconds_min=1.0, seconds_max=600.0)
"""How long a payment waits before it is asked about again, unless the settings say otherwise."""


class PayeeUnreadable(Exception):
    """The payee cannot be opened: a key is missing. Nothing was asked; a person must look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """The payment has not ended: look again in a while. ``why`` is for an operator to read."""

    why: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The end is recorded on the ticket; the row goes when the books have followed."""


Step = Waits | Ended


class PaymentExecutor:
    """Carries out refunds and payouts, one step at a time. ``seal`` opens payees."""

    def __init__(
        self,
        pool: Pool,
        codec: Codec[OrderEvent],
        handler: CommandHandler,
        provider: PaymentProvider,
        *,
        seal: Seal | None,
        backoff: Backoff = ASK_AGAIN,
    ) -> None:
        self._pool = pool
        self._codec = codec
        self._handler = handler
        self._provider = provider
        self._seal = seal
        self._backoff = backoff

    async def step(self, work: RefundWork) -> Step:
        """Bring a payment further. Raises what the command handler and the database raise."""
        order = await self._order(work)
        if isinstance(order, Waits):
            return order
        try:
            outcome = await self._ask(work, order)
        except PayeeUnreadable:
            _log.error("payee_unreadable", payout_key=work.refund_key)
            return Waits(
                why="payee unreadable: a person must look", seconds=self._backoff.seconds_max
            )
        _log.info(
            "payment_asked",
            kind=work.kind.value,
            key=work.refund_key,
            outcome=type(outcome).__name__,
        )
        return await self._answered(work, outcome)

    async def _order(self, work: RefundWork) -> Order | Waits:
        """Return the order to pay for; of a refund the funding is recorded on it first."""
        if work.kind is PaymentKind.PAYOUT:
            order = await read_order(self._pool, self._codec, work.shop_id, work.order_id)
        else:
            recorded = await self._command(work, _funding_of(work))
            if recorded.refusal is not None:
                # Finance ended it first; the books follow that end, and the row goes with them.
                return self._waits(work, f"ticket: {recorded.refusal}")
            order = order_of(recorded.history)
        if order is None:
            raise LookupError(f"{work.refund_key} is a payment of no order")
        return order

    async def _ask(self, work: RefundWork, order: Order) -> PaymentOutcome:
        """Ask how it ended if it may have been asked before, and send it if it was not seen.

        Where the provider has another order under the key, a query would report that one.
        """
        ticket = order.tickets[work.ticket_id]
        amount = Money(amount=ticket.amount, currency=order.facts.payment.amount.currency)
        is_payout = work.kind is PaymentKind.PAYOUT
        payment = ticket.payout(work.refund_key) if is_payout else ticket.refund
        if work.asked > 1 and not (payment and payment.key_of_another):
            known = await self._provider.query(work.refund_key)
            if not isinstance(known, NotKnown):
                return outcome_of_query(known, amount)
        if is_payout:
            return await self._provider.payout(self._payout_order(work, order, amount))
        return await self._provider.refund(_refund_order(work, order, amount))

    def _payout_order(self, work: RefundWork, order: Order, amount: Money) -> PayoutOrder:
        payout = order.tickets[work.ticket_id].payout(work.refund_key)
        if payout is None:
            raise LookupError(f"{work.refund_key} is no payout of {work.ticket_id}")
        if self._seal is None:
            raise PayeeUnreadable
        try:
            payee = open_payee(self._seal, payout.payee, work.refund_key)
        except UnreadableSeal as error:
            raise PayeeUnreadable from error
        return PayoutOrder(
            payout_key=work.refund_key, shop_id=work.shop_id, payee=payee, amount=amount
        )

    async def _answered(self, work: RefundWork, outcome: PaymentOutcome) -> Step:
        about = work.kind, work.ticket_id, work.refund_key
        match outcome:
            case Succeeded() | Refused():
                await self._command(work, ended_command(*about, outcome))
                return Ended()
            case Accepted():
                return self._waits(work, "the provider has accepted it")
            case Unknown(why=why):
                await self._command(work, unknown_command(*about, why.value))
                return self._waits(work, f"unknown: {why.value}")
            case KeyReused(text=text):
                _log.error("payment_key_reused", key=work.refund_key, text=text)
                await self._command(work, unknown_command(*about, KEY_OF_ANOTHER))
                return Waits(
                    why="key reused: a person must look", seconds=self._backoff.seconds_max
                )
            case _:
                assert_never(outcome)

    def _waits(self, work: RefundWork, why: str) -> Waits:
        return Waits(why=why, seconds=self._backoff.after(work.asked))

    async def _command(self, work: RefundWork, command: PaymentCommand) -> Outcome:
        return await command_order(
            self._handler, work.shop_id, work.order_id, command, correlation_id=work.refund_key
        )


def _funding_of(work: RefundWork) -> RecordRefundFunding:
    return RecordRefundFunding(
        ticket_id=work.ticket_id,
        refund_key=work.refund_key,
        source=work.source,
        shares=work.shares,
        insufficient=work.source is FundingSource.PLATFORM_ADVANCE,
    )


def _refund_order(work: RefundWork, order: Order, amount: Money) -> RefundOrder:
    payment = order.facts.payment
    assert isinstance(payment, OnlinePayment)  # noqa: S101 - only such payments are funded
    return RefundOrder(
        refund_key=work.refund_key,
        shop_id=work.shop_id,
        channel=payment.channel,
        order_id=work.order_id,
        amount=amount,
        reason=order.tickets[work.ticket_id].reason.text.zh_cn,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundLimits(WorkerLimits):
    """How much a worker takes on. ``lease``: longer than a refund may be asked about and sent."""

    concurrency_max: int = 8
    poll_seconds: float = 0.25
    books_follow: timedelta = timedelta(seconds=30)
    """How long after its end a row may still be there before it is looked at again."""


class RefundWorker(LeasedWorker[RefundWork]):
    """Claims refunds and payouts, oldest first, and brings each a step further."""

    queue = "refund_work"

    def __init__(
        self,
        pool: Pool,
        executor: PaymentExecutor,
        clock: Clock,
        *,
        topology: Topology = Topology.SINGLE,
        limits: RefundLimits | None = None,
    ) -> None:
        self._pool = pool
        self._executor = executor
        self._topology = topology
        self._limits = limits or RefundLimits()
        super().__init__(clock, self._limits)

    async def claim(self, now: datetime, until: datetime, rows_max: int) -> Sequence[RefundWork]:
        """Claim what is due."""
        return await claim_refunds(self._pool, self._topology, now, until, rows_max)

    async def handle(self, work: RefundWork) -> None:
        """Bring one a step further, and give it back until the next step is due."""
        step = await self._executor.step(work)
        if isinstance(step, Ended):
            wait, why = self._limits.books_follow, "the books to follow"
        else:
            wait, why = timedelta(seconds=step.seconds), step.why
        if not await ask_again(self._pool, work, self._clock.now() + wait, why):
            _log.warning("refund_claim_lost", refund_key=work.refund_key)

    def about(self, work: RefundWork) -> Mapping[str, object]:
        """Return the refund's key."""
        return {"refund_key": work.refund_key}

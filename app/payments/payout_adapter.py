"""Brings one advance payout a step further: asks the provider, records the answer.

The same care as for refunds: one key for life, a query first if it may have been asked before, and
nothing else pays while nobody knows how it ended.
"""

from typing import assert_never

import structlog

from app.command_handling.handler import CommandHandler
from app.domain.money import Money
from app.domain.order.events import OrderEvent
from app.domain.order.payouts import RecordPayoutUnknown
from app.domain.order.state import Order
from app.domain.refunds import KEY_OF_ANOTHER
from app.event_store.codec import Codec
from app.leased_work.backoff import Backoff
from app.payments.issue_command import PaymentCommand, command_order
from app.payments.outcomes import ended_command, told_of
from app.payments.payees import open_payee
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    PaymentProvider,
    PayoutOrder,
    Refused,
    Succeeded,
    Unknown,
)
from app.payments.queue import RefundWork
from app.payments.read_order import read_order
from app.payments.refund_adapter import ASK_AGAIN, LOOK_AT_KEY, Ended, Step, Waits
from app.postgres.pool import Pool
from app.sealing import Seal, UnreadableSeal

_log = structlog.get_logger(__name__)


class PayeeUnreadable(Exception):
    """The payee cannot be opened: a key is missing. Nothing was asked; a person must look."""


class PayoutExecutor:
    """Carries out advance payouts, one step at a time."""

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
        """Bring a payout further. Raises what the command handler and the database raise."""
        order = await read_order(self._pool, self._codec, work.shop_id, work.order_id)
        if order is None:
            raise LookupError(f"{work.refund_key} is a payout of no order")
        try:
            outcome = await self._ask(work, order)
        except PayeeUnreadable:
            _log.error("payee_unreadable", payout_key=work.refund_key)
            return Waits(
                why="payee unreadable: a person must look", seconds=self._backoff.seconds_max
            )
        _log.info("payout_asked", payout_key=work.refund_key, outcome=type(outcome).__name__)
        return await self._answered(work, outcome)

    async def _ask(self, work: RefundWork, order: Order) -> PaymentOutcome:
        """Ask how it ended if it may have been asked before, and send it if it was not seen.

        Where the provider has another order under the key, a query would tell of that one.
        """
        ticket = order.tickets[work.ticket_id]
        payout = ticket.payout(work.refund_key)
        if work.asked > 1 and not (payout and payout.key_of_another):
            known = await self._provider.query(work.refund_key)
            if not isinstance(known, NotKnown):
                currency = order.facts.payment.amount.currency
                return told_of(known, Money(amount=ticket.amount, currency=currency))
        return await self._provider.payout(self._payout_order(work, order))

    def _payout_order(self, work: RefundWork, order: Order) -> PayoutOrder:
        ticket = order.tickets[work.ticket_id]
        payout = ticket.payout(work.refund_key)
        if payout is None:
            raise LookupError(f"{work.refund_key} is no payout of {work.ticket_id}")
        if self._seal is None:
            raise PayeeUnreadable
        try:
            payee = open_payee(self._seal, payout.payee, work.refund_key)
        except UnreadableSeal as error:
            raise PayeeUnreadable from error
        return PayoutOrder(
            payout_key=work.refund_key,
            shop_id=work.shop_id,
            payee=payee,
            amount=Money(amount=ticket.amount, currency=order.facts.payment.amount.currency),
        )

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
                unknown = RecordPayoutUnknown(
                    ticket_id=work.ticket_id, payout_key=work.refund_key, why=why.value
                )
                await self._command(work, unknown)
                return Waits(why=f"unknown: {why.value}", seconds=self._backoff.after(work.asked))
            case KeyReused(text=text):
                _log.error("payout_key_reused", payout_key=work.refund_key, text=text)
                of_another = RecordPayoutUnknown(
                    ticket_id=work.ticket_id, payout_key=work.refund_key, why=KEY_OF_ANOTHER
                )
                await self._command(work, of_another)
                return Waits(why=LOOK_AT_KEY, seconds=self._backoff.seconds_max)
            case _:
                assert_never(outcome)

    async def _command(self, work: RefundWork, command: PaymentCommand) -> None:
        await command_order(
            self._handler, work.shop_id, work.order_id, command, correlation_id=work.refund_key
        )

"""Refunds carried out against a real sandbox, as far as a test wants."""

import asyncio
from base64 import b64decode
from dataclasses import dataclass
from datetime import timedelta

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.command_handling.requests import OrderRequest
from app.domain.funds.state import Funds
from app.domain.funds.state import fold as fold_funds
from app.domain.order.answers import RejectApplication
from app.domain.order.arbitration import RequestArbitration, RuleArbitration
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.evolve import fold
from app.domain.order.registration import RecordSettlement
from app.domain.order.state import Order, Unregistered
from app.domain.order.tickets import Blame, RequestedItem, Ruling, Ticket
from app.domain.reasons import RejectReason
from app.domain.refunds import refund_key_of
from app.event_store.log import EventLog
from app.event_store.recorded_event import Actor, Role
from app.event_store.streams import funds_stream, partition_of
from app.event_types.registry import event_codec, funds_codec, order_codec
from app.payments.executor import PaymentExecutor, RefundWorker
from app.payments.funding import FUNDING_READER
from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import PaymentProvider
from app.payments.ticket_commands import Outcome
from app.postgres.pool import Pool
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.orders.fold import fold_history
from app.projections.runner import ProjectionRunner
from app.projections.tickets.view import TicketView
from app.sealing import Seal
from app.topology import Topology
from app.worker import funding_runner
from tests.payments.provider.sandbox import whole_book
from tests.projections.event_log import Logged
from tests.support.api import SEALING_KEY
from tests.support.orders import (
    DAY,
    HOUR,
    OPENED,
    RECEIVED,
    SHOP,
    History,
    agree,
    an_item,
    order_facts,
    received_order,
    request_refund,
)

SETTLED = RECEIVED + 2 * DAY
ROUNDS_MAX = 60
SEAL = Seal([b64decode(SEALING_KEY)])


def refund_agreed(order_id: str, amount: int = 10_000, *, settled: bool = True) -> History:
    """Return an order of one item of that price, whose whole refund was just agreed to."""
    applied = _refund_asked(order_id, amount, settled=settled)
    return applied.then(agree(f"{order_id}-1"), at=OPENED + 2 * HOUR)


def refund_ruled(order_id: str, *, asked: int, granted: int) -> History:
    """Return such an order; the merchant refused its refund, and the platform granted so much."""
    ticket_id = f"{order_id}-1"
    refusal = RejectApplication(
        ticket_id=ticket_id, reason=RejectReason.NO_EVIDENCE, note=None, evidence=()
    )
    dispute = RequestArbitration(ticket_id=ticket_id, note="商家不讲理", evidence=())
    ruling = RuleArbitration(
        ticket_id=ticket_id,
        ruling=Ruling.FOR_BUYER,
        blame=Blame.CARRIER,
        final_amount=granted,
        note=None,
    )
    refused = _refund_asked(order_id, asked).then(refusal, at=OPENED + 2 * HOUR)
    disputed = refused.then(dispute, at=OPENED + 3 * HOUR)
    return disputed.then(ruling, at=OPENED + 4 * HOUR)


def _refund_asked(order_id: str, amount: int, *, settled: bool = True) -> History:
    given = received_order(order_facts(an_item(amount_paid=amount), order_id=order_id))
    if settled:
        given = given.then(RecordSettlement(settled_at=SETTLED), at=SETTLED)
    wanted = RequestedItem(item_id="item-1", quantity=1, amount=amount)
    applied = given.then(OpenAfterSalesEntry(), at=OPENED)
    return applied.then(request_refund(wanted), at=OPENED + HOUR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Refunding:
    """The books, the refunds on their way, and the worker that carries them out."""

    pool: Pool
    logged: Logged
    handler: CommandHandler
    clock: ManualClock
    provider: HttpPaymentProvider
    seal: Seal | None = SEAL

    async def agree(self, *histories: History) -> None:
        """Write orders whose refunds were agreed to."""
        for history in histories:
            order_id = history.order.facts.order_id
            await self.logged.write(history.events, order_id=order_id)

    async def follow(self) -> None:
        """Let books and views follow the log to its end."""
        names = [FUNDING_READER, *(reader.name for reader in READERS)]
        async with self.pool.acquire() as connection:
            await ensure_checkpoints(connection, names)
        await funding_runner(self.pool, Topology.SINGLE).run_until_caught_up()
        await ProjectionRunner(self.pool, event_codec(), READERS).run_until_caught_up()

    def executor(self, provider: PaymentProvider | None = None) -> PaymentExecutor:
        """Return what brings a refund or payout further, with another provider if given."""
        return PaymentExecutor(
            self.pool, order_codec(), self.handler, provider or self.provider, seal=self.seal
        )

    async def work_once(self) -> int:
        """Bring every refund that is due a step further."""
        worker = RefundWorker(self.pool, self.executor(), self.clock)
        return await worker.run_once()

    async def work_until_done(self) -> None:
        """Go on, in leaps of time, until no refund is on its way."""
        for _ in range(ROUNDS_MAX):
            await self.follow()
            if not await self.pool.fetch("SELECT 1 FROM after_sales.refund_work LIMIT 1"):
                return
            if not await self.work_once():
                await asyncio.sleep(0.05)  # what the sandbox pays later, it pays in real time
            self.clock.advance(timedelta(minutes=15))
        raise AssertionError("a refund never ended")

    async def ticket(self, order_id: str) -> Ticket:
        """Return an order's ticket as it stands."""
        history = await self.logged.history(order_id=order_id)
        state = fold(Unregistered(), [recorded.event for recorded in history])
        assert isinstance(state, Order)
        return state.tickets[f"{order_id}-1"]

    async def shown(self, order_id: str) -> TicketView:
        """Return an order's ticket as people see it."""
        view = fold_history(await self.logged.history(order_id=order_id))
        ticket = view.ticket(f"{order_id}-1")
        assert ticket is not None
        return ticket

    async def funds(self) -> Funds:
        """Return the shop's money as it stands."""
        recorded = await EventLog(funds_codec()).read_stream(
            self.pool, partition_of(SHOP), funds_stream(SHOP)
        )
        return fold_funds(Funds(), [one.event for one in recorded])

    async def paid(self, ticket_id: str) -> list[int]:
        """Return what the provider's own book says was paid for a ticket, in whatever way."""
        refund_key = refund_key_of(SHOP, ticket_id)
        return [
            entry.amount.amount
            for entry in await whole_book(self.provider)
            if entry.key == refund_key or entry.key.startswith(f"{refund_key}/")
        ]

    async def ask(self, order_id: str, *commands: OrderCommand) -> Outcome:
        """Ask something of an order, as the API does; return what came of the last."""
        outcome = Outcome()
        for command in commands:
            request = OrderRequest(
                shop_id=SHOP,
                order_id=order_id,
                commands=(command,),
                actor=Actor(role=Role.PLATFORM, id="ada"),
                correlation_id="test",
            )
            await self.handler.handle(request, outcome)
        return outcome

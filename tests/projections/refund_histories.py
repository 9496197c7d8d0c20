"""Refunds of one shop played into a real log: orders, the money found for them, and their ends."""

from dataclasses import dataclass, field
from datetime import datetime

from app.domain.funds.commands import FundsCommand
from app.domain.funds.decide import decide
from app.domain.funds.state import Funds, fold
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.payouts import RecordPayoutSuccess, StartAdvancePayout
from app.domain.order.refunds import (
    RecordRefundFunding,
    RecordRefundRefusal,
    RecordRefundSuccess,
    RecordRefundUnknown,
)
from app.domain.order.registration import RecordSettlement
from app.domain.order.tickets import RequestedItem
from app.domain.policy import POLICY
from app.domain.refunds import RefundRefusal, Shares, refund_key_of
from app.domain.rejections import Rejection
from app.event_store.log import EventLog
from app.event_store.streams import funds_stream, partition_of
from app.event_types.registry import funds_codec
from app.payments.funding import FUNDING_READER
from app.postgres.pool import Pool
from app.projections.checkpoints import ensure_checkpoints
from app.topology import Topology
from app.worker import funding_runner
from tests.projections.event_log import Logged
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
from tests.support.payouts import PAYEE

SETTLED = RECEIVED + 2 * DAY
AGREED = OPENED + 2 * HOUR
IN_TIME = RECEIVED + 3 * DAY
"""When refunds within the period are applied for and agreed to."""


@dataclass(slots=True)
class Refunded:
    """A shop and its refunds, one an order, each the first ticket of its order."""

    pool: Pool
    logged: Logged
    shop_id: str = SHOP
    orders: dict[str, History] = field(default_factory=dict)

    async def grant(
        self,
        order_id: str,
        amount: int = 10_000,
        *,
        paid: int | None = None,
        overdue: bool = True,
        settled: bool = True,
        at: datetime = AGREED,
    ) -> None:
        """Agree to the refund of a part of an order, past its period or within."""
        paid = amount if paid is None else paid
        facts = order_facts(an_item(amount_paid=paid), order_id=order_id, shop_id=self.shop_id)
        given = received_order(facts)
        if settled:
            given = given.then(RecordSettlement(settled_at=SETTLED), at=SETTLED)
        if overdue:
            given = given.then(OpenAfterSalesEntry(), at=OPENED)
        applied_at = OPENED + HOUR if overdue else IN_TIME
        at = at if overdue else IN_TIME
        wanted = RequestedItem(item_id="item-1", quantity=1, amount=amount)
        given = given.then(request_refund(wanted), at=applied_at)
        self.orders[order_id] = given.then(agree(f"{order_id}-1"), at=at)
        events = self.orders[order_id].events
        await self.logged.write(events, order_id=order_id, shop_id=self.shop_id)

    async def tell(self, order_id: str, command: OrderCommand, *, at: datetime) -> None:
        """Let something happen to an order."""
        before = self.orders[order_id]
        self.orders[order_id] = before.then(command, at=at)
        told = self.orders[order_id].events[len(before.events) :]
        if not told:
            return
        await self.logged.write(
            told,
            order_id=order_id,
            shop_id=self.shop_id,
            after_version=len(before.events),
        )

    async def note_funding(self, order_id: str, *, at: datetime) -> None:
        """Note the source found on the ticket, as the worker does."""
        found = (await self.funds()).in_transit[self.key(order_id)]
        funding = RecordRefundFunding(
            ticket_id=f"{order_id}-1",
            refund_key=self.key(order_id),
            source=found.source,
            shares=Shares(shop=0, talent=0, agency=0, service_fee=0),
            insufficient=False,
        )
        await self.tell(order_id, funding, at=at)

    async def unknown(self, order_id: str, *, at: datetime, why: str = "timed_out") -> None:
        """Let the provider say nothing, or nothing that tells how it ended."""
        key = self.key(order_id)
        lost = RecordRefundUnknown(ticket_id=f"{order_id}-1", refund_key=key, why=why)
        await self.tell(order_id, lost, at=at)

    async def refuse(self, order_id: str, *, at: datetime) -> None:
        """Let the provider refuse for good."""
        refusal = RecordRefundRefusal(
            ticket_id=f"{order_id}-1",
            refund_key=self.key(order_id),
            refusal=RefundRefusal.BUYER_ACCOUNT_CLOSED,
            provider_text="账户已注销",
        )
        await self.tell(order_id, refusal, at=at)

    async def succeed(self, order_id: str, *, at: datetime, told: bool = True) -> None:
        """Let the money arrive; by finance's report if nobody ``told`` the ticket its source."""
        arrived = RecordRefundSuccess(
            ticket_id=f"{order_id}-1",
            refund_key=self.key(order_id) if told else None,
            provider_reference=f"ref-{order_id}" if told else None,
        )
        await self.tell(order_id, arrived, at=at)

    async def pay_out(self, order_id: str, *, at: datetime) -> None:
        """Start a payout to another account."""
        ticket = self.orders[order_id].tickets[f"{order_id}-1"]
        payout = StartAdvancePayout(
            ticket_id=ticket.ticket_id,
            payout_key=f"{self.key(order_id)}/{len(ticket.payouts):032x}",
            payee=PAYEE,
            note=None,
            requested_by="ada",
        )
        await self.tell(order_id, payout, at=at)

    async def payout_paid(self, order_id: str, *, at: datetime) -> None:
        """Let the money of the latest payout arrive."""
        payout = self.orders[order_id].tickets[f"{order_id}-1"].last_payout
        assert payout is not None
        arrived = RecordPayoutSuccess(
            ticket_id=f"{order_id}-1",
            payout_key=payout.payout_key,
            provider_reference=f"payout-{order_id}",
        )
        await self.tell(order_id, arrived, at=at)

    async def find_money(self) -> None:
        """Let the funding follow the log to its end."""
        async with self.pool.acquire() as connection:
            await ensure_checkpoints(connection, [FUNDING_READER])
        await funding_runner(self.pool, Topology.SINGLE).run_until_caught_up()

    async def funds(self) -> Funds:
        """Return the shop's money."""
        recorded = await EventLog(funds_codec()).read_stream(
            self.pool, partition_of(self.shop_id), funds_stream(self.shop_id)
        )
        return fold(Funds(), [one.event for one in recorded])

    async def move(self, command: FundsCommand, *, at: datetime) -> None:
        """Let finance do something to the shop's money."""
        funds = await self.funds()
        decision = decide(command, funds, at, POLICY)
        assert not isinstance(decision, Rejection), decision
        await self.logged.write_funds(decision, shop_id=self.shop_id, after_version=funds.version)

    def key(self, order_id: str) -> str:
        """Return a refund's key."""
        return refund_key_of(self.shop_id, f"{order_id}-1")

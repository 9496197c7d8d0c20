"""A reconciliation as a test asks for it, and hands that falsify one of the sides for real."""

import sqlite3
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from app.clock import ManualClock
from app.command_handling.opening import open_command_handler
from app.domain.funds.events import FundsEvent
from app.domain.order.payouts import StartAdvancePayout
from app.domain.payees import Payee, PayeeKind
from app.domain.refunds import refund_key_of
from app.event_store.streams import PARTITION_COUNT, funds_stream, partition_of
from app.event_types.registry import order_codec
from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import BookFilter
from app.payments.ticket_commands import seal_payee
from app.reconciliation.differences import (
    AccountDifference,
    Difference,
    DifferenceCode,
    KeyDifference,
    ReaderDifference,
)
from app.reconciliation.facts import Period
from app.reconciliation.provider_book import BookSpool, open_spool
from app.reconciliation.scan import ReconcileLimits, Reconciler, Tally
from app.resources import Resources
from tests.payments.provider.sandbox import SandboxProcess, provider_at
from tests.payments.refund_cases import SEAL, Refunding, refund_agreed
from tests.projections.event_log import Logged
from tests.support.orders import SHOP
from tools.sandboxes.payment_provider.behaviours import Behaviour

EVER = Period()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What a reconciliation found."""

    differences: Sequence[Difference]
    tally: Tally

    @property
    def codes(self) -> list[tuple[DifferenceCode, str]]:
        """Return what was named and the key it is about; the account or reader if it is not."""
        return [(one.code, _about(one)) for one in self.differences]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """Everything that is reconciled, and what it takes to falsify it."""

    refunding: Refunding
    book: HttpPaymentProvider
    """The provider, given more time to answer than refunds are."""
    store: Path

    def reconciler(
        self, *, grace: timedelta = timedelta(), keys_max: int | None = None, page_keys: int = 500
    ) -> Reconciler:
        """Return a reconciler; without grace, whatever has not arrived everywhere is named."""
        limits = ReconcileLimits(grace=grace, keys_max=keys_max, page_keys=page_keys)
        return Reconciler(self.refunding.pool, order_codec(), self.book, limits=limits)

    async def reconciled(
        self, reconciler: Reconciler | None = None, *, period: Period = EVER, shop_id: str = SHOP
    ) -> Reconciled:
        """Reconcile a shop."""
        reconciler = reconciler or self.reconciler()
        tally = Tally()
        wanted = BookFilter(shop_id=shop_id, paid_from=period.at_from, paid_to=period.at_to)
        async with self._laid_out(reconciler, wanted, tally) as spool:
            found = [one async for one in reconciler.shop(shop_id, spool, period, tally)]
        return Reconciled(differences=found, tally=tally)

    async def reconciled_everywhere(self) -> Reconciled:
        """Reconcile every shop there is, and those only the provider knows."""
        reconciler, tally = self.reconciler(), Tally()
        found: list[Difference] = []
        async with self._laid_out(reconciler, BookFilter(), tally) as spool:
            for partition_id in range(PARTITION_COUNT):
                async for shop_id in reconciler.shops(spool, partition_id):
                    found += [one async for one in reconciler.shop(shop_id, spool, EVER, tally)]
        return Reconciled(differences=found, tally=tally)

    def at_provider(self, statement: str, *values: object) -> None:
        """Falsify the provider's own file."""
        with closing(sqlite3.connect(self.store)) as connection, connection:
            connection.execute(statement, values)

    async def here(self, statement: str, *values: object) -> None:
        """Falsify a view of ours."""
        await self.refunding.pool.execute(statement, *values)

    async def append_funds(self, *events: FundsEvent) -> None:
        """Append to the shop's money what nobody decided, and let the books follow."""
        (row,) = await self.refunding.pool.fetch(
            "SELECT count(*) FROM after_sales.events WHERE partition_id = $1 AND stream_id = $2",
            partition_of(SHOP),
            funds_stream(SHOP),
        )
        await self.refunding.logged.write_funds(events, after_version=row[0])
        await self.refunding.follow()

    @staticmethod
    @asynccontextmanager
    async def _laid_out(
        reconciler: Reconciler, wanted: BookFilter, tally: Tally
    ) -> AsyncIterator[BookSpool]:
        async with open_spool() as spool:
            await reconciler.lay_out(spool, wanted, tally)
            yield spool


@asynccontextmanager
async def open_books(
    resources: Resources, clock: ManualClock, sandbox: SandboxProcess
) -> AsyncIterator[Books]:
    """Open what is reconciled, with nothing in it on either side."""
    async with (
        open_command_handler(resources, clock) as handler,
        provider_at(sandbox.url, provider_timeout_seconds=0.5) as provider,
        provider_at(sandbox.url) as book,
    ):
        refunding = Refunding(
            pool=resources.pool,
            logged=Logged(resources.pool),
            handler=handler,
            clock=clock,
            provider=provider,
        )
        books = Books(refunding=refunding, book=book, store=sandbox.store)
        for table in ("book", "payments", "lost_arrivals"):
            books.at_provider(f"DELETE FROM {table}")
        yield books


async def paid(books: Books, order_id: str = "order-1", amount: int = 8_001) -> str:
    """Let a refund be paid and booked everywhere; return its key."""
    await books.refunding.agree(refund_agreed(order_id, amount))
    await books.refunding.work_until_done()
    return key_of(order_id)


async def unknown(books: Books, amount: int = 7_001) -> str:
    """Let a refund be paid without our hearing of it; return its key."""
    order_id = f"order-{Behaviour.HANGS_AFTER_PAYING.value}"
    await books.refunding.agree(refund_agreed(order_id, amount))
    await books.refunding.follow()
    assert await books.refunding.work_once() == 1
    await books.refunding.follow()
    return key_of(order_id)


async def refused(books: Books) -> str:
    """Let a refund be refused for the buyer's account; return the id of its order."""
    order_id = f"order-{Behaviour.BUYER_ACCOUNT_CLOSED.value}"
    await books.refunding.agree(refund_agreed(order_id, 8_001))
    await books.refunding.work_until_done()
    return order_id


async def payout_started(books: Books, order_id: str, account: str) -> str:
    """Start an advance payout of a refused refund; return its key."""
    key = f"{key_of(order_id)}/{1:032x}"
    payee = Payee(kind=PayeeKind.ALIPAY, account=account, holder="王小明")
    start = StartAdvancePayout(
        ticket_id=f"{order_id}-1",
        payout_key=key,
        payee=seal_payee(SEAL, payee, key),
        note=None,
        requested_by="ada",
    )
    assert (await books.refunding.ask(order_id, start)).refusal is None
    return key


def key_of(order_id: str) -> str:
    """Return the key of an order's one refund."""
    return refund_key_of(SHOP, f"{order_id}-1")


def _about(difference: Difference) -> str:
    match difference:
        case KeyDifference(facts=facts):
            return facts.key
        case AccountDifference(account=account):
            return account
        case ReaderDifference(reader=reader):
            return reader

"""Walks through the money of one shop, or of all, and names what does not fit.

Three passes a shop, each by key and in pages: what the ledger has; what tickets have and the ledger
has not; what the provider has and neither of the two. What looks wrong is looked at again from
its sources before it is named, because things move meanwhile.
"""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from app.domain.order.events import OrderEvent
from app.domain.refunds import refund_key_of
from app.event_store.codec import Codec
from app.payments.provider.port import BookFilter, ProviderBook
from app.postgres.pool import Pool
from app.reconciliation.books import account_differences, reader_differences, repair_of
from app.reconciliation.differences import (
    Difference,
    DifferenceCode,
    KeyDifference,
    differences_of,
    is_under_way,
    old_enough,
)
from app.reconciliation.facts import KeyFacts, Period, ticket_sides
from app.reconciliation.load_facts import facts_of_keys, fresh_facts, read_page
from app.reconciliation.provider_book import BookSpool
from app.reconciliation.queries import (
    is_known_shop,
    ledger_keys,
    real_now,
    shops_of_partition,
    tickets_with_money,
)

BOOK_PAGE_ENTRIES = 200


class TooMuchToReconcile(Exception):
    """There are more keys than may be looked at in one go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconcileLimits:
    """How much is looked at. ``grace``: how long something may be under way before it is wrong.

    ``keys_max``: most keys, and entries of the provider's book, in one go; None for no bound.
    """

    grace: timedelta = timedelta(minutes=2)
    page_keys: int = 500
    keys_max: int | None = None


@dataclass(slots=True, kw_only=True)
class Tally:
    """What has been looked at so far."""

    shops: int = 0
    keys: int = 0
    under_way: int = 0
    differences: int = 0
    entries: int = 0
    """Of the provider's book."""
    by_code: dict[DifferenceCode, int] = field(default_factory=dict)


class Reconciler:
    """Compares the provider's book, the ledger and the tickets. ``book``: None to leave it out."""

    def __init__(
        self,
        pool: Pool,
        codec: Codec[OrderEvent],
        book: ProviderBook | None,
        *,
        limits: ReconcileLimits | None = None,
    ) -> None:
        self._pool = pool
        self._codec = codec
        self._book = book
        self._limits = limits or ReconcileLimits()

    async def lay_out(self, spool: BookSpool, wanted: BookFilter, tally: Tally) -> None:
        """Read the provider's book into a spool; raises ProviderSilent, TooMuchToReconcile."""
        if self._book is None:
            return
        after = 0
        while True:
            page = await read_page(self._book, wanted, after=after, limit=BOOK_PAGE_ENTRIES)
            await spool.add(page.entries)
            tally.entries += len(page.entries)
            self._check_bound(tally.entries)
            if page.last or not page.entries:
                return
            after = page.entries[-1].position

    async def shops(self, spool: BookSpool, partition_id: int) -> AsyncIterator[str]:
        """Yield a partition's shops: ours, and those only the provider has paid for."""
        async for shop_id in shops_of_partition(self._pool, partition_id):
            yield shop_id
        paid_for = await spool.shop_after(partition_id, "")
        while paid_for is not None:
            if not await is_known_shop(self._pool, paid_for):
                yield paid_for
            paid_for = await spool.shop_after(partition_id, paid_for)

    async def shop(
        self, shop_id: str, spool: BookSpool, period: Period, tally: Tally
    ) -> AsyncIterator[Difference]:
        """Yield what does not fit in a shop; raises ProviderSilent, TooMuchToReconcile."""
        tally.shops += 1
        async for difference in self._differences(shop_id, spool, period, tally):
            tally.differences += 1
            tally.by_code[difference.code] = tally.by_code.get(difference.code, 0) + 1
            yield difference

    async def key(self, shop_id: str, key: str) -> tuple[KeyFacts, tuple[DifferenceCode, ...]]:
        """Look at one key again and return what does not fit."""
        facts = await fresh_facts(self._pool, self._codec, self._book, shop_id, key)
        now = await real_now(self._pool)
        return facts, old_enough(differences_of(facts), facts, now, self._limits.grace)

    async def _differences(
        self, shop_id: str, spool: BookSpool, period: Period, tally: Tally
    ) -> AsyncIterator[Difference]:
        for reader in await reader_differences(self._pool, shop_id):
            yield reader
        async for page in self._keys(shop_id, spool, period):
            tally.keys += len(page)
            self._check_bound(tally.keys)
            for facts in page:
                if not differences_of(facts):
                    tally.under_way += is_under_way(facts)
                    continue
                for difference in await self._looked_at_again(facts, tally):
                    yield difference
        for account in await account_differences(self._pool, shop_id):
            yield account

    async def _keys(
        self, shop_id: str, spool: BookSpool, period: Period
    ) -> AsyncIterator[list[KeyFacts]]:
        """Yield every key once, in pages, with what the views have of it."""
        async for page in self._keys_of_ledger(shop_id, spool, period):
            yield page
        async for page in self._keys_of_tickets(shop_id, spool, period):
            yield page
        async for page in self._keys_of_provider(shop_id, spool, period):
            yield page

    async def _keys_of_ledger(
        self, shop_id: str, spool: BookSpool, period: Period
    ) -> AsyncIterator[list[KeyFacts]]:
        after, limit = "", self._limits.page_keys
        while keys := await ledger_keys(self._pool, shop_id, period, after, limit):
            yield await self._facts(spool, shop_id, keys)
            after = keys[-1]

    async def _keys_of_tickets(
        self, shop_id: str, spool: BookSpool, period: Period
    ) -> AsyncIterator[list[KeyFacts]]:
        after, limit = "", self._limits.page_keys
        while views := await tickets_with_money(self._pool, shop_id, after, limit):
            after = views[-1].ticket_id
            keys = [
                key
                for view in views
                for key in ticket_sides(view, refund_key_of(shop_id, view.ticket_id))
            ]
            found = await self._facts(spool, shop_id, keys)
            yield [
                facts
                for facts in found
                if not _in_ledger(facts, period) and _in_ticket(facts, period)
            ]

    async def _keys_of_provider(
        self, shop_id: str, spool: BookSpool, period: Period
    ) -> AsyncIterator[list[KeyFacts]]:
        after, limit = "", self._limits.page_keys
        while keys := await spool.keys_after(shop_id, after, limit):
            found = await self._facts(spool, shop_id, keys)
            yield [
                facts
                for facts in found
                if not _in_ledger(facts, period) and not _in_ticket(facts, period)
            ]
            after = keys[-1]

    async def _facts(self, spool: BookSpool, shop_id: str, keys: Sequence[str]) -> list[KeyFacts]:
        known = None if self._book is None else spool
        return await facts_of_keys(self._pool, known, shop_id, keys)

    async def _looked_at_again(self, seen: KeyFacts, tally: Tally) -> list[KeyDifference]:
        facts, codes = await self.key(seen.shop_id, seen.key)
        if not codes:
            tally.under_way += is_under_way(facts) or bool(differences_of(facts))
            return []
        return [
            KeyDifference(
                code=code, facts=facts, repair=await repair_of(self._pool, code, codes, facts)
            )
            for code in codes
        ]

    def _check_bound(self, count: int) -> None:
        if self._limits.keys_max is not None and count > self._limits.keys_max:
            raise TooMuchToReconcile(f"more than {self._limits.keys_max}")


def _in_ledger(facts: KeyFacts, period: Period) -> bool:
    return facts.ledger is not None and period.has_any(facts.ledger.at)


def _in_ticket(facts: KeyFacts, period: Period) -> bool:
    return facts.ticket is not None and period.has_any(facts.ticket.at)

"""Gathers what the sides say: of many keys at a time from views, or of one from its sources."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.facts import OnlinePayment
from app.domain.order.registration import OrderRegistered
from app.domain.refunds import refund_key_of
from app.event_store.codec import Codec
from app.event_store.log import EventLog
from app.event_store.recorded_event import Recorded
from app.event_store.streams import order_stream, partition_of
from app.leased_work.backoff import Backoff
from app.payments.provider.port import BookEntry, BookFilter, BookPage, ProviderBook
from app.postgres.pool import Pool
from app.projections.tickets.fold import fold_ticket
from app.projections.tickets.view import TicketView
from app.reconciliation.facts import KeyFacts, TicketSide, ledger_side, ticket_sides
from app.reconciliation.provider_book import BookSpool
from app.reconciliation.queries import ledger_of_keys, tickets_of_ids

ENTRIES_OF_KEY_MAX = 200
ATTEMPTS_MAX = 3
BOOK_RETRIES = Backoff(seconds_min=0.2, seconds_max=1.0)


class ProviderSilent(Exception):
    """The provider did not show its book, so nothing can be said of it. Repeating may help."""


def ticket_id_of(shop_id: str, key: str) -> str | None:
    """Return the ticket a key is of: `{shop}/{ticket}`, with more after a slash for a payout."""
    shop, _, rest = key.partition("/")
    return rest.partition("/")[0] if shop == shop_id and rest else None


async def facts_of_keys(
    pool: Pool, spool: BookSpool | None, shop_id: str, keys: Sequence[str]
) -> list[KeyFacts]:
    """Return what the views and the laid out book have of some keys: two queries."""
    journals = await ledger_of_keys(pool, shop_id, keys)
    ids = {ticket_id for key in keys if (ticket_id := ticket_id_of(shop_id, key))}
    tickets = _sides(await tickets_of_ids(pool, shop_id, sorted(ids)))
    paid: Mapping[str, list[BookEntry]] = {}
    if spool is not None:
        paid = await spool.of_keys(shop_id, keys)
    return [
        KeyFacts(
            shop_id=shop_id,
            key=key,
            paid=None if spool is None else tuple(paid.get(key, ())),
            ledger=ledger_side(journals.get(key, ())),
            ticket=tickets.get(key),
        )
        for key in keys
    ]


async def fresh_facts(
    pool: Pool, codec: Codec[OrderEvent], book: ProviderBook | None, shop_id: str, key: str
) -> KeyFacts:
    """Return what order stream, ledger and provider have of a key now; raises ProviderSilent.

    In the order in which an end spreads, backwards: what an earlier side has, a later one may
    have by the time it is read, and never the other way round.
    """
    journals = await ledger_of_keys(pool, shop_id, [key])
    ticket = await _fresh_ticket(pool, codec, shop_id, key)
    paid = None if book is None else await _paid_under(book, shop_id, key)
    return KeyFacts(
        shop_id=shop_id,
        key=key,
        paid=paid,
        ledger=ledger_side(journals.get(key, ())),
        ticket=ticket,
    )


async def read_page(book: ProviderBook, wanted: BookFilter, *, after: int, limit: int) -> BookPage:
    """Return a page of the provider's book, asked for again within bounds; raises ProviderSilent.

    Reading may be repeated as paying may not: it changes nothing.
    """
    attempt = 1
    while True:
        page = await book.book_page(wanted, after=after, limit=limit)
        if isinstance(page, BookPage):
            return page
        if attempt == ATTEMPTS_MAX:
            raise ProviderSilent(f"{page.why.value}: {page.detail}")
        await asyncio.sleep(BOOK_RETRIES.after(attempt))
        attempt += 1


def _sides(views: Sequence[TicketView]) -> dict[str, TicketSide]:
    sides: dict[str, TicketSide] = {}
    for view in views:
        sides |= ticket_sides(view, refund_key_of(view.shop_id, view.ticket_id))
    return sides


async def _paid_under(book: ProviderBook, shop_id: str, key: str) -> tuple[BookEntry, ...]:
    wanted = BookFilter(shop_id=shop_id, key=key)
    page = await read_page(book, wanted, after=0, limit=ENTRIES_OF_KEY_MAX)
    return tuple(page.entries)


async def _fresh_ticket(
    pool: Pool, codec: Codec[OrderEvent], shop_id: str, key: str
) -> TicketSide | None:
    ticket_id = ticket_id_of(shop_id, key)
    if ticket_id is None:
        return None
    stream_id = order_stream(shop_id, ticket_id.rpartition("-")[0])
    history = await EventLog(codec).read_stream(pool, partition_of(shop_id), stream_id)
    own = [one for one in history if getattr(one.event, "ticket_id", None) == ticket_id]
    view = _folded(own)
    if view is None:
        return None
    side = ticket_sides(view, refund_key_of(shop_id, ticket_id)).get(key)
    if side is None:
        return None
    last = own[-1]
    return replace(
        side,
        in_books=_paid_online(history),
        position=last.position,
        recorded_at=last.recorded_at,
    )


def _folded(history: Sequence[Recorded[OrderEvent]]) -> TicketView | None:
    view: TicketView | None = None
    for recorded in history:
        if isinstance(recorded.event, TicketEvent):
            view = fold_ticket(view, recorded.event, recorded)
    return view


def _paid_online(history: Sequence[Recorded[OrderEvent]]) -> bool:
    """Return whether the order's money is ours to move: of cash on delivery it is not."""
    first = history[0].event
    return isinstance(first, OrderRegistered) and isinstance(first.facts.payment, OnlinePayment)

"""Whether a shop's own books add up: balances, ledger and the events of its money."""

from collections import Counter

from app.domain.funds.accounts import Account
from app.domain.funds.events import FundsEvent, Movement
from app.event_store.log import STREAM_EVENTS_MAX, EventLog
from app.event_store.streams import funds_stream, partition_of
from app.event_types.registry import funds_codec
from app.payments.funding import FUNDING_READER
from app.postgres.pool import Pool
from app.reconciliation.differences import AccountDifference, DifferenceCode, ReaderDifference
from app.reconciliation.facts import KeyFacts
from app.reconciliation.queries import ledger_sums, readers_of_partition, unequal_balances

BOOK_READERS = (FUNDING_READER, "ledger", "refund_work", "tickets")
"""What the books follow the log by."""

REBUILD_LEDGER = "aftersales rebuild ledger"
OF_FUNDS_ALONE = tuple(one for one in Account if one not in {Account.ESCROW, Account.OUTSIDE})
"""Accounts that nothing but the events of a shop's money moves; payments of orders move escrow."""


async def reader_differences(pool: Pool, shop_id: str) -> list[ReaderDifference]:
    """Return the readers that have stopped in the shop's partition."""
    partition_id = partition_of(shop_id)
    return [
        ReaderDifference(
            code=DifferenceCode.READER_STOPPED,
            shop_id=shop_id,
            reader=place.reader,
            partition_id=partition_id,
            error=place.error,
            repair=f"aftersales readers resume {place.reader} {partition_id}",
        )
        for place in await readers_of_partition(pool, partition_id, BOOK_READERS)
        if place.stopped
    ]


async def account_differences(pool: Pool, shop_id: str) -> list[AccountDifference]:
    """Return the accounts whose balance, journals and events do not agree."""
    unequal = [
        AccountDifference(
            code=DifferenceCode.BALANCE_DIFFERS,
            shop_id=shop_id,
            account=one.account,
            expected=one.expected,
            found=one.found,
            repair=REBUILD_LEDGER,
        )
        for one in await unequal_balances(pool, shop_id)
    ]
    return [*unequal, *await _incomplete(pool, shop_id)]


async def _incomplete(pool: Pool, shop_id: str) -> list[AccountDifference]:
    """Compare the ledger with the events it was copied from, up to where it has come."""
    sums = await ledger_sums(pool, shop_id)
    if sums is None:
        return []
    expected = await _events_sums(pool, shop_id, sums.position)
    return [
        AccountDifference(
            code=DifferenceCode.LEDGER_INCOMPLETE,
            shop_id=shop_id,
            account=account,
            expected=expected[account],
            found=sums.of.get(account, 0),
            repair=REBUILD_LEDGER,
        )
        for account in OF_FUNDS_ALONE
        if expected[account] != sums.of.get(account, 0)
    ]


async def _events_sums(pool: Pool, shop_id: str, up_to: int) -> Counter[Account]:
    """Add up the journals in a shop's events, page by page."""
    log: EventLog[FundsEvent] = EventLog(funds_codec())
    sums = Counter[Account]()
    version = 0
    while True:
        page = await log.read_stream(
            pool, partition_of(shop_id), funds_stream(shop_id), after_version=version
        )
        for recorded in page:
            if isinstance(recorded.event, Movement) and recorded.position <= up_to:
                for line in recorded.event.journal:
                    sums[line.account] += line.amount
        if len(page) < STREAM_EVENTS_MAX or page[-1].position > up_to:
            return sums
        version = page[-1].version


_OF_LEDGER = {
    DifferenceCode.LEDGER_BEHIND,
    DifferenceCode.LEDGER_WITHOUT_PAYMENT,
    DifferenceCode.LEDGER_WITHOUT_FUNDING,
}


async def repair_of(
    pool: Pool, code: DifferenceCode, beside: tuple[DifferenceCode, ...], facts: KeyFacts
) -> str | None:
    """Return the command that repairs a difference; None where a person must decide.

    ``beside``: everything that does not fit with this key; what else is wrong may forbid it.
    """
    if code is DifferenceCode.PAID_NOT_RECORDED and set(beside) == {code}:
        return f"aftersales reconcile --shop {facts.shop_id} --repair"
    if code in _OF_LEDGER:
        return await _of_books_that_lag(pool, facts)
    return None


async def _of_books_that_lag(pool: Pool, facts: KeyFacts) -> str:
    """Return the repair of a reader that is behind, or of rows that are missing."""
    partition_id = partition_of(facts.shop_id)
    places = await readers_of_partition(pool, partition_id, (FUNDING_READER, "ledger"))
    for place in places:
        if place.stopped:
            return f"aftersales readers resume {place.reader} {partition_id}"
    position = None if facts.ticket is None else facts.ticket.position
    if position is None or len(places) < 2 or any(one.position < position for one in places):
        return "aftersales worker"
    return REBUILD_LEDGER

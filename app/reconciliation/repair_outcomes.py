"""Which differences can be repaired safely, and by which command."""

from app.event_store.partitions import partition_of
from app.payments.funding import FUNDING_READER
from app.postgres.pool import Pool
from app.reconciliation.books import REBUILD_LEDGER
from app.reconciliation.differences import DifferenceCode
from app.reconciliation.facts import KeyFacts
from app.reconciliation.queries import readers_of_partition

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

"""A statement as CSV: one row a refund, one column a fact, in an order that stays."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime

from app.api.exports.csv_response import Cell
from app.domain.text import instant_text
from app.projections.refunds.statements import borne_of
from app.projections.refunds.view import ShopRefund

_FACTS: tuple[tuple[str, Callable[[ShopRefund], Cell]], ...] = (
    ("refund_id", lambda r: r.ticket_id),
    ("refund_key", lambda r: r.refund_key),
    ("order_id", lambda r: r.order_id),
    ("succeeded_at", lambda r: _instant(r.succeeded_at)),
    ("source", lambda r: r.source),
    ("account", lambda r: r.account),
    ("currency", lambda r: r.currency),
    ("amount", lambda r: r.amount),
    ("talent_fee_not_returned", lambda r: r.fees_kept.talent),
    ("agency_fee_not_returned", lambda r: r.fees_kept.agency),
    ("service_fee_not_returned", lambda r: r.fees_kept.service_fee),
    ("fees_not_returned", lambda r: r.fees_kept.total),
    ("total_borne", borne_of),
    ("arrears", lambda r: r.arrears),
    ("provider_reference", lambda r: r.provider_reference),
)
"""To add one: a row at the end, so that the columns there are stay where they are."""

COLUMNS = tuple(name for name, _ in _FACTS)


async def rows_of(
    first: tuple[ShopRefund, ...], others: AsyncIterator[tuple[ShopRefund, ...]]
) -> AsyncIterator[list[dict[str, Cell]]]:
    """Yield the rows of a first page and of those that follow."""
    yield list(_rows(first))
    async for page in others:
        yield list(_rows(page))


def _instant(at: datetime | None) -> str | None:
    return None if at is None else instant_text(at)


def _rows(refunds: tuple[ShopRefund, ...]) -> Iterator[dict[str, Cell]]:
    for refund in refunds:
        yield {name: fact_of(refund) for name, fact_of in _FACTS}

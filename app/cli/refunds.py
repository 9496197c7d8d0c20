"""`aftersales refunds`: the waiting refunds of all shops."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

import typer

from app.cli.console import err, show_table
from app.cli.context import on_database
from app.domain.text import instant_text
from app.projections.paging import PAGE_ROWS_MAX
from app.projections.refunds.list import STUCK, list_waiting
from app.projections.refunds.queries import Asked, fetch_asked_anywhere
from app.projections.refunds.view import RefundWaiting, ShopRefund
from app.projections.texts import money
from app.resources import Resources

COLUMNS = (
    *("refund", "waits_for", "since", "amount", "source", "asked", "next_query", "last_answer"),
    "refusal",
)

_Found = tuple[Sequence[ShopRefund], dict[str, Asked], bool]


def refunds(
    waiting: Annotated[
        RefundWaiting | None,
        typer.Option(help="What they wait for; by default a person or an unknown outcome."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=PAGE_ROWS_MAX, help="The maximum number of rows.")
    ] = 50,
) -> None:
    """Show the waiting refunds of all shops, longest waiting first, and why they wait.

    `asked` is the number of requests to the payment provider, `next_query` the time of the next
    query, `last_answer` the result of the last one. A refund's name is its shop and ticket, which
    is also its key at the provider.

    Example: aftersales refunds --waiting person
    """
    found, asked, more = on_database(
        lambda resources: _found(resources, STUCK if waiting is None else (waiting,), limit)
    )
    show_table(COLUMNS, _rows(found, asked))
    if more:
        err.print(f"There are more; these are the first {limit}. Raise --limit to see more.")


async def _found(resources: Resources, waiting: Sequence[RefundWaiting], limit: int) -> _Found:
    found, continued = await list_waiting(
        resources.pool, waiting, topology=resources.settings.topology, limit=limit
    )
    return found, await fetch_asked_anywhere(resources.pool, found), continued is not None


def _rows(found: Sequence[ShopRefund], asked: dict[str, Asked]) -> Iterator[tuple[str, ...]]:
    for refund in found:
        of_provider = asked.get(refund.refund_key)
        yield (
            refund.refund_key,
            "" if refund.waiting is None else refund.waiting.value,
            _instant(refund.waiting_since),
            money(refund.amount, refund.currency),
            "" if refund.source is None else refund.source.value,
            "0" if of_provider is None else str(of_provider.times),
            _instant(None if of_provider is None else of_provider.next_at),
            (None if of_provider is None else of_provider.last_answer) or "",
            "" if refund.refusal is None else refund.refusal.value,
        )


def _instant(instant: datetime | None) -> str:
    return "" if instant is None else instant_text(instant)

"""`aftersales reconcile`: provider, ledger and tickets compared, and what is safe repaired."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.progress import Progress

from app.api.resources.reconciliation import difference_on_wire
from app.cli.console import err, run
from app.cli.context import ready_resources
from app.cli.errors import CommandFailed, ExitCode
from app.cli.reconciliation_report import Shown
from app.clock import SystemClock
from app.command_handling.opening import open_command_handler
from app.domain.policy import SHANGHAI
from app.event_store.partitions import PARTITION_COUNT, partition_of
from app.event_types.registry import order_codec
from app.payments.provider.http import open_provider_if_set
from app.payments.provider.port import BookFilter
from app.reconciliation.differences import Difference
from app.reconciliation.facts import Period
from app.reconciliation.load_facts import ProviderSilent
from app.reconciliation.provider_book import BookSpool, open_spool
from app.reconciliation.repair import Repairer
from app.reconciliation.scan import ReconcileLimits, Reconciler, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """What was asked for on the command line."""

    shop_id: str | None
    period: Period
    grace: timedelta
    repair: bool
    as_json: bool


def reconcile(  # noqa: PLR0917 - typer takes each by its name
    shop: Annotated[str | None, typer.Option(help="One shop; all of them without it.")] = None,
    begin: Annotated[
        str | None, typer.Option("--from", help="From this instant on (RFC 3339, or a date).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Up to, and without, this instant.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="A line of JSON for each difference, then a summary.")
    ] = False,
    repair: Annotated[
        bool,
        typer.Option(
            "--repair",
            help="Ask the provider again where a ticket does not know, and record that it paid.",
        ),
    ] = False,
    grace_seconds: Annotated[
        int, typer.Option(help="What is younger may be under way.", min=0, max=86_400)
    ] = 120,
) -> None:
    """Compare the provider's book, the ledger and the tickets, and name every difference.

    What is on its way is counted, not named. Each difference shows what the sides say and, where
    it is safe, the command that repairs it; the rest is for a person. Without a payment provider in
    the settings, ledger and tickets alone are compared. Exits with 4 if anything differs (with
    --repair: if anything still does).

    Example: aftersales reconcile --shop shop-1 --from 2026-09-01 --to 2026-10-01 --json
    """
    wanted = _Wanted(
        shop_id=shop,
        period=_period(begin, end),
        grace=timedelta(seconds=grace_seconds),
        repair=repair,
        as_json=as_json,
    )
    tally, left = run(_reconcile(wanted))
    if left:
        raise CommandFailed(
            f"{tally.differences} differences, {left} of them still there",
            "run the commands shown; what has none is for a person to decide",
            ExitCode.BOOKS_DIFFER,
        )


async def _reconcile(wanted: _Wanted) -> tuple[Tally, int]:
    """Return what was looked at, and how many differences are left."""
    tally, left = Tally(), 0
    async with (
        ready_resources() as resources,
        open_provider_if_set(resources.settings) as provider,
        open_command_handler(resources, SystemClock()) as handler,
        open_spool() as spool,
    ):
        limits = ReconcileLimits(grace=wanted.grace)
        reconciler = Reconciler(resources.pool, order_codec(), provider, limits=limits)
        repairer = (
            Repairer(resources.pool, handler, provider, reconciler) if wanted.repair else None
        )
        shown = Shown(as_json=wanted.as_json)
        async for difference in _differences(wanted, reconciler, spool, tally):
            done = None if repairer is None else await repairer.repair(difference)
            shown.difference(difference_on_wire(difference), done)
            left += done is None or not done.repaired
        shown.end(tally, left, provider_compared=provider is not None)
    return tally, left


async def _differences(
    wanted: _Wanted, reconciler: Reconciler, spool: BookSpool, tally: Tally
) -> AsyncIterator[Difference]:
    """Go through one shop, or through all of them, showing on a terminal how far it is."""
    period, only = wanted.period, wanted.shop_id
    book = BookFilter(shop_id=only, paid_from=period.at_from, paid_to=period.at_to)
    with Progress(console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task("reading the provider's book", total=PARTITION_COUNT)
        try:
            await reconciler.lay_out(spool, book, tally)
            partitions = range(PARTITION_COUNT) if only is None else [partition_of(only)]
            progress.update(task, total=len(partitions))
            for partition_id in partitions:
                async for shop_id in _shops(only, reconciler, spool, partition_id):
                    async for difference in reconciler.shop(shop_id, spool, period, tally):
                        yield difference
                    progress.update(task, description=f"{tally.shops} shops, {tally.keys:,} keys")
                progress.advance(task)
        except ProviderSilent as silent:
            raise CommandFailed(
                f"the payment provider does not show its book: {silent}",
                "see that it runs and that AFTERSALES_PROVIDER_URL names it, then repeat",
            ) from silent


async def _shops(
    only: str | None, reconciler: Reconciler, spool: BookSpool, partition_id: int
) -> AsyncIterator[str]:
    if only is not None:
        yield only
        return
    async for shop_id in reconciler.shops(spool, partition_id):
        yield shop_id


def _period(begin: str | None, end: str | None) -> Period:
    period = Period(at_from=_instant("--from", begin), at_to=_instant("--to", end))
    if period.at_from and period.at_to and period.at_from >= period.at_to:
        raise CommandFailed.wrong_use("--from is not before --to", "correct one of them")
    return period


def _instant(option: str, value: str | None) -> datetime | None:
    if value is None:
        return None
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as error:
        raise CommandFailed.wrong_use(
            f"{option} {value} is no instant", "write it like 2026-09-01 or 2026-09-01T08:00:00Z"
        ) from error
    # A date, or an instant without a zone, is meant as the calendar in Shanghai has it.
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI)

"""`aftersales reconcile`: compare provider, ledger and tickets, and repair what is safe."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any

import typer
from rich.progress import Progress

from app.api.resources.reconciliation import ReconciliationDifference, difference_on_wire
from app.cli.console import CommandFailed, ExitCode, err, run
from app.cli.context import ready_resources
from app.clock import SystemClock
from app.command_handling.opening import open_command_handler
from app.domain.policy import SHANGHAI
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.event_types.registry import order_codec
from app.payments.provider.http import open_provider_if_set
from app.payments.provider.port import BookFilter
from app.reconciliation.differences import Difference
from app.reconciliation.facts import Period
from app.reconciliation.load_facts import ProviderSilent
from app.reconciliation.provider_book import BookSpool, open_spool
from app.reconciliation.repair import RepairAttempt, Repairer
from app.reconciliation.scan import ReconcileLimits, Reconciler, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """The options of the command."""

    shop_id: str | None
    period: Period
    grace: timedelta
    repair: bool
    as_json: bool


def reconcile(  # noqa: PLR0917 - typer takes each by its name
    shop: Annotated[str | None, typer.Option(help="One shop; all shops by default.")] = None,
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
            "--repair", help="Query the provider about unknown outcomes again, and record payments."
        ),
    ] = False,
    grace_seconds: Annotated[
        int, typer.Option(help="Ignore payments younger than this.", min=0, max=86_400)
    ] = 120,
) -> None:
    """Compare the provider's book, the ledger and the tickets, and list every difference.

    What is on its way is counted, not named. Each difference shows what the sides say and, where
    it is safe, the command that repairs it; the rest is for a person. Without a payment provider in
    the settings, ledger and tickets alone are compared. Exits with 4 if anything differs (with
    --repair: if anything still does).
    Payments under way are counted, not listed. Each difference shows what each side says and, where
    that is safe, the command that repairs it; the rest needs a person. Without a payment provider
    in the settings only ledger and tickets are compared. Exits with 4 if anything differs (with
    --repair: if anything still differs).

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
            "run the commands shown; a difference without one needs a person's decision",
            ExitCode.BOOKS_DIFFER,
        )


async def _reconcile(wanted: _Wanted) -> tuple[Tally, int]:
    """Return the totals, and the number of differences left."""
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
    """Compare one shop, or all, with a progress bar on a terminal."""
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
                "check that it runs and that AFTERSALES_PROVIDER_URL names it, then repeat",
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
    # A date, or an instant without a zone, is in the zone of Shanghai.
    return instant if instant.tzinfo is not None else instant.replace(tzinfo=SHANGHAI)


class Shown:
    """Prints each difference when it is found, and a summary at the end."""

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json

    def difference(self, found: ReconciliationDifference, attempt: RepairAttempt | None) -> None:
        """Print one difference and what was done about it."""
        if self._as_json:
            done = None if attempt is None else attempt.done
            repaired = attempt is not None and attempt.repaired
            self._line({**found.model_dump(mode="json"), "done": done, "repaired": repaired})
            return
        about = found.key or found.shop_id
        typer.echo(f"{found.code}  {about}\n  {found.text.zh_cn}\n  {found.text.en}")
        for side in _sides(found):
            typer.echo(f"    {side}")
        if attempt is not None:
            typer.echo(f"  Done: {attempt.done}")
        elif found.repair is not None:
            typer.echo(f"  Repair: {found.repair}")
        else:
            typer.echo("  Needs a person's decision.")

    def end(self, tally: Tally, left: int, *, provider_compared: bool) -> None:
        """Print the totals."""
        if self._as_json:
            self._line(
                {
                    "shops": tally.shops,
                    "keys": tally.keys,
                    "provider_entries": tally.entries,
                    "provider_compared": provider_compared,
                    "under_way": tally.under_way,
                    "differences": tally.differences,
                    "left": left,
                    "by_code": {code.value: n for code, n in sorted(tally.by_code.items())},
                }
            )
            return
        against = f"{tally.entries:,} entries of the provider's book"
        if not provider_compared:
            against = "no provider, for none is configured"
        typer.echo(
            f"{tally.shops:,} shops, {tally.keys:,} refunds and payouts against {against}: "
            f"{tally.differences:,} differences, {left:,} left; {tally.under_way:,} under way."
        )

    @staticmethod
    def _line(document: dict[str, Any]) -> None:
        typer.echo(json.dumps(document, ensure_ascii=False))


def _sides(found: ReconciliationDifference) -> list[str]:
    """Return a line for each side."""
    lines = [
        f"provider: {paid.kind} of {paid.amount.amount} {paid.amount.currency} at "
        f"{paid.paid_at.isoformat()}, reference {paid.provider_reference}"
        for paid in found.provider
    ]
    if found.key is not None and not found.provider:
        lines.append("provider: nothing")
    if found.ledger is not None:
        ledger = found.ledger
        lines.append(f"ledger: {ledger.end}, {ledger.funded} funded, {ledger.paid} paid")
    if found.ticket is not None:
        ticket, amount = found.ticket, found.ticket.amount
        lines.append(
            f"ticket: {ticket.ticket_id} {ticket.standing}, {amount.amount} {amount.currency}, "
            f"reference {ticket.provider_reference}"
        )
    if found.account is not None:
        account = found.account
        lines.append(f"{account.account}: {account.found}, expected {account.expected}")
    if found.reader is not None:
        reader = found.reader
        lines.append(f"{reader.reader} in partition {reader.partition_id}: {reader.error}")
    return lines

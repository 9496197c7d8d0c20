"""How a reconciliation is shown: for a person to read, or as lines of JSON."""

import json
from typing import Any

import typer

from app.api.resources.reconciliation import ReconciliationDifference
from app.reconciliation.repair import RepairAttempt
from app.reconciliation.scan import Tally


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
            typer.echo("  A person must decide.")

    def end(self, tally: Tally, left: int, *, provider_compared: bool) -> None:
        """Print what was looked at."""
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
    """Return what each side says, a line a side."""
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

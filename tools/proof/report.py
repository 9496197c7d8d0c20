"""What a proof found, for people."""

from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tools.proof.plan import Fault
from tools.proof.run import Outcome

DIFFERENCES_SHOWN_MAX = 40


def show(console: Console, outcome: Outcome) -> None:
    """Print what was done, what was met, and the verdict."""
    table = Table(title=f"Seed {outcome.plan.seed}, {sum(outcome.seconds.values()):.0f} s")
    table.add_column("what")
    table.add_column("count", justify="right")
    for section in _sections(outcome):
        for what, count in section:
            table.add_row(what, f"{count:,}")
        table.add_section()
    console.print(table)
    for difference in outcome.differences[:DIFFERENCES_SHOWN_MAX]:
        console.print(f"- {difference}", style="red", markup=False)
    hidden = len(outcome.differences) - DIFFERENCES_SHOWN_MAX
    if hidden > 0:
        console.print(f"... and {hidden} more")
    console.print(verdict(outcome), style="bold", markup=False)


def verdict(outcome: Outcome) -> str:
    """Return the one line that counts."""
    if outcome.differences:
        return f"NOT PROVEN: {len(outcome.differences)} differences."
    paid, refused = _paid(outcome), len(outcome.evidence.agreed) - _paid(outcome)
    return (
        f"Proven: of {len(outcome.evidence.agreed)} refunds agreed to, {paid} were paid exactly"
        f" once and {refused} refused and their money put back, under"
        f" {outcome.faults.total()} faults; provider, ledger, log and tickets agree, and"
        " `aftersales reconcile` finds no difference."
    )


def _sections(outcome: Outcome) -> Iterator[list[tuple[str, int]]]:
    evidence = outcome.evidence
    paid = _paid(outcome)
    yield [
        ("orders", len(outcome.plan.orders)),
        ("refunds agreed to", len(evidence.agreed)),
        ("  paid", paid),
        ("  refused by the provider, money put back", len(evidence.agreed) - paid),
        ("  at some time unknown", _events(outcome, "RefundOutcomeUnknown")),
        *((f"  paid from {source}", count) for source, count in _sources(outcome)),
    ]
    yield [(f"provider: {what}", n) for what, n in sorted(outcome.provider_calls.items())]
    yield [(fault.value, outcome.faults[fault]) for fault in Fault]
    yield [
        (f"{fault.value.replace(' cut', '')}: lost", outcome.cut[fault]) for fault in outcome.cut
    ]
    yield [(f"callbacks {what}", count) for what, count in sorted(outcome.callbacks.items())]
    yield [(f"callbacks answered {s}", n) for s, n in sorted(outcome.callback_answers.items())]
    yield [(f"clients met {what}", n) for what, n in sorted(outcome.client_trouble.items())]
    yield [(f"seconds {part}", round(seconds)) for part, seconds in outcome.seconds.items()]
    yield [
        ("journals in the ledger", len(evidence.ledger)),
        ("events in the log", len(evidence.events)),
    ]


def _paid(outcome: Outcome) -> int:
    return sum(ticket["state"] == "succeeded" for ticket in outcome.evidence.tickets.values())


def _events(outcome: Outcome, event_type: str) -> int:
    return sum(event["type"] == event_type for event in outcome.evidence.events)


def _sources(outcome: Outcome) -> list[tuple[str, int]]:
    sources = [
        event["data"]["source"]
        for event in outcome.evidence.events
        if event["type"] == "RefundFundsReserved"
    ]
    return [(source, sources.count(source)) for source in sorted(set(sources))]

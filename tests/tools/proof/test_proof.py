"""Refunds on the whole real service while everything is killed, held against four witnesses."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from tools.proof.evidence import Evidence, Row
from tools.proof.money_verdict import money_differences
from tools.proof.plan import Fault, make_plan
from tools.proof.refund_verdict import refund_differences
from tools.proof.report import show
from tools.proof.run import prove

SEED, REFUNDS, FAULTS = 7, 120, 30


async def test_every_refund_is_paid_exactly_once_whatever_is_killed_when(tmp_path: Path) -> None:
    outcome = await prove(make_plan(seed=SEED, refunds=REFUNDS, faults=FAULTS), tmp_path)
    show(Console(width=140), outcome)
    assert outcome.differences == []
    assert set(outcome.faults) == set(Fault)
    assert outcome.faults.total() == FAULTS
    assert outcome.cut.total() > 0
    assert outcome.callbacks["doubled"] > 0
    evidence = outcome.evidence
    states = [ticket["state"] for ticket in evidence.tickets.values()]
    # The plan asks for no more; a refused refund keeps its order's next one from being asked for.
    assert REFUNDS - states.count("refunding") <= len(states) <= REFUNDS
    assert states.count("succeeded") > REFUNDS / 2
    for falsify, named in FALSIFIED.items():
        told = [*refund_differences(falsify(evidence)), *money_differences(falsify(evidence))]
        assert any(named in difference for difference in told), (named, told)


def _paid_twice(evidence: Evidence) -> Evidence:
    return replace(evidence, book=[*evidence.book, evidence.book[0]])


def _not_paid(evidence: Evidence) -> Evidence:
    return replace(evidence, book=evidence.book[1:])


def _paid_too_much(evidence: Evidence) -> Evidence:
    return replace(
        evidence, book=_first_changed(evidence.book, amount=evidence.book[0]["amount"] + 1)
    )


def _paid_otherwise(evidence: Evidence) -> Evidence:
    return replace(evidence, book=_first_changed(evidence.book, provider_reference="another"))


def _still_under_way(evidence: Evidence) -> Evidence:
    key = evidence.book[0]["key"]
    ticket = {**evidence.tickets[key], "state": "refunding", "refund": {"status": "unknown"}}
    return replace(evidence, tickets={**evidence.tickets, key: ticket})


def _forgotten(evidence: Evidence) -> Evidence:
    """Give back what nobody refused, as if the reversal had been forgotten."""
    events = [event for event in evidence.events if event["type"] != "FundingReversed"]
    return replace(evidence, events=events)


def _from_another_source(evidence: Evidence) -> Evidence:
    return replace(
        evidence, events=_of_first(evidence.events, "RefundFundsReserved", source="another")
    )


def _journal_missing(evidence: Evidence) -> Evidence:
    return replace(evidence, ledger=evidence.ledger[1:])


def _journal_off_by_one(evidence: Evidence) -> Evidence:
    amounts = [evidence.ledger[0]["amounts"][0] + 1, *evidence.ledger[0]["amounts"][1:]]
    return replace(evidence, ledger=_first_changed(evidence.ledger, amounts=amounts))


def _balance_off_by_one(evidence: Evidence) -> Evidence:
    balance = evidence.balances[0]["balance"] + 1
    return replace(evidence, balances=_first_changed(evidence.balances, balance=balance))


def _money_from_nowhere(evidence: Evidence) -> Evidence:
    shop_id = next(iter(evidence.paid_in))
    paid_in = {**evidence.paid_in, shop_id: evidence.paid_in[shop_id] - 1}
    return replace(evidence, paid_in=paid_in)


def _top_up_lost(evidence: Evidence) -> Evidence:
    return replace(evidence, payments={**evidence.payments, ("shop-1", "never booked"): 5})


def _reader_behind(evidence: Evidence) -> Evidence:
    return replace(evidence, checkpoints=_first_changed(evidence.checkpoints, position=-1))


def _on_its_way(evidence: Evidence) -> Evidence:
    row = {"refund_key": "shop-1/order-1-1", "waits_for": "nobody", "asked": 1}
    return replace(evidence, on_their_way=[row])


FALSIFIED: Mapping[Callable[[Evidence], Evidence], str] = {
    _paid_twice: "PAID 2 TIMES",
    _not_paid: "the provider paid nothing",
    _paid_too_much: "but reported as",
    _paid_otherwise: "shown as sandbox-",
    _still_under_way: "neither paid nor refused",
    _forgotten: "0 FundingReversed instead of 1",
    _from_another_source: "paid from another",
    _journal_missing: "is missing",
    _journal_off_by_one: "the log [",
    _balance_off_by_one: "kept as",
    _money_from_nowhere: "outside holds",
    _top_up_lost: "never booked",
    _reader_behind: "at -1",
    _on_its_way: "still on its way",
}
"""Each way a witness may contradict the others, and what the verdict must say of it."""


def _first_changed(rows: Sequence[Row], **changes: object) -> Sequence[Row]:
    return [{**rows[0], **changes}, *rows[1:]]


def _of_first(events: Sequence[Row], event_type: str, **changes: object) -> Sequence[Row]:
    at = next(n for n, event in enumerate(events) if event["type"] == event_type)
    event = {**events[at], "data": {**events[at]["data"], **changes}}
    return [*events[:at], event, *events[at + 1 :]]

"""Invariants of an order, checked on its page alone."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any

from tools.oracle.rules import FINAL, IN_PERIOD_MAX, PERIOD
from tools.simulation.comparing import Difference, instant

Json = dict[str, Any]

_WISHES = frozenset({"ticket_created", "overdue_ticket_created", "application_modified"})


def broken_invariants(about: str, page: Json, now: datetime) -> list[Difference]:
    """Name every invariant an order's page breaks; ``now`` is its shop's present."""
    found = [
        *_log_faults(page["operation_log"]),
        *_story_faults(page),
        *_money_faults(page),
        *_late_faults(page, now),
    ]
    return [
        Difference(about=about, field="invariant", expected=expected, got=got)
        for expected, got in found
    ]


_Fault = tuple[str, str]
"""What must hold, and what was found instead."""


def _log_faults(log: list[Json]) -> Iterator[_Fault]:
    if [line["version"] for line in log] != list(range(1, len(log) + 1)):
        yield "a line for each version", f"{[line['version'] for line in log]}"
    for one, next_one in pairwise(log):
        if instant(next_one["occurred_at"]) < instant(one["occurred_at"]):
            yield "a log in the order of time", f"{next_one['code']} before {one['code']}"
    for line in log:
        actor = line["actor"]
        if not actor["role"] or not actor["id"]:
            yield "somebody who did it", f"{line['code']} by {actor}"


def _story_faults(page: Json) -> Iterator[_Fault]:
    """Check the log: one active ticket at a time, each in the period or by an open entry."""
    received = page["receipt_confirmed_at"]
    period_ends = instant(received) + PERIOD if received else None
    states: dict[str, str] = {}
    door_closes: datetime | None = None
    in_period = 0
    for line in page["operation_log"]:
        at, code, subject = instant(line["occurred_at"]), line["code"], line["subject"]
        if states.get(subject) in FINAL:
            yield "nothing after the end of a ticket", f"{code} of {subject}"
        if subject not in {"order", "entry"}:
            states[subject] = line["after"]
        if code == "entry_opened":
            door_closes = instant(line["facts"]["expires_at"])
        if code == "overdue_ticket_created" and (door_closes is None or at >= door_closes):
            yield "applications past the period while the entry is open", f"{subject} at {at}"
        if code == "ticket_created":
            in_period += 1
            knew = _knew_of_receipt(page, line["version"])
            if knew and period_ends is not None and at >= period_ends:
                yield "applications in the period only within it", f"{subject} at {at}"
        active = [ticket for ticket, state in states.items() if state not in FINAL]
        if len(active) > 1:
            yield "at most one active ticket", f"{len(active)}: {', '.join(active)}"
    if in_period > IN_PERIOD_MAX:
        yield f"at most {IN_PERIOD_MAX} applications in the period", str(in_period)


def _knew_of_receipt(page: Json, version: int) -> bool:
    return any(
        line["code"] == "receipt_confirmed" and line["version"] < version
        for line in page["operation_log"]
    )


def _money_faults(page: Json) -> Iterator[_Fault]:
    refunded, paid = page["refunded"]["amount"], page["payment"]["amount"]["amount"]
    if refunded > paid:
        yield f"no more than {paid} refunded", str(refunded)
    of_tickets = sum(ticket["refunded"]["amount"] for ticket in page["tickets"])
    if of_tickets != refunded:
        yield f"{refunded} refunded as the order says", f"{of_tickets} as its tickets say"
    limits = {item["item_id"]: item["amount_paid"] for item in page["items"]}
    for item_id, amount in _refunded_by_item(page).items():
        if amount > limits[item_id]:
            yield f"no more than {limits[item_id]} refunded for {item_id}", str(amount)


def _refunded_by_item(page: Json) -> Counter[str]:
    """Return what was refunded of each item; a ruling's amount is in the log alone."""
    granted: dict[str, list[Json]] = {}
    refunded: Counter[str] = Counter()
    for line in page["operation_log"]:
        code, facts = line["code"], line["facts"]
        if code in _WISHES or (code.startswith("arbitration_ruled") and facts["items"]):
            granted[line["subject"]] = facts["items"]
        elif code == "refund_succeeded":
            for item in granted[line["subject"]]:
                refunded[item["item_id"]] += item["amount"]
    return refunded


def _late_faults(page: Json, now: datetime) -> Iterator[_Fault]:
    for ticket in page["tickets"]:
        if ticket["due"] is not None and instant(ticket["due"]["at"]) <= now:
            yield f"nothing left undone at {now}", f"{ticket['ticket_id']} {ticket['due']}"
    entry = page["after_sales_entry"]
    if entry["state"] == "open" and instant(entry["expires_at"]) <= now:
        yield f"no entry open at {now}", f"open until {entry['expires_at']}"

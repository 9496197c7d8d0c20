"""What must hold whatever happened is read off a page by itself, without the fold."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tools.simulation.invariants import broken_invariants

NOW = datetime(2021, 1, 20, tzinfo=UTC)
DAY = timedelta(days=1)
RECEIVED = NOW - 15 * DAY


def line(version: int, code: str, at: datetime, **changes: Any) -> dict[str, Any]:
    """Return a line of a log."""
    return {
        "version": version,
        "code": code,
        "subject": "order-1-1",
        "after": "pending_merchant",
        "occurred_at": at.isoformat(),
        "actor": {"role": "consumer", "id": "buyer-1"},
        "facts": {"items": [{"item_id": "item-1", "quantity": 1, "amount": 100}]},
        **changes,
    }


OPENED = line(
    2,
    "entry_opened",
    NOW - 6 * DAY,
    subject="entry",
    after="open",
    facts={"expires_at": (NOW - DAY).isoformat()},
)
APPLIED = line(3, "overdue_ticket_created", NOW - 5 * DAY)
PAID = line(4, "refund_succeeded", NOW - 4 * DAY, after="succeeded", facts={"amount": 100})


def a_page(*lines: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Return the page of an order that was received, refunded 100 of 100, and is at rest."""
    registered = line(1, "receipt_confirmed", NOW - 10 * DAY, subject="order", after=None, facts={})
    return {
        "receipt_confirmed_at": RECEIVED.isoformat(),
        "payment": {"amount": {"amount": 100}},
        "items": [{"item_id": "item-1", "amount_paid": 100}],
        "refunded": {"amount": 100},
        "after_sales_entry": {"state": "closed", "expires_at": (NOW - DAY).isoformat()},
        "tickets": [{"ticket_id": "order-1-1", "refunded": {"amount": 100}, "due": None}],
        "operation_log": [registered, *(lines or (OPENED, APPLIED, PAID))],
        **changes,
    }


def test_a_page_in_order_breaks_nothing() -> None:
    assert broken_invariants("order-1", a_page(), NOW) == []


@pytest.mark.parametrize(
    ("page", "named"),
    [
        (a_page(OPENED, {**APPLIED, "version": 7}, PAID), "a line for each version"),
        (
            a_page(OPENED, APPLIED, {**PAID, "occurred_at": (NOW - 9 * DAY).isoformat()}),
            "a log in the order of time",
        ),
        (a_page(OPENED, {**APPLIED, "actor": {"role": "", "id": ""}}, PAID), "somebody"),
        (a_page(OPENED, APPLIED, PAID, line(5, "ticket_closed", NOW)), "nothing after the end"),
        (
            a_page(OPENED, APPLIED, {**APPLIED, "version": 4, "subject": "order-1-2"}),
            "at most one active ticket",
        ),
        (
            a_page(
                OPENED,
                {**APPLIED, "occurred_at": (NOW - DAY).isoformat()},
                {**PAID, "occurred_at": NOW.isoformat()},
            ),
            "while the entry is open",
        ),
        (
            a_page(line(2, "ticket_created", RECEIVED + 7 * DAY), {**PAID, "version": 3}),
            "only within it",
        ),
        (
            a_page(
                *(
                    line(number, "ticket_created", RECEIVED, subject=f"t-{number}", after="closed")
                    for number in range(2, 8)
                ),
                tickets=[],
                refunded={"amount": 0},
            ),
            "at most 5 applications in the period",
        ),
        (a_page(payment={"amount": {"amount": 99}}), "no more than 99 refunded"),
        (
            a_page(items=[{"item_id": "item-1", "amount_paid": 99}]),
            "no more than 99 refunded for item-1",
        ),
        (a_page(refunded={"amount": 90}), "90 refunded as the order says"),
        (
            a_page(
                tickets=[
                    {
                        "ticket_id": "order-1-1",
                        "refunded": {"amount": 100},
                        "due": {"at": NOW.isoformat(), "action": "agree"},
                    }
                ]
            ),
            "nothing left undone",
        ),
        (
            a_page(after_sales_entry={"state": "open", "expires_at": NOW.isoformat()}),
            "no entry open",
        ),
    ],
)
def test_each_broken_invariant_is_named(page: dict[str, Any], named: str) -> None:
    found = broken_invariants("order-1", page, NOW)
    assert any(named in str(one) for one in found), found
    assert all(str(one).startswith("order-1: invariant: expected ") for one in found)

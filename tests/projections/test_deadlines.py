"""What is due follows from events alone."""

from collections.abc import Iterable
from datetime import datetime

from hypothesis import given

from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import EntryOpen, Order, Unregistered
from app.projections.deadlines import deadline_changes, next_due
from app.resources import Resources
from tests.domain.search_depth import bounded
from tests.projections.event_log import Logged
from tests.projections.random_histories import histories
from tests.support.orders import DAY, EXPIRES, HOUR, OPENED, order_with_open_entry, request_refund

READ_DEADLINES = "SELECT kind, due_at FROM after_sales.deadlines"


def pending(events: Iterable[OrderEvent]) -> dict[str, datetime]:
    """Return the deadlines events leave pending."""
    changes = [change for event in events for change in deadline_changes(event)]
    return {kind: due_at for kind, due_at in dict(changes).items() if due_at is not None}


@given(histories())
@bounded(examples=200)
def test_pending_is_exactly_what_the_rules_would_act_on_by_themselves(
    events: tuple[OrderEvent, ...],
) -> None:
    order = fold(Unregistered(), events)
    assert isinstance(order, Order)
    expected = {
        f"ticket/{number}": ticket.due.at
        for number, ticket in enumerate(order.tickets.values(), start=1)
        if ticket.due is not None
    }
    expected |= {
        f"ticket_reminder/{number}": ticket.due.remind_at
        for number, ticket in enumerate(order.tickets.values(), start=1)
        if ticket.due is not None and ticket.due.remind_at is not None and not ticket.reminded
    }
    entry = order.entry
    if isinstance(entry, EntryOpen):
        expected["entry_expiry"] = entry.expires_at
        if not (entry.used or entry.reminded):
            expected["entry_reminder"] = entry.remind_at
    assert pending(events) == expected
    assert next_due(events) == min(expected.values(), default=None)


async def test_the_table_follows_the_log(resources: Resources, logged: Logged) -> None:
    async def rows() -> dict[str, datetime]:
        return dict(map(tuple, await resources.pool.fetch(READ_DEADLINES)))

    opened = order_with_open_entry()
    await logged.write(opened.events)
    await logged.follow()
    assert await rows() == {"entry_reminder": EXPIRES - DAY, "entry_expiry": EXPIRES}

    applied = opened.then(request_refund(), at=OPENED + HOUR)
    await logged.write(applied.events[-1:], after_version=len(opened.events))
    await logged.follow()
    agreed_at = OPENED + HOUR + 2 * DAY
    assert await rows() == {
        "entry_expiry": EXPIRES,
        "ticket_reminder/1": agreed_at - 12 * HOUR,
        "ticket/1": agreed_at,
    }

    over = applied.once_timers_ran(at=EXPIRES)
    await logged.write(over.events[len(applied.events) :], after_version=len(applied.events))
    await logged.follow()
    assert await rows() == {}, "agreed after two days, and the refund has no deadline"


# A worker has claimed everything.
CLAIM_ALL = "UPDATE after_sales.deadlines SET claimed_until = $1, claim = gen_random_uuid()"
CLAIMS = "SELECT claimed_until, claim FROM after_sales.deadlines"


async def test_a_deadline_set_anew_carries_nothing_of_the_claim_on_the_one_before(
    resources: Resources, logged: Logged
) -> None:
    opened = order_with_open_entry()
    await logged.write(opened.events)
    await logged.follow()
    await resources.pool.execute(CLAIM_ALL, EXPIRES)
    reopened = opened.once_timers_ran(at=EXPIRES).then(OpenAfterSalesEntry(), at=EXPIRES + HOUR)
    await logged.write(reopened.events[len(opened.events) :], after_version=len(opened.events))
    await logged.follow()
    rows = await resources.pool.fetch(CLAIMS)
    assert [tuple(row) for row in rows] == [(None, None)] * 2

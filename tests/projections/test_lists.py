"""The lists of orders and tickets: what each filter lets through, and paging while rows arrive."""

from datetime import datetime, timedelta

import pytest

from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.facts import OrderFacts
from app.domain.order.tickets import TicketState
from app.domain.policy import POLICY
from app.projection_registry import READERS
from app.projections.orders.list import OrderFilters, list_orders
from app.projections.orders.view import EntryState
from app.projections.paging import After
from app.projections.texts import LABEL_TEXTS
from app.projections.tickets.list import TicketFilters, labels_of, list_tickets, order_id_of
from app.resources import Resources
from tests.projections.event_log import Logged
from tests.support.orders import (
    CREATED,
    DAY,
    EXPIRES,
    HOUR,
    INSTANT,
    OPENED,
    PERIOD_OVER,
    SHOP,
    History,
    agree,
    order_facts,
    order_with_open_entry,
    received_order,
    refuse,
    registered_order,
    request_refund,
)


class Shop:
    """A shop's orders by name, written and followed, and its two lists."""

    def __init__(self, resources: Resources, logged: Logged) -> None:
        self._engine = resources.engine
        self._logged = logged

    async def has(self, *histories: History) -> None:
        """Write orders' histories and let every reader see them."""
        for history in histories:
            await self._logged.write(history.events, order_id=history.order.facts.order_id)
        await self._logged.follow()

    async def orders(self, filters: OrderFilters, *, now: datetime = OPENED) -> list[str]:
        """Return the ids of the orders a filter lets through, newest first."""
        page = await list_orders(self._engine, SHOP, filters, now=now, policy=POLICY)
        return [row.facts.order_id for row in page.rows]

    async def tickets(self, filters: TicketFilters) -> list[str]:
        """Return the ids of the tickets a filter lets through, newest first."""
        page = await list_tickets(self._engine, SHOP, filters)
        return [row.ticket_id for row in page.rows]


@pytest.fixture
def shop(resources: Resources, logged: Logged) -> Shop:
    """Return a shop without orders."""
    return Shop(resources, logged)


def facts_of(
    order_id: str, *, buyer_id: str = "buyer-1", later: timedelta = timedelta(0)
) -> OrderFacts:
    """Return facts of an order created at `CREATED` or later."""
    return order_facts(order_id=order_id, buyer_id=buyer_id, created_at=CREATED + later)


async def test_a_list_is_of_one_shop_newest_first_and_of_a_buyer_if_asked(
    shop: Shop, logged: Logged
) -> None:
    await shop.has(
        registered_order(facts_of("a", buyer_id="ada")),
        registered_order(facts_of("b", buyer_id="bob", later=HOUR)),
        registered_order(facts_of("c", buyer_id="ada", later=HOUR)),
    )
    elsewhere = registered_order(order_facts(shop_id="shop-2", order_id="z", buyer_id="ada"))
    await logged.write(elsewhere.events, shop_id="shop-2", order_id="z")
    await logged.follow()
    assert await shop.orders(OrderFilters()) == ["c", "b", "a"]
    assert await shop.orders(OrderFilters(buyer_id="ada")) == ["c", "a"]
    assert await shop.orders(OrderFilters(buyer_id="eve")) == []


async def test_an_entry_past_its_expiry_is_listed_as_closed_without_a_timer(shop: Shop) -> None:
    await shop.has(received_order(facts_of("never")), order_with_open_entry(facts_of("opened")))
    never, opened, closed = (OrderFilters(entry_state=state) for state in EntryState)
    for now, expected in (
        (EXPIRES - INSTANT, (["never"], ["opened"], [])),
        (EXPIRES, (["never"], [], ["opened"])),
    ):
        seen = [await shop.orders(filters, now=now) for filters in (never, opened, closed)]
        assert tuple(seen) == expected


async def test_an_entry_opened_again_is_listed_as_open(shop: Shop) -> None:
    expired = order_with_open_entry(facts_of("a")).once_timers_ran(at=EXPIRES)
    again = expired.then(OpenAfterSalesEntry(), at=EXPIRES + DAY)
    await shop.has(again)
    assert await shop.orders(OrderFilters(entry_state=EntryState.OPEN), now=EXPIRES + DAY) == ["a"]
    assert await shop.orders(OrderFilters(entry_state=EntryState.CLOSED), now=EXPIRES + DAY) == []


async def test_orders_are_listed_by_the_state_of_the_ticket_under_way_or_else_the_latest(
    shop: Shop,
) -> None:
    waiting = order_with_open_entry(facts_of("waiting")).then(request_refund(), at=OPENED)
    rejected = order_with_open_entry(facts_of("rejected")).then(request_refund(), at=OPENED)
    await shop.has(
        order_with_open_entry(facts_of("none")),
        waiting,
        rejected.then(refuse("rejected-1"), at=OPENED + HOUR),
    )
    pending = OrderFilters(ticket_state=TicketState.PENDING_MERCHANT)
    assert await shop.orders(pending) == ["waiting"]
    assert await shop.orders(OrderFilters(ticket_state=TicketState.REJECTED)) == ["rejected"]
    assert await shop.orders(OrderFilters(ticket_state=TicketState.CLOSED)) == []


async def test_a_range_of_creation_includes_its_start_and_not_its_end(shop: Shop) -> None:
    await shop.has(
        registered_order(facts_of("a")),
        registered_order(facts_of("b", later=HOUR)),
        registered_order(facts_of("c", later=2 * HOUR)),
    )
    between = OrderFilters(created_from=CREATED + HOUR, created_to=CREATED + 2 * HOUR)
    assert await shop.orders(between) == ["b"]
    assert await shop.orders(OrderFilters(created_from=CREATED + HOUR)) == ["c", "b"]
    assert await shop.orders(OrderFilters(created_to=CREATED + HOUR)) == ["a"]


@pytest.mark.parametrize(
    ("now", "eligible"),
    [
        (PERIOD_OVER - INSTANT, False),
        (PERIOD_OVER, True),
        (CREATED + 150 * DAY, True),
        (CREATED + 150 * DAY + INSTANT, False),
    ],
)
async def test_eligible_by_age_holds_from_the_end_of_the_period_to_the_greatest_age(
    shop: Shop, now: datetime, eligible: bool
) -> None:
    await shop.has(received_order(facts_of("a")), registered_order(facts_of("not received")))
    by_age = await shop.orders(OrderFilters(eligible_by_age=True), now=now)
    others = await shop.orders(OrderFilters(eligible_by_age=False), now=now)
    assert by_age == (["a"] if eligible else [])
    assert sorted(others) == sorted({"a", "not received"} - set(by_age))


@pytest.mark.parametrize("side", [-INSTANT, timedelta(0)])
async def test_an_order_from_before_the_cut_off_is_not_eligible_by_age(
    shop: Shop, side: timedelta
) -> None:
    created_at = POLICY.order_created_from + side
    await shop.has(received_order(order_facts(order_id="a", created_at=created_at)))
    now = created_at + 20 * DAY
    expected = [] if side else ["a"]
    assert await shop.orders(OrderFilters(eligible_by_age=True), now=now) == expected


async def test_tickets_are_listed_by_state_label_buyer_order_deadline_and_creation(
    shop: Shop,
) -> None:
    in_period = received_order(facts_of("a", buyer_id="ada"))
    applied_at = in_period.order.updated_at + DAY
    past_period = order_with_open_entry(facts_of("b", buyer_id="bob"))
    await shop.has(
        in_period.then(request_refund(), at=applied_at),
        past_period.then(request_refund(), at=OPENED).then(agree("b-1"), at=OPENED + HOUR),
        order_with_open_entry(facts_of("c")).then(request_refund(), at=OPENED + HOUR),
    )
    due_at = OPENED + HOUR + 2 * DAY
    for filters, expected in (
        (TicketFilters(), ["c-1", "b-1", "a-1"]),
        (TicketFilters(state=TicketState.REFUNDING), ["b-1"]),
        (TicketFilters(overdue=True), ["c-1", "b-1"]),
        (TicketFilters(overdue=False), ["a-1"]),
        (TicketFilters(buyer_id="bob"), ["b-1"]),
        (TicketFilters(order_id="c"), ["c-1"]),
        (TicketFilters(due_before=due_at), ["a-1"]),
        (TicketFilters(due_before=due_at + INSTANT), ["c-1", "a-1"]),
        (TicketFilters(created_from=OPENED), ["c-1", "b-1"]),
        (TicketFilters(created_to=OPENED), ["a-1"]),
        (TicketFilters(overdue=True, state=TicketState.PENDING_MERCHANT), ["c-1"]),
    ):
        assert await shop.tickets(filters) == expected, filters


async def test_an_overdue_ticket_carries_the_label_and_names_its_order(
    shop: Shop, resources: Resources
) -> None:
    history = order_with_open_entry(facts_of("order-with-dash"))
    await shop.has(history.then(request_refund(), at=OPENED))
    (ticket,) = (await list_tickets(resources.engine, SHOP, TicketFilters())).rows
    (label,) = labels_of(ticket)
    assert (LABEL_TEXTS[label].zh_cn, LABEL_TEXTS[label].en) == (
        "超期售后",
        "Past after-sales period",
    )
    assert order_id_of(ticket.ticket_id) == "order-with-dash"


async def test_paging_while_orders_arrive_gives_every_older_one_exactly_once(
    resources: Resources, logged: Logged
) -> None:
    there = [f"order-{number:02}" for number in range(11)]
    await _write_all(logged, there, at=CREATED)
    seen: list[str] = []
    after: After | None = None
    for turn in range(10):
        page = await list_orders(
            resources.engine,
            SHOP,
            OrderFilters(),
            now=OPENED,
            policy=POLICY,
            after=after,
            limit=3,
        )
        seen += [row.facts.order_id for row in page.rows]
        after = page.next
        if after is None:
            break
        await _write_all(logged, [f"newer-{turn}-{n}" for n in range(2)], at=CREATED + DAY)
    # All were created at the same instant, so that only their ids tell them apart.
    assert seen == sorted(there, reverse=True)


async def test_a_page_says_how_far_it_is_current_even_if_it_is_empty(
    resources: Resources, logged: Logged
) -> None:
    async def current_to() -> tuple[int, int]:
        page = await list_orders(
            resources.engine,
            SHOP,
            OrderFilters(buyer_id="nobody"),
            now=OPENED,
            policy=POLICY,
        )
        return len(page.rows), page.current_to

    assert await current_to() == (0, 0)
    await logged.write(registered_order().events)
    assert await current_to() == (0, 0)
    await logged.follow(READERS[:1])
    assert await current_to() == (0, 1)


@pytest.mark.parametrize("limit", [0, 201])
async def test_a_page_has_1_to_200_rows(resources: Resources, limit: int) -> None:
    with pytest.raises(ValueError, match="1 to 200"):
        await list_tickets(resources.engine, SHOP, TicketFilters(), limit=limit)


async def _write_all(logged: Logged, order_ids: list[str], *, at: datetime) -> None:
    for order_id in order_ids:
        history = registered_order(order_facts(order_id=order_id, created_at=at))
        await logged.write(history.events, order_id=order_id)
    await logged.follow()

"""However one looks at an order, one sees the same."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.order.events import OrderEvent
from app.domain.order.registration import OrderRegistered
from app.domain.order.tickets import TicketType
from app.domain.policy import POLICY
from app.projection_registry import READERS
from app.projections.operation_log import OperationLogReader, log_entries
from app.projections.orders.fold import fold_history
from app.projections.orders.list import OrderFilters, list_orders
from app.projections.orders.queries import fetch_order, fetch_order_as_of, fetch_order_with_log
from app.projections.orders.table import OrdersReader
from app.projections.projection import of_orders
from app.projections.rebuild import Rebuild
from app.projections.tickets.list import TicketFilters, list_tickets
from app.resources import Resources
from tests.domain.search_depth import bounded
from tests.projections.event_log import CODEC, EVERYTHING, Logged, Readers
from tests.projections.random_histories import histories
from tests.support.orders import DAY, INSTANT, ORDER, SHOP, order_facts, order_with_ticket, refuse

shops = (f"shop-{number}" for number in count(1))

ORDERS, OPERATION_LOG = of_orders(OrdersReader()), of_orders(OperationLogReader())

followers = st.sampled_from([READERS, (ORDERS,), (OPERATION_LOG,), (ORDERS, OPERATION_LOG)])


@given(events=histories(), seen=st.integers(0, 30), readers=followers)
@settings(bounded(examples=40), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_list_detail_and_time_travel_agree_wherever_the_readers_stand(
    resources: Resources,
    logged: Logged,
    events: tuple[OrderEvent, ...],
    seen: int,
    readers: Readers,
) -> None:
    shop_id = next(shops)
    events = moved_to(shop_id, events)
    await logged.write(events[:seen] or events, shop_id=shop_id)
    await logged.follow(readers)
    if 0 < seen < len(events):
        await logged.write(events[seen:], shop_id=shop_id, after_version=seen)
    history = await logged.history(shop_id)
    order, log = fold_history(history), log_entries(history)

    assert await fetch_order(resources.pool, CODEC, shop_id, ORDER) == order
    assert await fetch_order_with_log(resources.pool, CODEC, shop_id, ORDER) == (order, log)
    now = order.updated_at + DAY
    assert await fetch_order_as_of(resources.pool, CODEC, shop_id, ORDER, now) == (order, log)

    await logged.follow()
    listed = await list_orders(
        resources.engine, shop_id, OrderFilters(), now=now, policy=POLICY, limit=1
    )
    assert listed.rows == (order,)
    assert await fetch_order_with_log(resources.pool, CODEC, shop_id, ORDER) == (order, log)
    tickets = await list_tickets(resources.engine, shop_id, TicketFilters())
    assert sorted(tickets.rows, key=lambda t: t.version) == sorted(
        order.tickets, key=lambda t: t.version
    )


@given(orders=st.lists(histories(), min_size=1, max_size=6), batch=st.sampled_from([1, 2, 5]))
@settings(bounded(examples=10), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_beginning_again_gives_the_same_rows_whatever_the_batches(
    logged: Logged, orders: Sequence[tuple[OrderEvent, ...]], batch: int
) -> None:
    for events in orders:
        shop_id = next(shops)
        await logged.write(moved_to(shop_id, events), shop_id=shop_id)
        await logged.follow()
    kept = await logged.tables()
    await logged.begin_again()
    assert not any((await logged.tables()).values())
    await logged.follow(limit_each=batch)
    assert await logged.tables() == kept


async def test_each_reader_rebuilt_gives_the_same_rows(logged: Logged) -> None:
    await logged.write(order_with_ticket().events)
    await logged.write(
        moved_to("shop-2", order_with_ticket(TicketType.EXCHANGE).events), shop_id="shop-2"
    )
    await logged.follow()
    kept = await logged.tables()
    for reader in READERS:
        assert await Rebuild(pool=logged.pool, codec=EVERYTHING, reader=reader).run() == 10
        assert await logged.tables() == kept, reader.name


async def test_a_fresh_read_shows_an_event_no_reader_has_seen(
    resources: Resources, logged: Logged
) -> None:
    history = order_with_ticket()
    await logged.write(history.events)
    await logged.follow()
    rejected = history.then(refuse(), at=history.order.updated_at + DAY)
    await logged.write(rejected.events[-1:], after_version=len(history.events))
    fresh = await fetch_order_with_log(resources.pool, CODEC, SHOP, ORDER)
    assert fresh is not None
    assert fresh.order.tickets[0].state.value == "rejected"
    assert [line.code for line in fresh.log[-2:]] == [
        "overdue_ticket_created",
        "application_rejected",
    ]
    listed = await list_tickets(resources.engine, SHOP, TicketFilters())
    assert [ticket.state.value for ticket in listed.rows] == ["pending_merchant"]


async def test_an_order_nobody_registered_is_not_there_in_any_way(
    resources: Resources, logged: Logged
) -> None:
    await logged.write(order_with_ticket().events)
    await logged.follow()
    for shop_id, order_id in ((SHOP, "order-2"), ("shop-2", ORDER)):
        assert await fetch_order(resources.pool, CODEC, shop_id, order_id) is None
        assert await fetch_order_with_log(resources.pool, CODEC, shop_id, order_id) is None


async def test_looking_back_shows_what_had_happened_by_then_and_nothing_later(
    resources: Resources, logged: Logged
) -> None:
    events = order_with_ticket().events
    await logged.write(events)
    await logged.follow()
    history = await logged.history()
    before = await fetch_order_as_of(resources.pool, CODEC, SHOP, ORDER, events[0].at - INSTANT)
    assert before is None
    for number, event in enumerate(events, start=1):
        next_at = events[number].at if number < len(events) else event.at + DAY
        for instant in (event.at, next_at - INSTANT):
            seen = await fetch_order_as_of(resources.pool, CODEC, SHOP, ORDER, instant)
            assert seen == (fold_history(history[:number]), log_entries(history[:number]))


def moved_to(
    shop_id: str, events: tuple[OrderEvent, ...], order_id: str = ORDER
) -> tuple[OrderEvent, ...]:
    """Register the same order in another shop, or under another id."""
    first, *others = events
    assert isinstance(first, OrderRegistered)
    return (replace(first, facts=order_facts(shop_id=shop_id, order_id=order_id)), *others)

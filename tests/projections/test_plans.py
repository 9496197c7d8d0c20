"""No list, no read of one order and no claim ever walks through a whole table."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from app.domain.order.tickets import TicketState
from app.domain.policy import POLICY
from app.event_store.recorded_event import Role
from app.event_store.streams import order_stream, partition_of, streams_of_shop
from app.notifications.inbox import FIND_GROWN, READ_THROUGH
from app.notifications.inbox_queries import (
    COUNT_UNREAD,
    FETCH_ONE,
    LIST_AFTER,
    LIST_INBOX,
    LIST_UNREAD,
)
from app.notifications.push.devices import LIST_OWN, REMOVE_FROM_OTHERS
from app.notifications.push.queue import QUEUE as PUSHES
from app.notifications.push.queue import RECONSIDER, SKIP_QUEUED
from app.notifications.push.reader import FIND_DEVICES
from app.notifications.push.states import FIND_STATES
from app.processes.deadlines import QUEUE as DEADLINES
from app.projections.orders.list import OrderFilters, order_page
from app.projections.orders.queries import FETCH_ORDER, FETCH_ORDER_WITH_LOG
from app.projections.orders.view import EntryState
from app.projections.paging import After
from app.projections.tickets.list import TicketFilters, ticket_page
from app.shop_clocks.advancing import FETCH_DUE, FIND_UNSEEN
from app.shop_clocks.advancing import QUEUE as TEST_CLOCKS
from app.shop_clocks.clocks import FETCH_CLOCK
from tests.conftest import START
from tests.projections.query_plans import fill

SHOP = "shop-3"
PARTITIONS = [partition_of(f"shop-{number}") for number in range(6)]
DAY = timedelta(days=1)

# 60 000 rows in each table: six shops, each in its own partition, a row every half hour.
FILL_ORDERS = """
INSERT INTO after_sales.orders
    (partition_id, shop_id, order_id, buyer_id, created_at, receipt_confirmed_at,
     entry_closes_at, ticket_state, version, position, doc)
SELECT ($1::smallint[])[n % 6 + 1], 'shop-' || n % 6, 'order-' || n, 'buyer-' || n % 5000,
       $2::timestamptz - n * interval '30 minutes', $2 - n * interval '30 minutes' + '3 days',
       CASE WHEN n % 7 = 0 THEN $2 - n * interval '20 minutes' + '100 days' END,
       CASE n % 40 WHEN 0 THEN 'pending_merchant' WHEN 1 THEN 'closed' END, 3, n, '{}'
FROM generate_series(1, 60000) AS n
"""
FILL_TICKETS = """
INSERT INTO after_sales.tickets
    (partition_id, shop_id, ticket_id, order_id, buyer_id, type, reason, amount, state, overdue,
     due_at, due_action, created_at, position, doc)
SELECT ($1::smallint[])[n % 6 + 1], 'shop-' || n % 6, 'order-' || n || '-1', 'order-' || n,
       'buyer-' || n % 5000, 'refund_only', 'other', n,
       CASE WHEN n % 30 < 6 THEN 'pending_merchant' ELSE 'closed' END, n % 50 < 6,
       CASE WHEN n % 30 < 6 THEN $2::timestamptz + n * interval '1 minute' END,
       CASE WHEN n % 30 < 6 THEN 'agree' END, $2 - n * interval '30 minutes', n, '{}'
FROM generate_series(1, 60000) AS n
"""
FILL_DEADLINES = """
INSERT INTO after_sales.deadlines (partition_id, stream_id, kind, due_at)
SELECT ($1::smallint[])[n % 6 + 1], 'order/shop-' || n % 6 || '/order-' || n, 'ticket/1',
       $2::timestamptz + n * interval '1 minute'
FROM generate_series(1, 60000) AS n
"""
FILL_TEST_DEADLINES = """
INSERT INTO after_sales.deadlines (partition_id, stream_id, kind, due_at, test_shop_id)
SELECT ($1::smallint[])[n % 6 + 1], 'order/test-' || n % 600 || '/order-' || n, 'ticket/1',
       $2::timestamptz + n * interval '1 minute', 'test-' || n % 600
FROM generate_series(1, 60000) AS n
"""
FILL_TEST_CLOCKS = """
INSERT INTO after_sales.test_clocks
    (partition_id, shop_id, started_at, now, target, fell_due, version)
SELECT ($1::smallint[])[n % 6 + 1], 'test-' || n, $2::timestamptz, $2,
       CASE WHEN n % 1000 = 0 THEN $2 + interval '1 day' END, 0, 1
FROM generate_series(1, 30000) AS n
"""
FILL_NOTIFICATIONS = """
INSERT INTO after_sales.notifications
    (partition_id, notification_id, position, shop_id, order_id, recipient_role, recipient_id,
     template, params, created_at)
SELECT ($1::smallint[])[n % 6 + 1], gen_random_uuid(), n, 'shop-' || n % 6, 'order-' || n,
       'consumer', 'buyer-' || n % 5000, 'entry_opened', '{}',
       $2::timestamptz + n * interval '1 minute'
FROM generate_series(1, 60000) AS n
"""
FILL_READS = """
INSERT INTO after_sales.notification_reads
    (partition_id, shop_id, recipient_role, recipient_id, position, read_at)
SELECT ($1::smallint[])[n % 6 + 1], 'shop-' || n % 6, 'consumer', 'buyer-' || n % 5000, n,
       $2::timestamptz
FROM generate_series(1, 60000) AS n
"""
FILL_MARKS = """
INSERT INTO after_sales.inbox_marks
    (partition_id, shop_id, recipient_role, recipient_id, read_through, read_at)
SELECT ($1::smallint[])[n % 6 + 1], 'shop-' || n % 6, 'consumer', 'buyer-' || n % 5000, n,
       $2::timestamptz
FROM generate_series(1, 60000) AS n
"""
FILL_DEVICES = """
INSERT INTO after_sales.devices
    (partition_id, device_id, shop_id, recipient_role, recipient_id, platform, token_hash,
     token_sealed, since_position, registered_at, refreshed_at)
SELECT ($1::smallint[])[n % 6 + 1], gen_random_uuid(), 'shop-' || n % 6, 'consumer',
       'buyer-' || n % 5000, 'ios', decode(md5(n::text), 'hex'), '', n, $2::timestamptz, $2
FROM generate_series(1, 60000) AS n
"""
FILL_PUSHES = """
INSERT INTO after_sales.pushes
    (partition_id, notification_id, device_id, shop_id, recipient_role, recipient_id, template,
     params, clock, state, attempts, attempt_at)
SELECT ($1::smallint[])[n % 6 + 1], gen_random_uuid(), gen_random_uuid(), 'shop-' || n % 6,
       'consumer', 'buyer-' || n % 5000, 'entry_opened', '{}', 'system',
       CASE WHEN n % 20 = 0 THEN 'queued' ELSE 'sent' END, 0,
       $2::timestamptz + n * interval '1 minute'
FROM generate_series(1, 60000) AS n
"""
FILL_LOG = """
INSERT INTO after_sales.operation_log
    (partition_id, stream_id, version, event_id, occurred_at, recorded_at, actor_role, actor_id,
     code, subject, params)
SELECT ($1::smallint[])[n % 6 + 1], 'order/shop-' || n % 6 || '/order-' || n, 1, gen_random_uuid(),
       $2::timestamptz, $2, 'platform', 'key-1', 'order_registered', 'order', '{}'
FROM generate_series(1, 60000) AS n
"""
FILL_EVENTS = """
INSERT INTO after_sales.events
    (partition_id, position, stream_id, version, event_id, type, schema_version, data, metadata,
     occurred_at)
SELECT ($1::smallint[])[n % 6 + 1], n, 'order/shop-' || n % 6 || '/order-' || n, 1,
       gen_random_uuid(), 'OrderRegistered', 1, '{}', '{}', $2::timestamptz
FROM generate_series(1, 60000) AS n
"""
FILLS = (
    FILL_ORDERS,
    FILL_TICKETS,
    FILL_DEADLINES,
    FILL_TEST_DEADLINES,
    FILL_TEST_CLOCKS,
    FILL_NOTIFICATIONS,
    FILL_READS,
    FILL_MARKS,
    FILL_DEVICES,
    FILL_PUSHES,
    FILL_LOG,
    FILL_EVENTS,
)

LAST = After(START - 20 * DAY, "order-900")
ORDER_FILTERS = {
    "orders_created_idx": [
        OrderFilters(),
        OrderFilters(created_from=START - 40 * DAY),
        OrderFilters(created_to=START - 40 * DAY),
        OrderFilters(created_from=START - 41 * DAY, created_to=START - 40 * DAY),
        OrderFilters(eligible_by_age=True),
        OrderFilters(eligible_by_age=False),
        OrderFilters(entry_state=EntryState.NEVER_OPENED),
    ],
    "orders_buyer_idx": [OrderFilters(buyer_id="buyer-3")],
    "orders_ticket_state_idx": [OrderFilters(ticket_state=TicketState.PENDING_MERCHANT)],
    "": [OrderFilters(entry_state=EntryState.OPEN), OrderFilters(entry_state=EntryState.CLOSED)],
}
TICKET_FILTERS = {
    "tickets_created_idx": [
        TicketFilters(),
        TicketFilters(overdue=False),
        TicketFilters(created_from=START - 41 * DAY, created_to=START - 40 * DAY),
    ],
    "tickets_state_idx": [TicketFilters(state=TicketState.PENDING_MERCHANT)],
    "tickets_overdue_idx": [TicketFilters(overdue=True)],
    "tickets_buyer_idx": [TicketFilters(buyer_id="buyer-3")],
    "tickets_order_idx": [TicketFilters(order_id="order-3")],
    "tickets_due_idx": [TicketFilters(due_before=START + timedelta(hours=1))],
}


async def test_every_statement_finds_its_rows_through_an_index(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        for statement in FILLS:
            await fill(connection, statement, PARTITIONS, START)
        await connection.execute("ANALYZE")
        for index, statement in _statements():
            plan = json.loads(await connection.fetchval(f"EXPLAIN (FORMAT JSON) {statement}"))
            nodes = list(_nodes(plan[0]["Plan"]))
            walked = {
                node["Relation Name"] for node in nodes if node["Node Type"] == "Seq Scan"
            } - {"checkpoints"}  # an empty table here, and a small one always
            assert not walked, (walked, statement)
            used = {node["Index Name"] for node in nodes if "Index Name" in node}
            assert index in used or not index, (index, used, statement)
    finally:
        await connection.close()


def _statements() -> Iterator[tuple[str, str]]:
    """Every statement with the index it should go through, if only one will do."""
    for after in (None, LAST):
        for index, filters in ORDER_FILTERS.items():
            for chosen in filters:
                page = order_page(SHOP, chosen, now=START, policy=POLICY, after=after, limit=50)
                yield index, _written_out(page)
        for index, by_ticket in TICKET_FILTERS.items():
            for wanted in by_ticket:
                page = ticket_page(SHOP, wanted, after=after, limit=50)
                yield index, _written_out(page)
    partition_id, stream_id = partition_of(SHOP), order_stream(SHOP, "order-3")
    one_order = (partition_id, SHOP, "order-3", stream_id)
    yield "orders_pkey", _filled_in(FETCH_ORDER, *one_order)
    yield "operation_log_pkey", _filled_in(FETCH_ORDER_WITH_LOG, *one_order)
    yield from _of_inboxes(partition_id)
    yield from _of_pushes(partition_id)
    now, later = START + timedelta(hours=1), START + timedelta(hours=2)
    for table, index in (
        (DEADLINES, "deadlines_due_idx"),
        (PUSHES, "pushes_due_idx"),
        (TEST_CLOCKS, "test_clocks_advancing_idx"),
    ):
        everywhere, token = list(range(64)), UUID(int=1)
        claim = (everywhere, now, 100, later, token)
        yield index, _filled_in(table.claim_across_partitions, *claim)
        yield index, _filled_in(table.find_partitions, everywhere, now)
        yield index, _filled_in(table.lock_in_partition, partition_id, now, 100)
    yield from _of_test_clocks(partition_id, now)


def _of_test_clocks(partition_id: int, now: datetime) -> Iterator[tuple[str, str]]:
    shop_id = "test-3"
    yield "test_clocks_pkey", _filled_in(FETCH_CLOCK, partition_id, shop_id)
    yield "deadlines_test_due_idx", _filled_in(FETCH_DUE, partition_id, shop_id, now, 500)
    yield "", _filled_in(FIND_UNSEEN, partition_id, "deadlines", *streams_of_shop(shop_id))


def _of_inboxes(partition_id: int) -> Iterator[tuple[str, str]]:
    owner = (partition_id, SHOP, Role.CONSUMER.value, "buyer-3")
    for statement, *arguments in (
        (LIST_INBOX, 2**62, 50, "notifications"),
        (LIST_UNREAD, 2**62, 50, "notifications"),
        (LIST_AFTER, 100, 50),
        (COUNT_UNREAD, 2_000, "notifications"),
        (READ_THROUGH, 2**62, START),
    ):
        yield "notifications_inbox_idx", _filled_in(str(statement), *owner, *arguments)
    yield "notifications_position_idx", _filled_in(FIND_GROWN, partition_id, 100, 110)
    yield "notifications_pkey", _filled_in(FETCH_ONE, *owner, UUID(int=1))


def _of_pushes(partition_id: int) -> Iterator[tuple[str, str]]:
    owner = (partition_id, SHOP, Role.CONSUMER.value, "buyer-3")
    one, now = UUID(int=1), START + timedelta(hours=1)
    owners = [[part] for part in owner]
    yield "devices_recipient_idx", _filled_in(LIST_OWN, *owner)
    yield "devices_recipient_idx", _filled_in(FIND_DEVICES, *owners)
    yield "devices_token_key", _filled_in(REMOVE_FROM_OTHERS, *owner, "\\x00")
    yield "pushes_pkey", _filled_in(FIND_STATES, partition_id, [one])
    yield "pushes_device_idx", _filled_in(SKIP_QUEUED, partition_id, one, now)
    yield "pushes_recipient_idx", _filled_in(RECONSIDER, *owner, now)


def _written_out(query: Select[Any]) -> str:
    compiled = query.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    return str(compiled)


def _filled_in(statement: str, *arguments: object) -> str:
    for number, argument in reversed(list(enumerate(arguments, start=1))):
        literal = "NULL" if argument is None else f"'{argument}'"
        if isinstance(argument, list):
            literal = f"'{{{','.join(map(str, argument))}}}'"
        statement = statement.replace(f"${number}", literal)
    return statement


def _nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from _nodes(child)

"""What is read and what is not: one message, everything so far, and what arrives meanwhile."""

from datetime import timedelta
from typing import Any

from app.event_types.registry import event_codec
from app.notifications.inbox import NotificationsReader
from app.projections.rebuild import Rebuild
from tests.support.api import OTHER_BUYER, SHOP, Api, Caller
from tests.support.story import applied, done, instant, opened, problem

INBOX = f"/v1/shops/{SHOP}/notifications"
HOUR = timedelta(hours=1)


async def three_messages(api: Api) -> list[dict[str, Any]]:
    """Have the buyer told three things and return them, newest first."""
    for number in range(1, 4):
        await opened(api, f"order-{number}")
    await api.follow()
    return await listed(api.consumer())


async def listed(caller: Caller, **query: Any) -> list[dict[str, Any]]:
    """Return the first page of an inbox."""
    found: list[dict[str, Any]] = done(await caller.get(INBOX, query))["notifications"]
    return found


async def unread(caller: Caller) -> tuple[int, bool]:
    """Return how many messages are unread, and whether there may be more."""
    counted = done(await caller.get(f"{INBOX}/unread-count"))
    return counted["unread"], counted["more"]


async def test_a_message_is_unread_until_its_reader_says_otherwise_and_then_stays_read(
    api: Api,
) -> None:
    newest, middle, oldest = await three_messages(api)
    consumer = api.consumer()
    assert await unread(consumer) == (3, False)
    assert newest["channels"]["in_site"] == {"state": "sent", "read_at": None}

    first = done(await consumer.post(f"{INBOX}/{middle['notification_id']}/read"))
    read_at = api.clock.now()
    assert first["channels"]["in_site"]["state"] == "read"
    assert instant(first["channels"]["in_site"]["read_at"]) == read_at
    api.clock.advance(HOUR)
    again = done(await consumer.post(f"{INBOX}/{middle['notification_id']}/read"))
    assert again == first, "the first time counts"

    assert await unread(consumer) == (2, False)
    assert [one["position"] for one in await listed(consumer, unread_only="true")] == [
        newest["position"],
        oldest["position"],
    ]
    assert (await listed(consumer))[1] == first


async def test_reading_all_that_was_listed_leaves_unread_what_arrived_meanwhile(api: Api) -> None:
    await three_messages(api)
    consumer = api.consumer()
    page = done(await consumer.get(INBOX))
    await opened(api, "order-4")
    await api.follow()

    left = done(await consumer.post(f"{INBOX}/read", {"up_to": page["current_to"]}))
    assert (left["unread"], left["more"]) == (1, False)
    assert left["current_to"] > page["current_to"]
    assert [one["order_id"] for one in await listed(consumer, unread_only="true")] == ["order-4"]
    states = [one["channels"]["in_site"]["state"] for one in await listed(consumer)]
    assert states == ["sent", "read", "read", "read"]


async def test_every_message_keeps_the_instant_it_was_first_read_at(api: Api) -> None:
    newest, middle, oldest = await three_messages(api)
    consumer, start = api.consumer(), api.clock.now()
    done(await consumer.post(f"{INBOX}/{middle['notification_id']}/read"))
    for message in (oldest, newest, newest):
        api.clock.advance(HOUR)
        done(await consumer.post(f"{INBOX}/read", {"up_to": message["position"]}))
    done(await consumer.post(f"{INBOX}/{oldest['notification_id']}/read"))
    read_at = [instant(one["channels"]["in_site"]["read_at"]) for one in await listed(consumer)]
    assert read_at == [start + 2 * HOUR, start, start + HOUR]
    marks = await api.resources.pool.fetchval("SELECT count(*) FROM after_sales.inbox_marks")
    assert marks == 2, "asking again adds nothing"


async def test_an_inbox_made_anew_still_knows_what_was_read(api: Api) -> None:
    newest, middle, _ = await three_messages(api)
    consumer = api.consumer()
    done(await consumer.post(f"{INBOX}/{newest['notification_id']}/read"))
    api.clock.advance(HOUR)
    done(await consumer.post(f"{INBOX}/read", {"up_to": middle["position"]}))
    before = await listed(consumer)
    assert [one["channels"]["in_site"]["state"] for one in before] == ["read"] * 3

    rebuild = Rebuild(pool=api.resources.pool, codec=event_codec(), reader=NotificationsReader())
    assert await rebuild.run() > 0
    assert await listed(consumer) == before
    assert await unread(consumer) == (0, False)


async def test_reading_beyond_the_end_reads_nothing_that_is_still_to_come(api: Api) -> None:
    await three_messages(api)
    consumer = api.consumer()
    done(await consumer.post(f"{INBOX}/read", {"up_to": 2**63 - 1}))
    await opened(api, "order-4")
    await api.follow()
    assert await unread(consumer) == (1, False)


async def test_unread_messages_are_paged_without_a_gap_while_they_are_read(api: Api) -> None:
    for number in range(5):
        await opened(api, f"order-{number}")
    await api.follow()
    consumer, cursor, seen = api.consumer(), None, []
    while True:
        query = {"unread_only": "true", "limit": 2, **({"cursor": cursor} if cursor else {})}
        page = done(await consumer.get(INBOX, query))
        for message in page["notifications"]:
            seen.append(message["order_id"])
            done(await consumer.post(f"{INBOX}/{message['notification_id']}/read"))
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == [f"order-{number}" for number in reversed(range(5))]
    assert await unread(consumer) == (0, False)


async def test_what_one_reads_stays_unread_for_everybody_else(api: Api) -> None:
    await applied(api)
    await opened(api, "order-2", buyer_id=OTHER_BUYER)
    await api.follow()
    consumer, other = api.consumer(), api.consumer(OTHER_BUYER)
    (own,) = await listed(consumer)
    path = f"{INBOX}/{own['notification_id']}/read"
    for stranger in (other, api.merchant):
        problem(await stranger.post(path), 404, "notification_not_found")
    elsewhere = f"/v1/shops/shop-2/notifications/{own['notification_id']}/read"
    problem(await consumer.post(elsewhere), 404, "notification_not_found")
    done(await other.post(f"{INBOX}/read", {"up_to": 2**63 - 1}))
    assert [await unread(caller) for caller in (consumer, other, api.merchant)] == [
        (1, False),
        (0, False),
        (1, False),
    ]


async def test_a_count_stops_at_999_and_says_that_there_may_be_more(api: Api) -> None:
    fill = """
    INSERT INTO after_sales.notifications
        (partition_id, notification_id, position, shop_id, order_id, recipient_role, recipient_id,
         template, params, created_at)
    SELECT n.partition_id, gen_random_uuid(), n.position + g, n.shop_id, n.order_id,
           n.recipient_role, n.recipient_id, n.template, n.params, n.created_at
    FROM after_sales.notifications AS n, generate_series(1, $1) AS g
    """
    pool, consumer = api.resources.pool, api.consumer()
    await opened(api)
    await api.follow()
    await pool.execute(fill, 998)
    assert await unread(consumer) == (999, False)
    (newest,) = await listed(consumer, limit=1)
    await pool.execute(fill.replace("n.position + g", "n.position + 1000"), 1)
    assert await unread(consumer) == (999, True)
    left = done(await consumer.post(f"{INBOX}/read", {"up_to": newest["position"]}))
    assert left["unread"] == 999


async def test_nonsense_about_reading_is_refused(api: Api) -> None:
    consumer = api.consumer()
    for body in ({}, {"up_to": -1}, {"up_to": 2**63}, {"up_to": "1"}, {"up_to": 1, "all": True}):
        problem(await consumer.post(f"{INBOX}/read", body), 422, "request_invalid")
    problem(await consumer.post(f"{INBOX}/nonsense/read"), 422, "request_invalid")
    never = f"{INBOX}/00000000-0000-0000-0000-000000000000/read"
    problem(await consumer.post(never), 404, "notification_not_found")

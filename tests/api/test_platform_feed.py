"""The feed of all shops: everything once, each shop in order, nobody kept waiting."""

import asyncio
import base64
import json
from typing import Any

import pytest

from app.api.cursors import merged_cursor_of, merged_places_of
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.webhooks.feed.queries import EVERY_BEGINNING, Place, Places
from tests.support.api import OTHER_SHOP, SHOP, Api
from tests.support.story import applied, done, problem

FEED = "/v1/platform/events"


async def happen(api: Api, *order_ids: str) -> None:
    """Let an entry be opened and applied through in two shops, order after order."""
    for order_id in order_ids:
        await applied(api, order_id)
        await applied(api, order_id, shop_id=OTHER_SHOP)
    await api.follow()


async def read(api: Api, **query: Any) -> list[list[dict[str, Any]]]:
    """Return the pages of the feed."""
    pages, more, after = [], True, None
    while more:
        asked = query | ({} if after is None else {"after": after})
        page = done(await api.platform.get(FEED, asked))
        pages.append(page["events"])
        more, after = page["has_more"], page["next_cursor"]
    return pages


@pytest.mark.parametrize("limit", [1, 3, 200])
async def test_every_event_of_every_shop_comes_once_and_a_shops_in_order(
    api: Api, limit: int
) -> None:
    assert partition_of(SHOP) != partition_of(OTHER_SHOP)
    await happen(api, "order-1", "order-2")
    pages = await read(api, limit=limit)
    assert all(len(page) <= limit for page in pages)
    found = [event for page in pages for event in page]
    for shop_id, reader in ((SHOP, api.merchant), (OTHER_SHOP, api.other_merchant)):
        own = done(await reader.get(f"/v1/shops/{shop_id}/events"))["events"]
        assert [event for event in found if event["shop_id"] == shop_id] == own
    assert len(found) == 8
    types = {event["type"] for page in await read(api, types="ticket.created") for event in page}
    assert types == {"ticket.created"}


async def test_a_busy_shop_keeps_no_other_waiting(api: Api) -> None:
    await happen(api, "order-1", "order-2", "order-3")
    first, second, *_ = await read(api, limit=2)
    assert {event["shop_id"] for event in first} != {event["shop_id"] for event in second}


async def test_the_platform_goes_on_where_it_was_and_waits_for_any_shop(api: Api) -> None:
    await happen(api, "order-1")
    latest = done(await api.platform.get(FEED, {"after": "latest"}))
    assert latest["events"] == []
    query = {"after": latest["next_cursor"], "wait": 30}
    waiting = asyncio.create_task(api.platform.get(FEED, query))
    await applied(api, "order-9", shop_id=OTHER_SHOP)
    await api.follow()
    page = done(await waiting)
    assert {event["data"]["order"]["order_id"] for event in page["events"]} == {"order-9"}
    again = done(await api.platform.get(FEED, {"after": page["next_cursor"]}))
    assert again["events"] == []


async def test_only_the_platform_reads_all_shops(api: Api) -> None:
    problem(await api.merchant.get(FEED), 403, "role_not_allowed")
    problem(await api.nobody.get(FEED), 401, "unauthenticated")


@pytest.mark.parametrize(
    "content",
    [
        [0, [1] * PARTITION_COUNT, []],  # beyond the end of an empty log
        [0, [0] * (PARTITION_COUNT - 1), []],
        [PARTITION_COUNT, [0] * PARTITION_COUNT, []],
        [0, [-1] * PARTITION_COUNT, []],
        ["shop-1", 0, 0],
        None,
    ],
)
async def test_what_is_no_cursor_of_all_shops_is_refused(api: Api, content: Any) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(content).encode()).decode().rstrip("=")
    problem(await api.platform.get(FEED, {"after": cursor}), 422, "cursor_invalid")


def test_a_cursor_says_where_one_is_in_every_partition_and_is_not_too_long() -> None:
    far = Places(places=tuple(Place(2**63 - 1, n) for n in range(PARTITION_COUNT)), turn=63)
    for places in (EVERY_BEGINNING, far):
        assert merged_places_of(merged_cursor_of(places)) == places
    assert len(merged_cursor_of(far)) <= 3_000

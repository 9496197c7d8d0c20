"""Refunds over HTTP: what pays, how far it has come, and why it waits."""

from datetime import timedelta
from typing import Any

from app.domain.order.refunds import RecordRefundRefusal, RecordRefundUnknown
from app.domain.refunds import KEY_OF_ANOTHER, RefundRefusal, refund_key_of
from app.event_store.streams import partition_of
from app.payments.funding import FUNDING_READER
from app.payments.ticket_commands import command_order
from app.projections.checkpoints import ensure_checkpoints
from app.topology import Topology
from app.worker import funding_runner
from tests.support.api import OTHER_SHOP, SHOP, Api
from tests.support.provider_callbacks import KEY, a_callback, refunding, tell
from tests.support.story import applied, done, problem

REFUNDS = f"/v1/shops/{SHOP}/refunds"
REFUND = f"{REFUNDS}/order-1-1"
ANYWHERE = "/v1/platform/refunds"

ASKED_TWICE = """
UPDATE after_sales.refund_work SET asked = 2, due_at = $2, waits_for = 'unknown: timed_out'
WHERE partition_id = $1
"""


async def find_money(api: Api) -> None:
    """Let the funding follow the log to its end, and the lists after it."""
    async with api.resources.pool.acquire() as connection:
        await ensure_checkpoints(connection, [FUNDING_READER])
    await funding_runner(api.resources.pool, Topology.SINGLE).run_until_caught_up()
    await api.follow()


async def refused(api: Api) -> None:
    """Let the provider refuse for good."""
    handler = api.app.state.services.handler
    refusal = RecordRefundRefusal(
        ticket_id="order-1-1",
        refund_key=KEY,
        refusal=RefundRefusal.BUYER_ACCOUNT_FROZEN,
        provider_text="账户冻结",
    )
    outcome = await command_order(handler, SHOP, "order-1", refusal, correlation_id="test")
    assert outcome.refusal is None


async def shown(api: Api) -> dict[str, Any]:
    """Return the refund as a merchant sees it."""
    refund: dict[str, Any] = done(await api.merchant.get(REFUND))
    return refund


async def test_a_refund_is_shown_from_the_moment_it_is_granted(api: Api) -> None:
    ticket = await applied(api)
    problem(await api.merchant.get(REFUND), 404, "refund_not_found")
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    refund = await shown(api)
    assert (refund["refund_key"], refund["amount"]) == (refund_key_of(SHOP, "order-1-1"), 1_000)
    assert (refund["status"]["code"], refund["status"]["doudian_code"]) == ("requested", 1)
    assert (refund["source"], refund["type"], refund["overdue"]) == (None, None, True)
    assert refund["waits_for"]["code"] == "money"
    assert refund["waits_for"]["text"]["zh_cn"] == "等待出资"
    await find_money(api)
    funded = await shown(api)
    assert (funded["status"]["code"], funded["status"]["doudian_code"]) == ("funded", 2)
    assert (funded["source"]["code"], funded["source"]["account"]) == ("escrow", "escrow")
    assert (funded["type"]["code"], funded["type"]["doudian_code"]) == ("original_route", 0)
    assert (funded["borne"], funded["shortfall"]) == (1_000, 0)
    assert funded["waits_for"] == {**funded["waits_for"], "code": "provider", "asked": 0}
    assert funded["waits_for"]["next_query_at"] is None


async def test_an_operator_sees_how_often_the_provider_was_asked_and_when_it_is_next(
    api: Api,
) -> None:
    await refunding(api)
    await find_money(api)
    next_at = api.clock.now() + timedelta(minutes=4)
    await api.resources.pool.execute(ASKED_TWICE, partition_of(SHOP), next_at)
    for refund in (await shown(api), done(await api.merchant.get(REFUNDS))["refunds"][0]):
        waits = refund["waits_for"]
        assert (waits["code"], waits["asked"]) == ("provider", 2)
        assert waits["next_query_at"] == "2021-03-15T09:04:00Z"
        assert waits["last_answer"] == "unknown: timed_out"


async def test_success_is_shown_at_once_and_waits_for_nothing_once_it_is_booked(api: Api) -> None:
    ticket = await refunding(api)
    await find_money(api)
    done(await tell(api, a_callback()))
    refund = await shown(api)
    assert (refund["status"]["code"], refund["status"]["doudian_code"]) == ("succeeded", 3)
    assert refund["provider_reference"] == "2021031522001"
    assert refund["waits_for"]["code"] == "books"
    await find_money(api)
    assert (await shown(api))["waits_for"] is None
    assert done(await api.merchant.get(ticket))["refund"]["doudian_status"] == 3


async def test_a_refused_refund_is_found_by_the_platform_and_says_why(api: Api) -> None:
    await refunding(api)
    await find_money(api)
    assert done(await api.platform.get(ANYWHERE))["refunds"] == []
    await refused(api)
    await find_money(api)
    (refund,) = done(await api.platform.get(ANYWHERE))["refunds"]
    assert (refund["shop_id"], refund["refund_id"]) == (SHOP, "order-1-1")
    assert (refund["status"]["code"], refund["status"]["doudian_code"]) == ("refused", 4)
    assert (refund["refusal"], refund["provider_text"]) == ("buyer_account_frozen", "账户冻结")
    assert refund["refusal_text"]["en"] == "the buyer's account is frozen"
    assert refund["waits_for"]["code"] == "person"
    for waiting, found in (("person", 1), ("outcome", 0), ("money", 0)):
        page = done(await api.platform.get(ANYWHERE, {"waiting": waiting}))
        assert len(page["refunds"]) == found, waiting


async def test_a_refund_whose_key_is_another_orders_waits_for_a_person(api: Api) -> None:
    await refunding(api)
    await find_money(api)
    handler = api.app.state.services.handler
    for why, code in (("timed_out", "outcome"), (KEY_OF_ANOTHER, "person"), ("x", "person")):
        unknown = RecordRefundUnknown(ticket_id="order-1-1", refund_key=KEY, why=why)
        await command_order(handler, SHOP, "order-1", unknown, correlation_id="test")
        await api.follow()
        for path, caller in ((REFUNDS, api.merchant), (ANYWHERE, api.platform)):
            for waiting in ("person", "outcome", "provider"):
                found = done(await caller.get(path, {"waiting": waiting}))["refunds"]
                assert len(found) == (waiting == code), (path, waiting)
        refund = await shown(api)
        assert (refund["status"]["code"], refund["waits_for"]["code"]) == ("unknown", code)
        assert refund["waits_for"]["since"] is not None


async def test_pages_of_what_waits_meet_and_cursors_serve_their_own_list_only(api: Api) -> None:
    await refunding(api)
    done(await api.merchant.post(f"{await applied(api, 'order-2')}/agree-to-application"))
    await find_money(api)
    query = {"waiting": "provider", "limit": 1}
    first = done(await api.platform.get(ANYWHERE, query))
    second = done(await api.platform.get(ANYWHERE, {**query, "cursor": first["next_cursor"]}))
    keys = [one["refund_key"] for page in (first, second) for one in page["refunds"]]
    assert keys == [refund_key_of(SHOP, f"order-{number}-1") for number in (1, 2)]
    assert second["next_cursor"] is None
    for path, others in (
        (ANYWHERE, {"waiting": "money"}),
        (ANYWHERE, {}),
        (REFUNDS, {}),
    ):
        wrong = await api.platform.get(path, {**others, "cursor": first["next_cursor"]})
        problem(wrong, 422, "cursor_invalid")


async def test_queries_that_make_no_sense_are_refused(api: Api) -> None:
    backwards = {
        "requested_from": "2021-03-02T00:00:00Z",
        "requested_to": "2021-03-02T00:00:00Z",
    }
    problem(await api.merchant.get(REFUNDS, backwards), 422, "filters_contradict")
    for query in ({"status": "gone"}, {"source": "gold"}, {"waiting": "x"}, {"limit": 201}):
        problem(await api.merchant.get(REFUNDS, query), 422, "request_invalid")
    problem(await api.platform.get(ANYWHERE, {"waiting": "x"}), 422, "request_invalid")
    problem(await api.merchant.get(f"{REFUNDS}/nonsense"), 422, "request_invalid")


async def test_what_is_another_shops_is_not_shown(api: Api) -> None:
    done(await api.merchant.post(f"{await applied(api)}/agree-to-application"))
    await api.follow()
    for path in (REFUND, REFUNDS):
        problem(await api.other_merchant.get(path), 404, "not_found")
        problem(await api.consumer().get(path), 403, "role_not_allowed")
    problem(await api.merchant.get(ANYWHERE), 403, "role_not_allowed")
    other = f"/v1/shops/{OTHER_SHOP}/refunds"
    assert done(await api.other_merchant.get(other))["refunds"] == []
    problem(await api.other_merchant.get(f"{other}/order-1-1"), 404, "refund_not_found")

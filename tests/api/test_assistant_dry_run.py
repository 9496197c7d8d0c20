"""The dry run: what rules would have done with the newest tickets, each as it was at its time."""

from datetime import timedelta
from typing import Any

from tests.api.test_assistant_rules import assistant_works
from tests.support.api import OTHER_BUYER, OTHER_SHOP, Api
from tests.support.rules_on_wire import RULES, a_rule_body, history, put, some_rules
from tests.support.story import (
    a_refund,
    applied,
    done,
    opened,
    problem,
    some_goods,
    ticket_path,
)

DRY_RUN = f"{RULES}/dry-run"
SMALL = a_rule_body("small", amount_max={"amount": 1_000, "currency": "CNY"})
REST = a_rule_body("rest", "notify_only")


async def tried(api: Api, *rules: dict[str, Any], last: int = 50) -> dict[str, Any]:
    """Try rules."""
    await api.follow()
    return done(await api.merchant.post(DRY_RUN, {"rules": rules, "last": last}))


def spoken(run: dict[str, Any]) -> dict[str, Any]:
    """Return for each ticket the rule that would have spoken."""
    return {ticket["ticket_id"]: ticket["rule_id"] for ticket in run["tickets"]}


async def test_each_ticket_is_shown_with_what_would_have_and_what_has_happened(api: Api) -> None:
    done(await put(api, [SMALL]))
    await applied(api, "by-rule")
    await assistant_works(api)
    done(await put(api, []))
    await applied(api, "by-hand", application=a_refund(2_000))
    done(await api.merchant.post(f"{ticket_path(order_id='by-hand')}/agree-to-application"))
    await applied(api, "pending", application=a_refund(3_000))
    medium = a_rule_body("medium", amount_max={"amount": 2_500, "currency": "CNY"})
    run = await tried(api, SMALL, medium)
    by_hand, by_rule, pending = sorted(run["tickets"], key=lambda one: str(one["order_id"]))
    at = by_rule["applied_at"]
    assert pending == {
        **{"ticket_id": "pending-1", "order_id": "pending", "applied_at": at},
        **{"rule_id": None, "action": None, "spoken_at": None},
        **{"state": "pending_merchant", "agreed_automatically": None, "agreed_by_rule": None},
    }
    assert by_hand == {
        **{"ticket_id": "by-hand-1", "order_id": "by-hand", "applied_at": at},
        **{"rule_id": "medium", "action": "agree", "spoken_at": at},
        **{"state": "refunding", "agreed_automatically": False, "agreed_by_rule": None},
    }
    assert by_rule["rule_id"] == "small"
    assert by_rule["agreed_automatically"] is True
    assert by_rule["agreed_by_rule"] == {"rule_id": "small", "name": SMALL["name"], "version": 1}
    assert run["totals"] == [
        {"rule_id": "small", "tickets": 1},
        {"rule_id": "medium", "tickets": 1},
    ]
    assert run["without_rule"] == 1


async def test_nothing_is_changed_by_it(api: Api) -> None:
    await applied(api)
    await api.follow()
    before = await api.contents()
    await tried(api, REST)
    await assistant_works(api)
    assert await api.contents() == before
    assert done(await api.merchant.get(RULES))["version"] == 0


async def test_no_more_than_the_newest_asked_for_are_tried(api: Api) -> None:
    for order_id in ("a", "b", "c"):
        await applied(api, order_id)
        api.clock.advance(timedelta(seconds=1))
    run = await tried(api, REST, last=2)
    assert list(spoken(run)) == ["c-1", "b-1"]
    for wrong in (0, 201, "5", None):
        answer = await api.merchant.post(DRY_RUN, {"rules": [], "last": wrong})
        problem(answer, 422, "request_invalid")


async def test_tickets_of_other_shops_are_not_tried(api: Api) -> None:
    await applied(api, shop_id=OTHER_SHOP)
    assert (await tried(api, REST))["tickets"] == []


async def test_a_disabled_rule_speaks_for_nothing_and_is_counted_with_nothing(api: Api) -> None:
    await applied(api)
    run = await tried(api, {**SMALL, "enabled": False}, REST)
    assert spoken(run) == {"order-1-1": "rest"}
    assert run["totals"] == [{"rule_id": "small", "tickets": 0}, {"rule_id": "rest", "tickets": 1}]


async def test_the_past_is_what_it_was_when_each_applied(api: Api) -> None:
    await applied(api, "a")
    done(
        await api.merchant.post(
            f"{ticket_path(order_id='a')}/reject-application", {"reason": "other"}
        )
    )
    api.clock.advance(timedelta(hours=1))
    await applied(api, "b")
    stranger = await opened(api, "c", buyer_id=OTHER_BUYER)
    asked = await api.consumer(OTHER_BUYER).post(f"{stranger}/refund-requests", a_refund(), key="c")
    done(asked, 201)
    run = await tried(api, a_rule_body("r", history=[history("rejections", 0)]))
    assert spoken(run) == {"a-1": "r", "b-1": None, "c-1": "r"}


async def test_a_window_long_past_now_still_counts_from_the_application(api: Api) -> None:
    await applied(api, "a")
    done(
        await api.merchant.post(
            f"{ticket_path(order_id='a')}/reject-application", {"reason": "other"}
        )
    )
    await applied(api, "b")
    api.clock.advance(timedelta(days=40))
    rule = a_rule_body("r", history=[history("rejections", 0, days=30)])
    assert spoken(await tried(api, rule)) == {"a-1": "r", "b-1": None}


async def test_a_modified_ticket_is_tried_as_it_was_applied_for_and_as_it_was_modified(
    api: Api,
) -> None:
    await applied(api, application=a_refund(3_000))
    api.clock.advance(timedelta(hours=1))
    changed = {
        "type": "refund_only",
        "items": [{"item_id": "item-1", "quantity": 1, "amount": 900}],
        "reason": "agreed_with_merchant",
    }
    modified = await api.consumer().post(
        f"{ticket_path()}/modify-application", changed, key="modify"
    )
    at = done(modified)["updated_at"]
    large = a_rule_body("large", amount_max={"amount": 3_000, "currency": "CNY"}, overdue=True)
    (ticket,) = (await tried(api, SMALL, REST))["tickets"]
    assert (ticket["rule_id"], ticket["spoken_at"]) == ("small", at)
    assert ticket["spoken_at"] > ticket["applied_at"]
    (ticket,) = (await tried(api, SMALL, large))["tickets"]
    assert (ticket["rule_id"], ticket["spoken_at"]) == ("large", ticket["applied_at"])
    other_reason = a_rule_body("reason", reasons=["promised_after_sales"])
    (ticket,) = (await tried(api, other_reason))["tickets"]
    assert ticket["rule_id"] == "reason", "as it was applied for"


async def test_agreeing_without_return_is_shown_as_what_it_would_have_been(api: Api) -> None:
    await applied(api, "money")
    order = await opened(api, "goods")
    done(await api.consumer().post(f"{order}/exchange-requests", some_goods(), key="g"), 201)
    run = await tried(api, a_rule_body("r", "agree_without_return"))
    actions = {ticket["ticket_id"]: ticket["action"] for ticket in run["tickets"]}
    assert actions == {"money-1": "agree", "goods-1": "agree_without_return"}


async def test_consumers_and_the_platform_try_nothing(api: Api) -> None:
    body = {"rules": some_rules("r"), "last": 1}
    for stranger in (api.consumer(), api.platform):
        problem(await stranger.post(DRY_RUN, body), 403, "role_not_allowed")
    problem(await api.other_merchant.post(DRY_RUN, body), 404, "not_found")

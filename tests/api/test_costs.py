"""What a refund would cost and who would pay it, shown before deciding; and shops in arrears."""

from typing import Any

import pytest

from app.payments.funding import FUNDING_READER
from app.projections.checkpoints import ensure_checkpoints
from app.topology import Topology
from app.worker import funding_runner
from tests.support.api import SHOP, Api
from tests.support.story import (
    OPEN,
    SETTLED,
    a_refund,
    applied,
    done,
    order_path,
    problem,
    received,
    ticket_path,
)

FUNDS = f"/v1/shops/{SHOP}/funds"
ENTRY, BULK = "after-sales-entry", f"/v1/shops/{SHOP}/after-sales-entries/open"


async def funded(api: Api) -> None:
    """Let the money of refunds be found, as far as there are any."""
    async with api.resources.pool.acquire() as connection:
        await ensure_checkpoints(connection, [FUNDING_READER])
    await funding_runner(api.resources.pool, Topology.SINGLE).run_until_caught_up()


async def topped_up(api: Api, amount: int, *, account: str = "deposit", reference: str) -> None:
    """Pay money in."""
    body = {"reference": reference, "account": account, "amount": amount}
    done(await api.platform.post(f"{FUNDS}/top-ups", body, key=reference), 201)


async def settled(api: Api, order_id: str = "order-1") -> str:
    """Register an order that was received and settled; its books are up to date."""
    order = await received(api, order_id)
    done(await api.platform.post(f"{order}/settlement", {"settled_at": SETTLED}))
    await funded(api)
    return order


async def in_arrears(api: Api) -> str:
    """Have a refund paid in advance, and return the path of another order."""
    order = await settled(api)
    done(await api.merchant.post(f"{order}/{ENTRY}/open", OPEN))
    asked = a_refund(10_000)
    ticket = done(await api.consumer().post(f"{order}/refund-requests", asked, key="a"), 201)
    done(
        await api.merchant.post(
            f"/v1/shops/{SHOP}/tickets/{ticket['ticket_id']}/agree-to-application"
        )
    )
    await funded(api)
    return await received(api, "order-2")


def paying(entry: dict[str, Any]) -> tuple[str | None, int, int | None]:
    """Return who pays, what the merchant bears, and what is missing."""
    cost = entry["cost_preview"]
    return cost["source"], cost["borne"], cost["shortfall"]


async def test_the_source_shown_is_the_one_that_would_pay_right_now(api: Api) -> None:
    unsettled = await received(api, "order-0")
    shown = done(await api.merchant.get(f"{unsettled}/{ENTRY}"))
    assert paying(shown) == ("escrow", 10_000, 0)
    order = await settled(api)
    shown = done(await api.merchant.get(f"{order}/{ENTRY}"))
    assert paying(shown) == ("platform_advance", 10_000, 1_260), "cash lacks what others earned"
    await topped_up(api, 1_259, account="cash_alipay", reference="p-1")
    assert paying(done(await api.merchant.get(f"{order}/{ENTRY}")))[2] == 1
    await topped_up(api, 10_000, reference="p-2")
    assert paying(done(await api.merchant.get(f"{order}/{ENTRY}"))) == ("deposit", 10_000, 0)
    await topped_up(api, 1, account="cash_alipay", reference="p-3")
    preview = done(await api.merchant.get(f"{order}/{ENTRY}"))["cost_preview"]
    assert preview == {
        "currency": "CNY",
        "refundable": 10_000,
        "source": "cash",
        "borne": 10_000,
        "talent_commission_kept": 1_000,
        "agency_commission_kept": 200,
        "service_fee_kept": 60,
        "shortfall": 0,
    }
    now_open = done(await api.merchant.post(f"{order}/{ENTRY}/open", OPEN))
    assert now_open["acknowledged_cost"] == preview


async def test_consumers_see_the_cost_but_not_what_the_shops_money_lacks(api: Api) -> None:
    other = await in_arrears(api)
    shown = done(await api.consumer().get(f"{other}/{ENTRY}"))
    assert shown["shop_restriction"] is None
    assert shown["cost_preview"]["shortfall"] is None
    entry = done(await api.consumer().get(order_path()))["after_sales_entry"]
    assert entry["acknowledged_cost"]["shortfall"] is None
    entry = done(await api.merchant.get(order_path()))["after_sales_entry"]
    assert entry["acknowledged_cost"]["shortfall"] == 1_260
    assert "1260" not in (await api.consumer().get(order_path())).text


async def test_a_shop_in_arrears_opens_no_entry_alone_or_in_bulk_until_a_top_up(api: Api) -> None:
    order = await in_arrears(api)
    shown = done(await api.merchant.get(f"{order}/{ENTRY}"))
    assert shown["shop_restriction"] == {"arrears": 10_000, "limit": 0}
    assert shown["eligibility"]["eligible"] is True
    assert len(shown["eligibility"]["rules"]) == 10
    before = await api.contents()
    refused = problem(
        await api.merchant.post(f"{order}/{ENTRY}/open", OPEN), 409, "shop_restricted"
    )
    assert refused["facts"] == {"arrears": 10_000, "limit": 0}
    named = {**OPEN, "order_ids": ["order-1", "order-2"]}
    results = done(await api.merchant.post(BULK, named))["results"]
    assert [(one["status"], one["code"]) for one in results] == [
        (200, None),
        (409, "shop_restricted"),
    ]
    assert await api.contents() == before
    chinese = await api.merchant.post(
        f"{order}/{ENTRY}/open", OPEN, headers={"Accept-Language": "zh-CN"}
    )
    assert "欠款" in chinese.json()["title"]
    await topped_up(api, 9_999, account="cash_wechat", reference="p-1")
    problem(await api.merchant.post(f"{order}/{ENTRY}/open", OPEN), 409, "shop_restricted")
    await topped_up(api, 1, account="cash_wechat", reference="p-2")
    assert done(await api.merchant.get(f"{order}/{ENTRY}"))["shop_restriction"] is None
    assert done(await api.merchant.post(f"{order}/{ENTRY}/open", OPEN))["state"] == "open"


async def test_the_merchant_is_told_of_arrears_and_of_their_end(api: Api) -> None:
    await api.follow()
    await in_arrears(api)
    await topped_up(api, 15_000, reference="p-1")
    await api.follow()
    inbox = f"/v1/shops/{SHOP}/notifications"
    told = done(await api.merchant.get(inbox))["notifications"]
    of_money = [one for one in told if one["order_id"] is None]
    assert [one["template"] for one in of_money] == [
        "restriction_lifted",
        "deposit_restored",
        "arrears_collected",
        "shop_restricted",
        "deposit_below_required",
    ]
    assert "100.00" in of_money[3]["body"]
    assert of_money[2]["facts"] == {"reference": "p-1", "collected": 10_000, "arrears": 0}
    assert [one["position"] for one in told] == sorted(one["position"] for one in told)[::-1]
    read = await api.merchant.post(f"{inbox}/{of_money[0]['notification_id']}/read")
    assert done(read)["channels"]["in_site"]["state"] == "read"
    theirs = done(await api.consumer().get(inbox))["notifications"]
    assert all(one["order_id"] is not None for one in theirs)


async def test_in_a_restricted_shop_what_is_open_and_under_way_runs_on(api: Api) -> None:
    ticket = await applied(api, "order-0")
    await in_arrears(api)
    assert done(await api.merchant.post(f"{ticket}/agree-to-application"))["state"] == "refunding"
    again = await api.consumer().post(
        f"{order_path('order-1')}/refund-requests", a_refund(), key="again"
    )
    problem(again, 409, "ticket_already_active")
    paid = await api.platform.post(f"{ticket}/record-refund-success", key="paid")
    assert done(paid)["state"] == "succeeded"


async def test_before_agreeing_the_cost_of_a_ticket_is_shown_and_noted(api: Api) -> None:
    ticket = await applied(api)
    await topped_up(api, 5_000, reference="p-1")
    shown = await api.merchant.get(f"{ticket}/cost-preview")
    cost = done(shown)
    assert shown.headers["etag"] == (await api.merchant.get(ticket)).headers["etag"]
    assert cost["cost_preview"]["refundable"] == 1_000
    assert cost["cost_preview"]["source"] == "escrow"
    answer = await api.merchant.post(
        f"{ticket}/agree-to-application", OPEN, if_match=shown.headers["etag"]
    )
    assert done(answer)["state"] == "refunding"
    line = done(await api.merchant.get(order_path()))["operation_log"][-1]
    assert line["code"] == "application_agreed"
    noted = {k: v for k, v in cost["cost_preview"].items() if k != "shortfall"}
    assert line["facts"]["acknowledged_cost"] == noted


async def test_once_nothing_is_left_to_pay_no_cost_is_shown(api: Api) -> None:
    ticket = await applied(api)
    done(await api.consumer().post(f"{ticket}/withdraw-application"))
    assert done(await api.merchant.get(f"{ticket}/cost-preview"))["cost_preview"] is None


@pytest.mark.parametrize(
    "decision", ["agree-to-application", "agree-without-return", "confirm-return-receipt"]
)
async def test_an_acknowledgement_is_given_or_left_out_but_never_denied(
    api: Api, decision: str
) -> None:
    ticket = await applied(api)
    denied = await api.merchant.post(f"{ticket}/{decision}", {"cost_acknowledged": False})
    problem(denied, 422, "request_invalid")
    problem(await api.merchant.post(f"{ticket}/{decision}", {}), 422, "request_invalid")


async def test_the_cost_of_a_ticket_is_nobody_elses_business(api: Api) -> None:
    ticket = await applied(api)
    problem(await api.consumer().get(f"{ticket}/cost-preview"), 403, "role_not_allowed")
    problem(await api.other_merchant.get(f"{ticket}/cost-preview"), 404, "not_found")
    missing = await api.merchant.get(f"{ticket_path(7)}/cost-preview")
    problem(missing, 404, "ticket_not_found")

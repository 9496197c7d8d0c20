"""Versions: what a decision was made on, told by ETag and held to by If-Match."""

import asyncio
from datetime import timedelta

from tests.support.api import Api
from tests.support.story import (
    OPEN,
    a_refund,
    applied,
    done,
    opened,
    problem,
    received,
    ticket_path,
)

NO = {"reason": "no_evidence"}


async def test_every_single_resource_carries_its_version_as_its_etag(api: Api) -> None:
    ticket = await applied(api)
    order = "/v1/shops/shop-1/orders/order-1"
    for path in (order, f"{order}/after-sales-entry", ticket):
        answer = await api.merchant.get(path)
        assert answer.headers["etag"] == f'"{done(answer)["version"]}"'
    agreed = await api.merchant.post(f"{ticket}/agree-to-application")
    seen = await api.merchant.get(ticket)
    assert agreed.headers["etag"] == seen.headers["etag"]


async def test_a_decision_on_a_version_that_has_passed_is_refused_with_the_current_one(
    api: Api,
) -> None:
    ticket = await applied(api)
    seen = (await api.merchant.get(ticket)).headers["etag"]
    done(await api.merchant.post(f"{ticket}/reject-application", NO))
    before = await api.contents()
    for decision, caller, body in (
        ("agree-to-application", api.merchant, None),
        ("reject-application", api.merchant, NO),
        ("withdraw-application", api.consumer(), None),
    ):
        answer = await caller.post(f"{ticket}/{decision}", body, if_match=seen)
        facts = problem(answer, 412, "version_stale")["facts"]
        current = done(await api.merchant.get(ticket))["version"]
        assert facts == {"current_version": current}
    paid = await api.platform.post(f"{ticket}/record-refund-success", key="k", if_match=seen)
    problem(paid, 412, "version_stale")
    assert await api.contents() == before


async def test_a_tickets_version_does_not_move_with_the_rest_of_its_order(api: Api) -> None:
    ticket = await applied(api)
    seen = (await api.merchant.get(ticket)).headers["etag"]
    settled = {"settled_at": "2021-03-08T04:00:00Z"}
    done(await api.platform.post("/v1/shops/shop-1/orders/order-1/settlement", settled))
    done(await api.merchant.post(f"{ticket}/agree-to-application", if_match=seen))


async def test_opening_and_declining_may_name_the_version_of_the_entry(api: Api) -> None:
    order = await received(api)
    entry = f"{order}/after-sales-entry"
    stale = await api.merchant.post(f"{entry}/open", OPEN, if_match='"1"')
    assert problem(stale, 412, "version_stale")["facts"] == {"current_version": 3}
    seen = (await api.merchant.get(entry)).headers["etag"]
    done(await api.merchant.post(f"{entry}/open", OPEN, if_match=seen))
    api.clock.advance(timedelta(days=5))
    done(await api.consumer().post(f"{entry}/reopening-request", {}))
    decline = {"reason": "other"}
    stale = await api.merchant.post(f"{entry}/decline", decline, if_match=seen)
    problem(stale, 412, "version_stale")
    seen = (await api.merchant.get(entry)).headers["etag"]
    done(await api.merchant.post(f"{entry}/decline", decline, if_match=seen))


async def test_a_version_passed_by_a_deadline_is_stale_too(api: Api) -> None:
    ticket = await applied(api)
    seen = (await api.merchant.get(ticket)).headers["etag"]
    api.clock.advance(timedelta(hours=48))
    answer = await api.merchant.post(f"{ticket}/reject-application", NO, if_match=seen)
    current = problem(answer, 412, "version_stale")["facts"]["current_version"]
    now = done(await api.merchant.get(ticket))
    assert (now["state"], now["version"]) == ("refunding", current)
    assert now["agreed_automatically"] is True


async def test_of_decisions_made_on_one_version_at_once_exactly_one_holds(api: Api) -> None:
    for number in range(5):
        ticket = await applied(api, f"order-{number}")
        seen = (await api.merchant.get(ticket)).headers["etag"]
        answers = await asyncio.gather(
            api.merchant.post(f"{ticket}/agree-to-application", if_match=seen),
            api.merchant.post(f"{ticket}/reject-application", NO, if_match=seen),
            api.consumer().post(f"{ticket}/withdraw-application", if_match=seen),
            api.merchant.post(f"{ticket}/reject-application", NO, if_match=seen),
        )
        assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412]
        held = next(answer for answer in answers if answer.status_code == 200)
        assert done(await api.merchant.get(ticket))["state"] == held.json()["state"]


async def test_of_many_applications_at_once_one_makes_a_ticket(api: Api) -> None:
    order = await opened(api)
    answers = await asyncio.gather(
        *(
            api.consumer().post(f"{order}/refund-requests", a_refund(), key=f"k-{number}")
            for number in range(10)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 9]
    for answer in answers:
        if answer.status_code == 409:
            problem(answer, 409, "ticket_already_active")
    problem(await api.merchant.get(ticket_path(2)), 404, "ticket_not_found")


async def test_many_merchants_opening_one_entry_at_once_open_it_once(api: Api) -> None:
    order = await received(api)
    answers = await asyncio.gather(
        *(api.merchant.post(f"{order}/after-sales-entry/open", OPEN) for _ in range(10))
    )
    assert {done(answer)["generation"] for answer in answers} == {1}
    assert done(await api.merchant.get(order))["version"] == 4

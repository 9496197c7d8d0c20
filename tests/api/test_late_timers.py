"""Deadlines nobody has acted on yet: commands, refusals and reads still tell the same story."""

from datetime import timedelta

from tests.support.api import Api
from tests.support.story import a_refund, applied, opened, problem

REJECTION = {"reason": "no_evidence"}


async def test_a_refusal_after_an_unseen_deadline_shows_what_the_next_look_shows(api: Api) -> None:
    ticket = await applied(api)
    seen = (await api.merchant.get(ticket)).headers["ETag"]
    api.clock.advance(timedelta(hours=48))

    late = await api.merchant.post(f"{ticket}/reject-application", REJECTION, if_match=seen)
    shown = await api.merchant.get(ticket)
    now_seen = shown.headers["ETag"]
    again = await api.merchant.post(f"{ticket}/reject-application", REJECTION, if_match=now_seen)

    stale = problem(late, 412, "version_stale")
    assert stale["facts"]["current_version"] == shown.json()["version"]
    assert (shown.json()["state"], shown.json()["agreed_automatically"]) == ("refunding", True)
    assert problem(again, 409, "already_decided")["facts"]["state"] == "refunding"


async def test_what_fell_due_is_the_systems_doing_at_its_own_instant(api: Api) -> None:
    order = await opened(api)
    expires_at = (await api.merchant.get(order)).json()["after_sales_entry"]["expires_at"]
    api.clock.advance(timedelta(days=9))

    refused = await api.consumer().post(f"{order}/refund-requests", a_refund(), key="one")
    log = (await api.merchant.get(order)).json()["operation_log"]

    problem(refused, 409, "entry_not_open")
    assert log[-1]["code"] == "entry_expired_unused"
    assert log[-1]["occurred_at"] == expires_at
    assert log[-1]["actor"]["role"] == "system"


async def test_registering_a_known_order_again_creates_nothing_though_time_has_passed(
    api: Api,
) -> None:
    order = await opened(api)
    known = (await api.platform.get(order)).json()
    api.clock.advance(timedelta(days=9))
    facts = ("order_id", "buyer_id", "created_at", "payment", "items", "business_line")
    body = {name: known[name] for name in (*facts, "commission")}

    again = await api.platform.post(order.rpartition("/")[0], body)

    assert again.status_code == 200
    reminded_and_expired = 2
    assert again.json()["version"] == known["version"] + reminded_and_expired

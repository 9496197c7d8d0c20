"""The after-sales flow to each of its ends, told over HTTP, in the period and past it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.story import (
    A_PARCEL,
    a_picture,
    a_refund,
    done,
    instant,
    opened,
    problem,
    received,
    some_goods,
)

DAY = timedelta(days=1)
RETURN = a_refund(return_goods=True)
A_PROOF = {"reason": "return_damaged", "evidence": [a_picture()]}
ARBITRATE = {"note": "收到时就是坏的", "evidence": [a_picture()]}


async def a_ticket(
    api: Api, path: str, application: dict[str, Any], *, past_the_period: bool = True
) -> str:
    """Apply, and return the ticket's path."""
    if past_the_period:
        order = await opened(api)
    else:
        order = await received(api, confirmed_at="2021-03-14T09:00:00Z")
    answer = await api.consumer().post(f"{order}/{path}", application, key="apply")
    ticket = done(answer, 201)
    assert ticket["overdue"] is past_the_period
    return f"/v1/shops/{ticket['shop_id']}/tickets/{ticket['ticket_id']}"


@pytest.mark.parametrize("past_the_period", [True, False])
async def test_goods_come_back_and_the_money_follows(api: Api, past_the_period: bool) -> None:
    ticket = await a_ticket(api, "refund-requests", RETURN, past_the_period=past_the_period)
    buyer = api.consumer()
    awaited = done(await api.merchant.post(f"{ticket}/agree-to-application"))
    assert (awaited["state"], awaited["doudian_code"]) == ("awaiting_return", 7)
    assert awaited["due"]["action"] == "close"
    assert awaited["due"]["concerns"] == "consumer"
    extended = done(
        await api.merchant.post(f"{ticket}/extend-return-deadline", {"days": 3}, key="more")
    )
    assert instant(extended["due"]["at"]) - instant(awaited["due"]["at"]) == 3 * DAY
    lower = {"carrier": "sf", "tracking_number": "sf 1030 5293 84756"}
    shipped = done(await buyer.post(f"{ticket}/ship-goods-back", lower))
    assert (shipped["state"], shipped["doudian_code"]) == ("awaiting_merchant_receipt", 11)
    assert shipped["return_parcel"]["tracking_number"] == "SF1030529384756"
    right = {"carrier": "zto", "tracking_number": "73100012345678"}
    corrected = done(await buyer.post(f"{ticket}/correct-return-shipment", right))
    assert corrected["due"] == shipped["due"], "a correction does not move the deadline"
    assert corrected["return_parcel"]["carrier_text"]["zh_cn"] == "中通快递"
    confirmed = done(await api.merchant.post(f"{ticket}/confirm-return-receipt"))
    assert (confirmed["state"], confirmed["due"]) == ("refunding", None)
    paid = done(await api.platform.post(f"{ticket}/record-refund-success", key="paid"))
    assert (paid["state"], paid["doudian_code"]) == ("succeeded", 12)
    assert paid["refunded"] == {"amount": 1_000, "currency": "CNY"}
    refused = await buyer.post(f"{ticket}/add-ticket-remark", {"text": "谢谢"}, key="late")
    problem(refused, 409, "ticket_final")


@pytest.mark.parametrize("path", ["exchange-requests", "repair-requests"])
async def test_goods_go_back_and_others_come(api: Api, path: str) -> None:
    ticket = await a_ticket(api, path, some_goods())
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    done(await api.consumer().post(f"{ticket}/ship-goods-back", A_PARCEL))
    taken = done(await api.merchant.post(f"{ticket}/confirm-return-receipt"))
    assert (taken["state"], taken["due"]["action"]) == ("awaiting_replacement", "escalate")
    sent = done(await api.merchant.post(f"{ticket}/ship-replacement", A_PARCEL))
    assert (sent["state"], sent["doudian_code"]) == ("awaiting_buyer_receipt", 13)
    assert sent["replacement_parcel"]["tracking_number"] == A_PARCEL["tracking_number"]
    ended = done(await api.consumer().post(f"{ticket}/confirm-replacement-receipt"))
    assert (ended["state"], ended["doudian_code"], ended["due"]) == ("completed", 14, None)
    assert ended["replacement_parcel"]["received_automatically"] is False


async def test_missing_goods_are_sent_and_count_as_received_after_seven_days(api: Api) -> None:
    ticket = await a_ticket(api, "reissue-requests", some_goods(reason="missing_parts"))
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    sent = done(await api.merchant.post(f"{ticket}/ship-replacement", A_PARCEL))
    api.clock.advance(7 * DAY)
    refused = await api.consumer().post(f"{ticket}/confirm-replacement-receipt")
    problem(refused, 409, "ticket_final")
    ended = done(await api.merchant.get(ticket))
    assert ended["state"] == "completed"
    assert ended["replacement_parcel"]["received_automatically"] is True
    assert ended["replacement_parcel"]["received_at"] == sent["due"]["at"]


async def test_a_merchant_may_leave_the_goods_with_the_buyer(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", RETURN)
    agreed = done(await api.merchant.post(f"{ticket}/agree-without-return"))
    assert (agreed["state"], agreed["agreed_without_return"]) == ("refunding", True)
    problem(await api.merchant.post(f"{ticket}/agree-to-application"), 409, "already_decided")


async def test_a_buyer_modifies_until_the_merchant_agrees(api: Api) -> None:
    ticket = await a_ticket(api, "exchange-requests", some_goods())
    buyer = api.consumer()
    first = done(await buyer.get(ticket))["due"]["at"]
    api.clock.advance(timedelta(hours=1))
    wish = {**a_refund(700), "type": "refund_only"}
    del wish["return_goods"]
    for number in range(5):
        changed = done(await buyer.post(f"{ticket}/modify-application", wish, key=f"m-{number}"))
    assert (changed["type"], changed["amount"]["amount"]) == ("refund_only", 700)
    assert changed["modifications"] == 5
    assert instant(changed["due"]["at"]) == instant(first) + timedelta(hours=1)
    sixth = await buyer.post(f"{ticket}/modify-application", wish, key="sixth")
    problem(sixth, 409, "modification_limit_reached")
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    after = await buyer.post(f"{ticket}/modify-application", wish, key="after")
    assert problem(after, 409, "modification_not_allowed")["facts"]["state"] == "refunding"
    problem(await buyer.post(f"{ticket}/withdraw-application"), 409, "withdrawal_not_allowed")


async def test_a_rejected_ticket_is_taken_up_again(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    problem(
        await api.merchant.post(f"{ticket}/process-rejected-ticket"), 409, "ticket_not_rejected"
    )
    done(await api.merchant.post(f"{ticket}/reject-application", {"reason": "no_evidence"}))
    again = done(await api.merchant.post(f"{ticket}/process-rejected-ticket"))
    assert again["state"] == "refunding"
    assert again["rejection_reversed_at"] is not None


async def test_rejected_goods_go_before_the_platform(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", RETURN)
    buyer = api.consumer()
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    done(await buyer.post(f"{ticket}/ship-goods-back", A_PARCEL))
    early = await buyer.post(f"{ticket}/request-arbitration", ARBITRATE)
    problem(early, 409, "arbitration_not_available")
    rejected = done(await api.merchant.post(f"{ticket}/reject-returned-goods", A_PROOF))
    assert (rejected["state"], rejected["doudian_code"]) == ("rejected_after_return", 29)
    asked = done(await buyer.post(f"{ticket}/request-arbitration", ARBITRATE))
    assert (asked["state"], asked["due"]["action"]) == ("in_arbitration", "rule_for_buyer")
    evidence = {"note": "开箱视频", "evidence": [a_picture(media_type="video/mp4")]}
    given = await api.merchant.post(f"{ticket}/submit-arbitration-evidence", evidence, key="e")
    assert done(given, 201)["due"] is None
    too_much = {"ruling": "for_buyer", "blame": "merchant", "final_amount": 1_001}
    ruling = f"{ticket}/rule-arbitration"
    answer = await api.platform.post(ruling, too_much, key="1")
    problem(answer, 409, "amount_exceeds_refundable")
    twisted = {"ruling": "for_merchant", "blame": "buyer", "final_amount": 1}
    problem(await api.platform.post(ruling, twisted, key="2"), 422, "ruling_contradicts_itself")
    half = {"ruling": "for_buyer", "blame": "carrier", "final_amount": 600}
    ruled = done(await api.platform.post(ruling, half, key="3"))
    assert ruled["state"] == "refunding"
    assert ruled["arbitration"]["ruling"]["final_amount"]["amount"] == 600
    assert ruled["arbitration"]["ruling"]["blame_text"]["zh_cn"] == "物流责任"
    problem(await api.platform.post(ruling, half, key="4"), 409, "not_in_arbitration")
    paid = done(await api.platform.post(f"{ticket}/record-refund-success", key="paid"))
    assert paid["refunded"]["amount"] == 600


async def test_an_arbitration_can_be_taken_back_and_asked_for_three_times(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    buyer = api.consumer()
    done(await api.merchant.post(f"{ticket}/reject-application", {"reason": "no_evidence"}))
    for _ in range(3):
        done(await buyer.post(f"{ticket}/request-arbitration", ARBITRATE))
        back = done(await buyer.post(f"{ticket}/withdraw-arbitration"))
        assert (back["state"], back["due"]["action"]) == ("rejected", "close")
    fourth = await buyer.post(f"{ticket}/request-arbitration", ARBITRATE)
    problem(fourth, 409, "arbitration_limit_reached")


async def test_a_merchant_without_evidence_loses_after_seven_days(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    done(await api.merchant.post(f"{ticket}/reject-application", {"reason": "no_evidence"}))
    done(await api.consumer().post(f"{ticket}/request-arbitration", ARBITRATE))
    api.clock.advance(7 * DAY)
    late = await api.merchant.post(f"{ticket}/submit-arbitration-evidence", ARBITRATE, key="late")
    problem(late, 409, "not_in_arbitration")
    ruled = done(await api.merchant.get(ticket))
    assert (ruled["state"], ruled["arbitration"]["ruling"]["automatic"]) == ("refunding", True)


async def test_goods_not_shipped_bring_in_the_platform_and_then_the_money(api: Api) -> None:
    ticket = await a_ticket(api, "reissue-requests", some_goods())
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    api.clock.advance(2 * DAY)
    problem(
        await api.merchant.post(f"{ticket}/ship-replacement", A_PARCEL),
        409,
        "replacement_not_awaited",
    )
    stuck = done(await api.merchant.get(ticket))
    assert stuck["arbitration"]["cause"] == "replacement_not_shipped"
    withdrawn = await api.consumer().post(f"{ticket}/withdraw-arbitration")
    problem(withdrawn, 409, "escalation_not_withdrawable")
    api.clock.advance(7 * DAY)
    problem(
        await api.consumer().post(f"{ticket}/ship-goods-back", A_PARCEL), 409, "return_not_awaited"
    )
    ruled = done(await api.merchant.get(ticket))
    assert ruled["state"] == "refunding"
    assert ruled["arbitration"]["ruling"]["final_amount"]["amount"] == 5_000, "one scarf of two"


async def test_what_makes_no_sense_is_refused_and_changes_nothing(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", RETURN)
    buyer, merchant = api.consumer(), api.merchant
    done(await merchant.post(f"{ticket}/agree-to-application"))
    before = await api.contents()
    for nonsense in ("1234567", "AAAAAAAAAA", "ABCDEFGHIJ", "1111111111", "12345678%", "-12345678"):
        parcel = {"carrier": "sf", "tracking_number": nonsense}
        problem(
            await buyer.post(f"{ticket}/ship-goods-back", parcel), 422, "tracking_number_invalid"
        )
    problem(
        await merchant.post(f"{ticket}/extend-return-deadline", {"days": 8}, key="8"),
        422,
        "return_extension_too_long",
    )
    assert {**await api.contents(), "idempotency_keys": 0} == {**before, "idempotency_keys": 0}
    for number in range(2):
        done(
            await merchant.post(f"{ticket}/extend-return-deadline", {"days": 7}, key=f"e-{number}")
        )
    third = await merchant.post(f"{ticket}/extend-return-deadline", {"days": 1}, key="third")
    problem(third, 409, "return_extension_limit_reached")
    problem(await merchant.post(f"{ticket}/confirm-return-receipt"), 409, "return_not_under_way")
    done(await buyer.post(f"{ticket}/ship-goods-back", A_PARCEL))
    other = {"carrier": "zto", "tracking_number": "73100012345678"}
    done(await buyer.post(f"{ticket}/correct-return-shipment", other))
    done(await buyer.post(f"{ticket}/correct-return-shipment", other))
    again = await buyer.post(f"{ticket}/correct-return-shipment", A_PARCEL)
    problem(again, 409, "return_shipment_already_corrected")
    unproven = {"reason": "return_damaged", "evidence": []}
    problem(
        await merchant.post(f"{ticket}/reject-returned-goods", unproven), 422, "evidence_required"
    )
    wrong = {**A_PROOF, "reason": "no_quality_problem"}
    problem(
        await merchant.post(f"{ticket}/reject-returned-goods", wrong),
        422,
        "reason_not_for_decision",
    )
    problem(
        await buyer.post(f"{ticket}/confirm-replacement-receipt"), 409, "replacement_not_under_way"
    )
    problem(
        await api.platform.post(f"{ticket}/record-refund-success", key="p"), 409, "not_refunding"
    )


BAD_FILES = (
    ("attachment_not_https", [a_picture(url="http://example.com/1.jpg")]),
    ("attachment_url_invalid", [a_picture(url="https://user:pw@example.com/1.jpg")]),
    ("attachment_url_invalid", [a_picture(url="https://example.com/" + "a" * 500)]),
    ("attachment_type_not_taken", [a_picture(media_type="text/html")]),
    ("attachment_too_large", [a_picture(size_bytes=10 * 1024 * 1024 + 1)]),
    ("attachment_too_large", [a_picture(size_bytes=0)]),
    ("too_many_attachments", [a_picture()] * 10),
)


@pytest.mark.parametrize(("code", "files"), BAD_FILES)
async def test_bad_files_are_refused_wherever_files_are_given(
    api: Api, code: str, files: list[dict[str, Any]]
) -> None:
    order = await opened(api)
    buyer = api.consumer()
    before = await api.contents()
    with_files = a_refund(evidence=files)
    problem(await buyer.post(f"{order}/refund-requests", with_files, key="a"), 422, code)
    assert {**await api.contents(), "idempotency_keys": 0} == {**before, "idempotency_keys": 0}
    applied = done(await buyer.post(f"{order}/refund-requests", a_refund(), key="b"), 201)
    ticket = f"/v1/shops/shop-1/tickets/{applied['ticket_id']}"
    remark = {"text": "看图", "pictures": files}
    problem(await buyer.post(f"{ticket}/add-ticket-remark", remark, key="c"), 422, code)
    rejection = {"reason": "no_evidence", "evidence": files}
    problem(await api.merchant.post(f"{ticket}/reject-application", rejection), 422, code)
    done(await api.merchant.post(f"{ticket}/reject-application", {"reason": "no_evidence"}))
    problem(
        await buyer.post(f"{ticket}/request-arbitration", {**ARBITRATE, "evidence": files}),
        422,
        code,
    )


async def test_a_reason_must_go_with_the_type_applied_for(api: Api) -> None:
    order = await opened(api)
    never_came = {**RETURN, "reason": "not_received"}
    answer = await api.consumer().post(f"{order}/refund-requests", never_came, key="a")
    facts = problem(answer, 422, "reason_not_for_type")["facts"]
    assert facts == {"reason": "not_received", "type": "return_and_refund"}
    reasons = done(await api.merchant.get("/v1/reasons"))
    (listed,) = [one for one in reasons["application"] if one["code"] == "not_received"]
    assert listed["types"] == ["refund_only", "reissue"]
    assert {one["code"] for one in reasons["carriers"]} >= {"sf", "other"}


async def test_every_side_adds_remarks_up_to_a_hundred(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    sides = {"consumer": api.consumer(), "merchant": api.merchant, "platform": api.platform}
    for side, caller in sides.items():
        remark = {"text": f"来自 {side}", "pictures": [a_picture()]}
        remarked = done(await caller.post(f"{ticket}/add-ticket-remark", remark, key=side), 201)
        assert remarked["remarks"][-1]["side"] == side
    for number in range(97):
        body = {"text": "再催一次"}
        done(await api.consumer().post(f"{ticket}/add-ticket-remark", body, key=f"r-{number}"), 201)
    more = await api.consumer().post(f"{ticket}/add-ticket-remark", {"text": "还在吗"}, key="more")
    problem(more, 409, "remark_limit_reached")


async def test_each_side_gives_evidence_twenty_times_at_most(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    done(await api.merchant.post(f"{ticket}/reject-application", {"reason": "no_evidence"}))
    done(await api.consumer().post(f"{ticket}/request-arbitration", ARBITRATE))
    path = f"{ticket}/submit-arbitration-evidence"
    problem(await api.merchant.post(path, {}, key="none"), 422, "evidence_required")
    for number in range(20):
        body = {"note": f"第 {number} 次"}
        done(await api.merchant.post(path, body, key=f"e-{number}"), 201)
    more = await api.merchant.post(path, {"note": "更多"}, key="more")
    problem(more, 409, "arbitration_evidence_limit_reached")
    done(await api.consumer().post(path, {"note": "买家凭证"}, key="own"), 201)


async def test_a_deadline_shows_and_reminds_before_it_acts(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", RETURN)
    due = done(await api.merchant.get(ticket))["due"]
    assert instant(due["at"]) - instant(due["remind_at"]) == timedelta(hours=12)
    seen = (await api.merchant.get(ticket)).headers["ETag"]
    api.clock.advance(timedelta(hours=40))
    agreed = done(await api.merchant.post(f"{ticket}/agree-to-application", if_match=seen))
    assert agreed["state"] == "awaiting_return", "a reminder does not make a decision stale"
    await api.follow()
    inbox = done(await api.merchant.get("/v1/shops/shop-1/notifications"))["notifications"]
    reminders = [one for one in inbox if one["template"] == "ticket_due_soon"]
    assert [one["created_at"] for one in reminders] == [due["remind_at"]]
    order = done(await api.merchant.get("/v1/shops/shop-1/orders/order-1"))
    codes = [line["code"] for line in order["operation_log"]]
    assert codes[-2:] == ["ticket_due_reminded", "application_agreed"]


async def test_a_ticket_changed_in_between_is_not_overwritten(api: Api) -> None:
    ticket = await a_ticket(api, "refund-requests", a_refund())
    seen = (await api.merchant.get(ticket)).headers["ETag"]
    done(
        await api.consumer().post(f"{ticket}/add-ticket-remark", {"text": "少退一点也行"}, key="r"),
        201,
    )
    refused = await api.merchant.post(f"{ticket}/agree-to-application", if_match=seen)
    now = (await api.merchant.get(ticket)).headers["ETag"]
    assert problem(refused, 412, "version_stale")["facts"]["current_version"] == int(now.strip('"'))
    done(await api.merchant.post(f"{ticket}/agree-to-application", if_match=now))

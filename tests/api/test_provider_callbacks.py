"""What the provider tells is believed if it is signed and fits; all else moves nothing."""

from collections.abc import MutableMapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from pydantic_core import to_json
from structlog.testing import capture_logs

from app.domain.refunds import refund_key_of
from app.payments.provider.callbacks import SIGNATURE_HEADER, callback_headers
from tests.support.api import CALLBACK_SECRET, SHOP, Api
from tests.support.provider_callbacks import a_callback, a_refusal, refunding, tell
from tests.support.story import done, problem


def refusals(logs: Sequence[MutableMapping[str, Any]]) -> list[str]:
    """Return the codes of the refused callbacks that were logged."""
    return [line["code"] for line in logs if line["event"] == "callback_refused"]


async def test_success_ends_the_ticket_however_often_it_is_told(api: Api) -> None:
    ticket = await refunding(api)
    shown = done(await api.merchant.get(ticket))["refund"]
    assert (shown["type"], shown["doudian_type"], shown["status"]) == ("deposit", 3, "funded")
    for _ in range(3):
        assert done(await tell(api, a_callback())) == {"status": "taken"}
    paid = done(await api.merchant.get(ticket))
    assert (paid["state"], paid["refund"]["status"]) == ("succeeded", "succeeded")
    assert paid["refund"]["provider_reference"] == "2021031522001"
    log = done(await api.merchant.get("/v1/shops/shop-1/orders/order-1"))["operation_log"]
    assert [line["code"] for line in log].count("refund_succeeded") == 1


async def test_a_refusal_is_shown_in_both_languages(api: Api) -> None:
    ticket = await refunding(api)
    done(await tell(api, a_refusal()))
    shown = done(await api.merchant.get(ticket))
    assert (shown["state"], shown["refund"]["status"]) == ("refunding", "refused")
    assert shown["refund"]["refusal_text"]["zh_cn"] == "买家账户已注销"
    by_hand = await api.platform.post(f"{ticket}/record-refund-success", key="by-hand")
    problem(by_hand, 409, "refund_key_differs")


async def test_once_the_provider_has_it_nobody_reports_success_by_hand(api: Api) -> None:
    ticket = await refunding(api)
    by_hand = await api.platform.post(f"{ticket}/record-refund-success", key="by-hand")
    problem(by_hand, 409, "refund_key_differs")


@pytest.mark.parametrize(
    ("status", "code", "changes"),
    [
        (404, "callback_refund_unknown", {"key": refund_key_of(SHOP, "order-9-1")}),
        (404, "callback_refund_unknown", {"key": refund_key_of(SHOP, "order-1-2")}),
        (404, "callback_refund_unknown", {"key": "no-such-key"}),
        (404, "callback_payout_unknown", {"kind": "payout"}),
        (409, "callback_amount_differs", {"amount": 999}),
        (409, "callback_currency_differs", {"currency": "USD"}),
        (422, "callback_malformed", {"status": "maybe"}),
    ],
)
async def test_what_does_not_fit_moves_nothing(
    api: Api, status: int, code: str, changes: dict[str, Any]
) -> None:
    await refunding(api)
    before = await api.contents()
    with capture_logs() as logs:
        problem(await tell(api, a_callback(**changes)), status, code)
    assert await api.contents() == before
    assert refusals(logs) == [code]


async def test_what_is_not_signed_rightly_and_lately_moves_nothing(api: Api) -> None:
    await refunding(api)
    before, body = await api.contents(), a_callback()
    with capture_logs() as logs:
        problem(await tell(api, body, headers={}), 401, "callback_unsigned")
    assert refusals(logs) == ["callback_unsigned"]
    now, content = api.clock.now(), to_json(body)
    forged = callback_headers(content, ["another secret"], now)
    problem(await tell(api, body, headers=forged), 401, "callback_bad_signature")
    flipped = callback_headers(content, [CALLBACK_SECRET], now)
    flipped[SIGNATURE_HEADER] = flipped[SIGNATURE_HEADER][:-1] + "x"
    problem(await tell(api, body, headers=flipped), 401, "callback_bad_signature")
    replayed = callback_headers(content, [CALLBACK_SECRET], now - timedelta(minutes=6))
    problem(await tell(api, body, headers=replayed), 401, "callback_too_old")
    early = callback_headers(content, [CALLBACK_SECRET], now + timedelta(minutes=6))
    problem(await tell(api, body, headers=early), 401, "callback_from_the_future")
    assert await api.contents() == before


async def test_a_callback_sent_again_by_somebody_else_changes_nothing(api: Api) -> None:
    ticket = await refunding(api)
    content = to_json(a_callback())
    headers = callback_headers(content, [CALLBACK_SECRET], api.clock.now())
    done(await tell(api, a_callback(), headers=headers))
    before = await api.contents()
    assert done(await tell(api, a_callback(), headers=headers)) == {"status": "taken"}
    assert await api.contents() == before
    api.clock.advance(timedelta(minutes=6))
    problem(await tell(api, a_callback(), headers=headers), 401, "callback_too_old")
    assert await api.contents() == before
    assert done(await api.merchant.get(ticket))["state"] == "succeeded"


async def test_an_end_told_otherwise_afterwards_moves_nothing(api: Api) -> None:
    ticket = await refunding(api)
    done(await tell(api, a_callback()))
    before = await api.contents()
    refusal = a_callback(status="refused", code="buyer_account_closed", message="closed")
    del refusal["provider_reference"], refusal["paid_at"]
    await tell(api, refusal)
    assert await api.contents() == before
    assert done(await api.merchant.get(ticket))["state"] == "succeeded"

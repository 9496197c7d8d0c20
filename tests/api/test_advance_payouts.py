"""Customer service pays a refused refund to another account, and nobody reads which."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from app.access.keys import create_key
from app.clock import ManualClock
from app.domain.policy import POLICY
from app.event_store.recorded_event import Role
from app.resources import Resources
from app.settings import Settings
from tests.payments.provider.sandbox import provider_at, running_sandbox
from tests.payments.refund_cases import Refunding
from tests.projections.event_log import Logged
from tests.support.api import SHOP, Api, Caller, api_settings, running_api
from tests.support.provider_callbacks import a_callback, a_refusal, refunding, refused, tell
from tests.support.story import a_refund, applied, done, problem
from tools.sandboxes.payment_provider.behaviours import Behaviour

ACCOUNT, HOLDER = "13800001234", "王小明"
TO_ANOTHER = {"payee": {"kind": "alipay", "account": ACCOUNT, "holder": HOLDER}}
PAYOUTS = f"/v1/shops/{SHOP}/refunds/order-1-1/advance-payouts"
LARGE = POLICY.payout_dual_control_above + 1


async def start(api: Api, body: Any = TO_ANOTHER, *, key: str = "start") -> httpx.Response:
    """Ask for a payout as customer service."""
    return await api.platform.post(PAYOUTS, body, key=key)


async def started(api: Api, body: Any = TO_ANOTHER, *, key: str = "start") -> dict[str, Any]:
    """Start a payout and return it as shown."""
    shown = done(await start(api, body, key=key), 201)["advance_payouts"][-1]
    assert isinstance(shown, dict)
    return shown


async def colleague(api: Api) -> Caller:
    """Return somebody else of customer service."""
    key = await create_key(api.resources.pool, role=Role.PLATFORM, shop_id=None, name="colleague")
    return api.bearer(key)


async def test_a_closed_account_is_paid_out_by_the_real_sandbox(api: Api, tmp_path: Path) -> None:
    order_id = f"order-{Behaviour.BUYER_ACCOUNT_CLOSED.value}"
    with running_sandbox(tmp_path / "sandbox.sqlite3") as sandbox:
        async with provider_at(sandbox.url) as provider:
            refunds = Refunding(
                pool=api.resources.pool,
                logged=Logged(api.resources.pool),
                handler=api.app.state.services.handler,
                clock=api.clock,
                provider=provider,
            )
            ticket = await applied(api, order_id, application=a_refund(1_000))
            done(await api.merchant.post(f"{ticket}/agree-to-application"))
            await refunds.work_until_done()
            assert done(await api.merchant.get(ticket))["refund"]["status"] == "refused"
            path = PAYOUTS.replace("order-1-1", f"{order_id}-1")
            begun = await api.platform.post(path, TO_ANOTHER, key="start")
            assert done(begun, 201)["advance_payouts"][0]["status"] == "started"
            await refunds.work_until_done()
            assert await refunds.paid(f"{order_id}-1") == [1_000]
    shown = done(await api.merchant.get(ticket))
    assert (shown["state"], shown["refund"]["type"]) == ("succeeded", "platform_advance")
    assert (shown["refund"]["doudian_type"], shown["refunded"]["amount"]) == (5, 1_000)
    assert shown["refund"]["refusal_text"]["zh_cn"] == "买家账户已注销", "why is still told"
    payout = shown["advance_payouts"][0]
    assert (payout["status"], payout["payee"]["account"]) == ("paid", "138****1234")
    funds = done(await api.merchant.get(f"/v1/shops/{SHOP}/funds"))
    assert (funds["deposit"]["balance"], funds["deposit"]["restricted"]) == (-1_000, True)
    assert await whole_database_without(api, ACCOUNT, HOLDER)


async def whole_database_without(api: Api, *secrets: str) -> bool:
    """Whether no row of any table holds one of these texts."""
    tables = await api.resources.pool.fetch(
        "SELECT table_name FROM information_schema.tables WHERE table_schema = 'after_sales'"
    )
    for table in tables:
        rows = await api.resources.pool.fetch(
            f"SELECT t::text AS row FROM after_sales.{table['table_name']} AS t"
        )
        assert not any(secret in row["row"] for row in rows for secret in secrets), table
    return True


async def test_the_payee_is_nowhere_to_be_read(
    api: Api, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    ticket = await refused(api)
    answer = await start(api)
    bad = await start(api, {"payee": {**TO_ANOTHER["payee"], "kind": "bank_card"}}, key="bad")
    problem(bad, 422, "request_invalid")
    await api.follow()
    assert await whole_database_without(api, ACCOUNT, HOLDER)
    order = await api.merchant.get(f"/v1/shops/{SHOP}/orders/order-1")
    inbox = await api.consumer().get(f"/v1/shops/{SHOP}/notifications")
    shown = [answer, bad, order, inbox, await api.consumer().get(ticket)]
    written = "".join([*(one.text for one in shown), caplog.text, *capsys.readouterr()])
    assert "138****1234" in written
    assert ACCOUNT not in written
    assert HOLDER not in written


async def test_above_the_amount_of_one_person_another_must_approve(api: Api) -> None:
    await refused(api, LARGE)
    payout = await started(api)
    assert (payout["status"], payout["needs_approval"]) == ("requested", True)
    approve = f"{PAYOUTS}/{payout['payout_id']}/approve"
    own = await api.platform.post(approve, key="own")
    problem(own, 409, "payout_approved_by_requester")
    other = await colleague(api)
    approved = done(await other.post(approve, key="approve"))["advance_payouts"][0]
    assert approved["status"] == "started"
    assert approved["approved_by"] not in {None, payout["requested_by"]}
    problem(await other.post(approve, key="again"), 409, "payout_not_awaiting_approval")
    log = done(await api.merchant.get(f"/v1/shops/{SHOP}/orders/order-1"))["operation_log"]
    by_code = {line["code"]: line for line in log}
    assert "138****1234(**明)" in by_code["payout_awaits_approval"]["text"]["zh_cn"]
    assert approved["approved_by"] in by_code["payout_approved"]["text"]["en"]


async def test_declined_it_does_not_go_and_another_may_be_asked_for(api: Api) -> None:
    await refused(api, LARGE)
    payout = await started(api)
    decline = f"{PAYOUTS}/{payout['payout_id']}/decline"
    other = await colleague(api)
    declined = done(await other.post(decline, {"note": "姓名不符"}, key="decline"))
    assert declined["advance_payouts"][0]["decline_note"] == "姓名不符"
    problem(await other.post(decline, {}, key="again"), 409, "payout_not_awaiting_approval")
    assert (await started(api, key="second"))["payout_id"] != payout["payout_id"]


async def test_asked_for_again_with_its_key_it_is_the_same_payout(api: Api) -> None:
    await refused(api)
    first, again = await start(api), await start(api)
    assert again.headers["idempotency-replayed"] == "true"
    assert again.json() == first.json()
    other = {"payee": {**TO_ANOTHER["payee"], "account": "13900005678"}}
    problem(await start(api, other), 422, "idempotency_key_reused")
    problem(await start(api, key="another"), 409, "payout_under_way")


async def test_it_may_name_the_version_it_was_decided_on(api: Api) -> None:
    ticket = await refused(api)
    stale = await api.platform.post(PAYOUTS, TO_ANOTHER, key="stale", if_match='"1"')
    problem(stale, 412, "version_stale")
    etag = (await api.platform.get(ticket)).headers["etag"]
    done(await api.platform.post(PAYOUTS, TO_ANOTHER, key="fresh", if_match=etag), 201)


async def test_without_a_failure_there_is_no_payout(api: Api) -> None:
    ticket = await refunding(api)
    before = await api.contents()
    problem(await start(api), 409, "refund_not_refused")
    unknown = await api.platform.post(f"{PAYOUTS}/{'0' * 32}/approve", key="nothing")
    problem(unknown, 404, "payout_not_found")
    after = await api.contents()
    assert {**after, "idempotency_keys": before["idempotency_keys"]} == before
    done(await tell(api, a_callback()))
    problem(await start(api, key="late"), 409, "ticket_final")
    assert done(await api.merchant.get(ticket))["advance_payouts"] == []


@pytest.mark.parametrize(
    "payee",
    [
        {},
        {"kind": "cash", "account": ACCOUNT, "holder": HOLDER},
        {"kind": "alipay", "account": "abc", "holder": HOLDER},
        {"kind": "alipay", "account": "a b c d", "holder": HOLDER},
        {"kind": "alipay", "account": "138\n0000", "holder": HOLDER},
        {"kind": "alipay", "account": "1" * 101, "holder": HOLDER},
        {"kind": "alipay", "account": ACCOUNT, "holder": ""},
        {"kind": "alipay", "account": ACCOUNT, "holder": "   "},
        {"kind": "alipay", "account": ACCOUNT, "holder": "王\u202e明"},
        {"kind": "alipay", "account": ACCOUNT, "holder": "王" * 101},
        {"kind": "bank_card", "account": "6222-0200-0001", "holder": HOLDER},
        {"kind": "bank_card", "account": "62220200001", "holder": HOLDER},
        {"kind": "bank_card", "account": "٦٢٢٢٠٢٠٠٠٠١٢", "holder": HOLDER},
        {"kind": "alipay", "account": ACCOUNT, "holder": HOLDER, "bank": "x"},
    ],
)
async def test_a_payee_that_makes_no_sense_is_refused(api: Api, payee: dict[str, Any]) -> None:
    before = await api.contents()
    problem(await start(api, {"payee": payee}), 422, "request_invalid")
    assert await api.contents() == before


async def test_only_the_platform_pays_out(api: Api) -> None:
    await refused(api)
    for caller in (api.merchant, api.consumer()):
        problem(await caller.post(PAYOUTS, TO_ANOTHER, key="mine"), 403, "role_not_allowed")
    problem(await api.platform.post(PAYOUTS, TO_ANOTHER), 422, "idempotency_key_required")


async def test_without_a_key_to_seal_with_nobody_is_paid(
    settings: Settings, clock: ManualClock, resources: Resources
) -> None:
    unsealed = api_settings(settings, sealing_key=None)
    async with running_api(unsealed, clock, resources) as api:
        await refused(api)
        problem(await start(api), 503, "sealing_not_configured")


async def test_a_callback_ends_a_payout_however_often_it_is_told(api: Api) -> None:
    ticket = await refused(api)
    key = (await started(api))["payout_key"]
    for _ in range(3):
        done(await tell(api, a_callback(kind="payout", key=key)))
    shown = done(await api.merchant.get(ticket))
    assert (shown["state"], shown["advance_payouts"][0]["status"]) == ("succeeded", "paid")


async def test_a_refused_payout_is_told_of_and_its_callback_is_harmless_later(api: Api) -> None:
    ticket = await refused(api)
    key = (await started(api))["payout_key"]
    refusal = a_refusal(kind="payout", key=key, code="payee_not_accepted")
    done(await tell(api, refusal))
    shown = done(await api.merchant.get(ticket))["advance_payouts"][0]
    assert shown["refusal_text"] == {"zh_cn": "收款账户不被接受", "en": shown["refusal_text"]["en"]}
    await started(api, key="second")
    done(await tell(api, refusal))
    done(await tell(api, a_callback(kind="payout", key=key)))
    shown = done(await api.merchant.get(ticket))
    assert [one["status"] for one in shown["advance_payouts"]] == ["refused", "started"]
    assert shown["state"] == "refunding"


async def test_after_so_many_refused_payouts_no_more_are_begun(api: Api) -> None:
    await refused(api)
    for number in range(POLICY.payouts_max):
        answer = done(await start(api, key=f"start-{number}"), 201)
        key = answer["advance_payouts"][-1]["payout_key"]
        told = {"kind": "payout", "key": key, "callback_id": f"cb-payout-{number}"}
        done(await tell(api, a_refusal(code="payee_not_accepted", **told)))
    problem(await start(api, key="one-more"), 409, "payout_limit_reached")


@pytest.mark.parametrize(
    ("status", "code", "changes"),
    [
        (404, "callback_payout_unknown", {"key": f"{SHOP}/order-1-1/{'0' * 32}"}),
        (404, "callback_payout_unknown", {"key": f"{SHOP}/order-1-1"}),
        (404, "callback_payout_unknown", {"key": f"{SHOP}/order-9-1/{'0' * 32}"}),
        (404, "callback_refund_unknown", {"kind": "refund"}),
        (409, "callback_amount_differs", {"amount": 999}),
        (409, "callback_currency_differs", {"currency": "USD"}),
    ],
)
async def test_a_callback_that_does_not_fit_moves_nothing(
    api: Api, status: int, code: str, changes: dict[str, Any]
) -> None:
    await refused(api)
    key = (await started(api))["payout_key"]
    before = await api.contents()
    told = a_callback(**{"kind": "payout", "key": key, **changes})
    problem(await tell(api, told), status, code)
    assert await api.contents() == before


async def test_a_payout_that_waits_for_approval_is_ended_by_no_callback(api: Api) -> None:
    await refused(api, LARGE)
    key = (await started(api))["payout_key"]
    told = a_callback(kind="payout", key=key, amount=LARGE)
    problem(await tell(api, told), 404, "callback_payout_unknown")

"""Provider, ledger and tickets compared over HTTP."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest
from pydantic import SecretStr

from app.clock import ManualClock
from app.payments.provider.port import Succeeded
from app.resources import Resources
from app.settings import Settings
from tests.payments.provider.sandbox import SandboxProcess, a_refund, provider_at, running_sandbox
from tests.payments.provider.sandbox_process import SECRET
from tests.support.api import SHOP, Api, api_settings, running_api
from tests.support.story import applied, done, problem

PATH = f"/v1/shops/{SHOP}/funds/reconciliation"
AT_ONCE = {"grace_seconds": "0"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a payment provider."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
async def paying_api(
    settings: Settings, clock: ManualClock, resources: Resources, sandbox: SandboxProcess
) -> AsyncIterator[Api]:
    """Serve the application with a payment provider."""
    reached = api_settings(settings, provider_url=sandbox.url, provider_secret=SecretStr(SECRET))
    async with running_api(reached, clock, resources) as running:
        yield running


async def test_what_the_provider_paid_for_nobody_is_shown_from_both_sides(
    paying_api: Api, sandbox: SandboxProcess
) -> None:
    async with provider_at(sandbox.url) as provider:
        paid = await provider.refund(a_refund("shop-1/order-9-1", 700))
    assert isinstance(paid, Succeeded)
    shown = done(await paying_api.platform.get(PATH))
    (difference,) = shown.pop("differences")
    assert shown == {
        "shop_id": SHOP,
        "at_from": None,
        "at_to": None,
        "provider_compared": True,
        "keys": 1,
        "under_way": 0,
        "more": False,
    }
    (payment,) = difference.pop("provider")
    assert payment["amount"] == {"amount": 700, "currency": "CNY"}
    assert payment["provider_reference"] == paid.provider_reference
    assert difference == {
        "code": "paid_without_ticket",
        "text": {
            "zh_cn": "支付渠道已支付,但没有对应的售后单",
            "en": "The provider paid, but there is no ticket of this key",
        },
        "shop_id": SHOP,
        "key": "shop-1/order-9-1",
        "ledger": None,
        "ticket": None,
        "account": None,
        "reader": None,
        "repair": None,
    }


async def test_without_a_provider_ledger_and_tickets_are_compared(api: Api) -> None:
    ticket = await applied(api)
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    done(await api.platform.post(f"{ticket}/record-refund-success", key="by-hand"))
    await api.follow()  # but nobody funds
    young = done(await api.platform.get(PATH))
    assert (young["differences"], young["under_way"]) == ([], 1)
    shown = done(await api.platform.get(PATH, AT_ONCE))
    (difference,) = shown["differences"]
    assert not shown["provider_compared"]
    assert difference["code"] == "ledger_without_payment"
    assert difference["ticket"]["standing"] == "paid_by_hand"
    assert difference["repair"] == "aftersales worker"


async def test_a_provider_that_does_not_answer_is_no_difference(
    settings: Settings, clock: ManualClock, resources: Resources
) -> None:
    nobody = api_settings(
        settings,
        provider_url="http://127.0.0.1:9",
        provider_secret=SecretStr(SECRET),
        provider_timeout_seconds=0.2,
    )
    async with running_api(nobody, clock, resources) as api:
        problem(await api.platform.get(PATH), 503, "provider_unavailable")


async def test_only_the_platform_may_reconcile_and_periods_go_forward(api: Api) -> None:
    problem(await api.merchant.get(PATH), 403, "role_not_allowed")
    backwards = {"at_from": "2021-03-02T00:00:00Z", "at_to": "2021-03-01T00:00:00Z"}
    problem(await api.platform.get(PATH, backwards), 422, "filters_contradict")
    answer: httpx.Response = await api.platform.get(PATH, {"grace_seconds": "-1"})
    problem(answer, 422, "request_invalid")

"""`aftersales reconcile`: what it prints, what it repairs, and how it ends."""

import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.clock import ManualClock
from app.domain.order.tickets import TicketState
from app.resources import Resources
from tests.cli.running import aftersales
from tests.payments.provider.sandbox import SandboxProcess, a_refund, running_sandbox
from tests.payments.provider.sandbox_process import SECRET
from tests.reconciliation.reconciliation_cases import open_books, paid, unknown
from tests.support.orders import SHOP

AT_ONCE = ("--grace-seconds", "0")


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a payment provider."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
def env(operator: dict[str, str], sandbox: SandboxProcess) -> dict[str, str]:
    """Return the environment of an operator whose service has a payment provider."""
    return {
        **operator,
        "AFTERSALES_PROVIDER_URL": sandbox.url,
        "AFTERSALES_PROVIDER_SECRET": SECRET,
    }


def lines_of(printed: str) -> list[dict[str, Any]]:
    """Return what was printed as JSON: the differences, and the summary last."""
    return [json.loads(line) for line in printed.splitlines()]


async def test_books_that_agree_end_with_0_and_those_that_differ_with_a_code_of_their_own(
    resources: Resources,
    clock: ManualClock,
    sandbox: SandboxProcess,
    tmp_path: Path,
    env: dict[str, str],
) -> None:
    async with open_books(resources, clock, sandbox) as books:
        await paid(books)
        healthy = await aftersales("reconcile", "--json", *AT_ONCE, cwd=tmp_path, env=env)
        await books.book.refund(a_refund("shop-1/order-9-1", 700))
    differing = await aftersales("reconcile", *AT_ONCE, cwd=tmp_path, env=env)
    elsewhere = await aftersales("reconcile", "--shop", "shop-9", cwd=tmp_path, env=env)

    (summary,) = lines_of(healthy.stdout)
    assert healthy.returncode == 0, healthy.stderr
    assert (summary["keys"], summary["provider_entries"], summary["differences"]) == (1, 1, 0)
    assert differing.returncode == 4
    for part in (
        "paid_without_ticket  shop-1/order-9-1",
        "700 CNY",
        "支付渠道已支付",
        "Needs a person",
    ):
        assert part in differing.stdout
    assert "1 of them still there" in differing.stderr
    assert elsewhere.returncode == 0


async def test_repair_records_what_the_provider_says_and_nothing_else(
    resources: Resources,
    clock: ManualClock,
    sandbox: SandboxProcess,
    tmp_path: Path,
    env: dict[str, str],
) -> None:
    async with open_books(resources, clock, sandbox) as books:
        key = await unknown(books)
        await books.book.refund(a_refund("shop-1/order-9-1", 700))
        words = ("reconcile", "--shop", SHOP, "--repair", "--json", *AT_ONCE)
        repaired = await aftersales(*words, cwd=tmp_path, env=env)
        ticket = await books.refunding.ticket(key.removeprefix(f"{SHOP}/").removesuffix("-1"))

    gone, left, summary = lines_of(repaired.stdout)
    assert (gone["code"], gone["key"], gone["repaired"]) == (
        "paid_not_recorded",
        key,
        True,
    )
    assert "recorded as paid" in gone["done"]
    assert (left["code"], left["done"], left["repaired"]) == ("paid_without_ticket", None, False)
    assert (summary["differences"], summary["left"]) == (2, 1)
    assert repaired.returncode == 4
    assert ticket.state is TicketState.SUCCEEDED


async def test_without_a_provider_it_says_so_and_wrong_instants_are_wrong_use(
    tmp_path: Path, operator: dict[str, str], env: dict[str, str]
) -> None:
    alone = await aftersales("reconcile", cwd=tmp_path, env=operator)
    wrong = await aftersales("reconcile", "--from", "yesterday", cwd=tmp_path, env=operator)
    silent = await aftersales(
        "reconcile", cwd=tmp_path, env={**env, "AFTERSALES_PROVIDER_URL": "http://127.0.0.1:9"}
    )
    assert (alone.returncode, wrong.returncode, silent.returncode) == (0, 2, 3)
    assert "none is configured" in alone.stdout
    assert "--from yesterday is no instant" in wrong.stderr
    assert "does not show its book" in silent.stderr

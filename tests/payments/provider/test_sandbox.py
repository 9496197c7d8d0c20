"""What the sandbox keeps: one outcome a key, a book, callbacks until they are taken."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from pydantic import ValidationError

from app.domain.money import AMOUNT_MAX, Money
from app.domain.order.facts import PaymentChannel
from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import (
    Accepted,
    BookPage,
    KeyReused,
    NotKnown,
    PaymentKind,
    Succeeded,
    Unknown,
    UnknownWhy,
)
from app.payments.provider.wire import BODY_BYTES_MAX, REFUNDS_PATH
from tests.payments.provider.sandbox import (
    Receiver,
    SandboxProcess,
    a_payout,
    a_refund,
    console_of,
    provider_at,
    receiver,
    running_sandbox,
    until,
    whole_book,
)
from tools.sandboxes.payment_provider import book, outbox, paying
from tools.sandboxes.payment_provider.behaviours import Behaviour
from tools.sandboxes.payment_provider.faults import Faults
from tools.sandboxes.payment_provider.payment import Order
from tools.sandboxes.payment_provider.store import open_store

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)


def new_key() -> str:
    return f"k-{uuid4()}"


def an_order(key: str, amount: int = 100, shop_id: str = "shop-1") -> Order:
    return Order(
        kind=PaymentKind.REFUND,
        key=key,
        shop_id=shop_id,
        channel="alipay",
        order_id="order-1",
        payee_account=None,
        amount=amount,
        currency="CNY",
    )


async def test_fifty_at_once_under_one_key_are_paid_once_and_told_the_same(
    provider: HttpPaymentProvider,
) -> None:
    order = a_refund(new_key())
    outcomes = await asyncio.gather(*(provider.refund(order) for _ in range(50)))
    assert len(set(outcomes)) == 1
    assert isinstance(outcomes[0], Succeeded)
    keys = [entry.key for entry in await whole_book(provider)]
    assert keys.count(order.refund_key) == 1


async def test_the_same_order_in_other_words_is_the_same_order(
    provider: HttpPaymentProvider,
) -> None:
    order = a_refund(new_key())
    first = await provider.refund(order)
    assert await provider.refund(replace(order, reason="in other words")) == first


@pytest.mark.parametrize(
    "change",
    [
        {"amount": Money(amount=12_901, currency="CNY")},
        {"amount": Money(amount=12_900, currency="USD")},
        {"shop_id": "shop-2"},
        {"order_id": "order-2"},
        {"channel": PaymentChannel.WECHAT},
    ],
)
async def test_a_key_used_for_another_order_is_refused_and_the_first_outcome_stands(
    change: dict[str, Any], provider: HttpPaymentProvider
) -> None:
    order = a_refund(new_key())
    first = await provider.refund(order)
    assert isinstance(await provider.refund(replace(order, **change)), KeyReused)
    assert isinstance(await provider.payout(a_payout(order.refund_key)), KeyReused)
    assert await provider.query(order.refund_key) == first


async def test_the_book_is_read_page_by_page_in_the_order_of_payment(
    provider: HttpPaymentProvider, console: httpx.AsyncClient
) -> None:
    keys, shop_id = [new_key() for _ in range(7)], f"shop-{uuid4()}"
    for key in keys:
        await provider.refund(replace(a_refund(key), shop_id=shop_id))
    await provider.payout(a_payout(new_key()))
    whole = await whole_book(provider)
    assert await whole_book(provider, limit=2) == whole
    assert [entry.key for entry in whole if entry.shop_id == shop_id] == keys
    assert whole[-1].kind is PaymentKind.PAYOUT
    assert whole[-1].order_id is None
    assert await provider.book_page(after=whole[-1].position) == BookPage(entries=(), last=True)
    of_shop = (await console.get("/v1/book", params={"shop_id": shop_id})).json()
    assert [entry["key"] for entry in of_shop["entries"]] == keys
    totals = (await console.get("/v1/book/totals", params={"shop_id": shop_id})).json()
    assert [(total["payments"], total["amount"]) for total in totals] == [(7, 7 * 12_900)]


async def test_totals_are_by_day_in_shanghai_and_exact_beyond_64_bits(tmp_path: Path) -> None:
    before_midnight = datetime(2021, 3, 15, 15, 59, 59, 999_999, tzinfo=UTC)
    async with open_store(tmp_path / "store") as store:
        for key, amount, at in (
            ("a", AMOUNT_MAX, before_midnight),
            ("b", AMOUNT_MAX, before_midnight),
            ("c", 1, before_midnight + timedelta(microseconds=1)),
        ):
            await store.run(paying.take, an_order(key, amount), at, timedelta(0))
        await store.run(paying.take, an_order("d", 5, "shop-2"), before_midnight, timedelta(0))
        totals = await store.run(book.totals, "shop-1")
        everyone = await store.run(book.totals, None)
    assert [(total.day, total.payments, total.amount) for total in totals] == [
        ("2021-03-15", 2, 2 * AMOUNT_MAX),
        ("2021-03-16", 1, 1),
    ]
    assert sum(total.payments for total in everyone) == 4


async def test_a_callback_is_sent_until_it_is_taken_and_then_no_more(
    provider: HttpPaymentProvider, callbacks: Receiver, console: httpx.AsyncClient
) -> None:
    callbacks.statuses = [500, 404, 302, 200]
    key = new_key()
    await provider.refund(a_refund(key, order_id="order-1-pays-later"))
    delivery = await ended_delivery(console, key)
    assert (delivery["attempts"], delivery["last_answer"]) == (4, "200")
    assert delivery["delivered_at"] is not None
    assert len({told.callback_id for told in callbacks.told_of(key)}) == 1
    assert len(callbacks.told_of(key)) == 4


async def test_a_callback_nobody_takes_is_given_up_after_a_bounded_number_of_attempts(
    tmp_path: Path,
) -> None:
    later, now = replace(an_order("a"), order_id="order-1-pays-later"), NOW
    async with open_store(tmp_path / "store") as store:
        await store.run(paying.take, later, now, timedelta(0))
        assert await store.run(paying.settle, now) == 1
        attempts = 0
        while (due_at := await store.run(outbox.next_due, now - timedelta(days=1))) is not None:
            now = due_at
            (delivery,) = await store.run(outbox.due, now, 10)
            await store.run(outbox.record_attempt, delivery, "500", taken=False, now=now)
            attempts += 1
        (listed,) = await store.run(outbox.listed, 0, 10)
    assert attempts == outbox.ATTEMPTS_MAX
    assert timedelta(minutes=10) < now - NOW < timedelta(minutes=15)
    assert listed["delivered_at"] is None


async def test_what_was_accepted_comes_to_its_end_and_is_told_after_a_kill(tmp_path: Path) -> None:
    keys = [new_key() for _ in range(5)]
    with running_sandbox(tmp_path / "store") as sandbox:
        async with receiver() as receiving, provider_at(sandbox.url) as provider:
            async with console_of(sandbox.url) as console:
                await console.put("/sandbox/callback-url", json={"url": receiving.url})
                receiving.statuses = [503] * 3
                for key in keys:
                    order = a_refund(key, order_id="order-1-pays-later")
                    assert await provider.refund(order) == Accepted()
            sandbox.kill()
            sandbox.start()

            async def told() -> bool:
                return all(receiving.told_of(key) for key in keys)

            await until(told)
            entries = await whole_book(provider)
    assert sorted(entry.key for entry in entries) == sorted(keys)


async def test_random_faults_are_kept_over_a_restart_and_orders_that_ask_are_spared(
    tmp_path: Path,
) -> None:
    with running_sandbox(tmp_path / "store") as sandbox:
        async with console_of(sandbox.url) as console:
            faults = {"seed": "7", "probabilities": {"fails-after-paying": 1.0}}
            assert (await console.put("/sandbox/faults", json=faults)).status_code == 200
            sandbox.kill()
            sandbox.start()
            assert (await console.get("/sandbox/faults")).json() == faults
        async with provider_at(sandbox.url) as provider:
            met = await provider.refund(a_refund("a"))
            assert isinstance(met, Unknown)
            assert met.why is UnknownWhy.SERVER_ERROR
            assert isinstance(
                await provider.refund(a_refund("b", order_id="order-1-pays")), Succeeded
            )


def test_random_faults_follow_from_seed_key_and_arrival_alone() -> None:
    probabilities = {Behaviour.FAILS_BEFORE_PAYING: 0.2, Behaviour.PAYS_LATER: 0.3}
    one, other = (Faults(seed=seed, probabilities=probabilities) for seed in ("1", "2"))
    keys = [f"key-{number}" for number in range(2_000)]
    chosen = [one.chosen(key, 1) for key in keys]
    assert chosen == [one.chosen(key, 1) for key in keys]
    assert chosen != [other.chosen(key, 1) for key in keys]
    assert chosen != [one.chosen(key, 2) for key in keys]
    assert 320 < chosen.count(Behaviour.FAILS_BEFORE_PAYING) < 480
    assert 500 < chosen.count(Behaviour.PAYS_LATER) < 700
    assert set(chosen) == {*probabilities, Behaviour.PAYS}


async def test_faults_that_cannot_be_are_refused(console: httpx.AsyncClient) -> None:
    for probabilities in ({"pays-later": 0.6, "pays": 0.5}, {"pays": -0.1}, {"explodes": 0.1}):
        with pytest.raises(ValidationError):
            Faults.model_validate({"probabilities": probabilities})
        answer = await console.put("/sandbox/faults", json={"probabilities": probabilities})
        assert answer.status_code == 422


async def test_who_has_not_the_secret_learns_and_moves_nothing(
    sandbox: SandboxProcess, provider: HttpPaymentProvider
) -> None:
    key = new_key()
    async with provider_at(sandbox.url, provider_secret="another") as stranger:
        for outcome in (
            await stranger.refund(a_refund(key)),
            await stranger.query(key),
            await stranger.book_page(),
        ):
            assert isinstance(outcome, Unknown)
            assert outcome.why is UnknownWhy.NOT_AUTHORIZED
    assert await provider.query(key) == NotKnown()
    async with httpx.AsyncClient(base_url=sandbox.url, trust_env=False) as anyone:
        assert (await anyone.put("/sandbox/faults", json={})).status_code == 401
        assert (await anyone.get("/livez")).status_code == 200
        assert "hangs-after-paying" in (await anyone.get("/")).text


async def test_an_order_the_sandbox_cannot_read_is_not_kept(console: httpx.AsyncClient) -> None:
    key = new_key()
    good = {
        "refund_key": key,
        "shop_id": "shop-1",
        "channel": "alipay",
        "order_id": "order-1",
        "amount": 1,
        "currency": "CNY",
        "reason": "",
    }
    wrong: list[dict[str, Any]]
    wrong = [{"amount": 0}, {"amount": "1"}, {"channel": "cash"}, {"more": 1}]
    for changes in wrong:
        answer = await console.post(REFUNDS_PATH, json={**good, **changes})
        assert answer.status_code == 400
    too_long = json.dumps(good).encode().ljust(BODY_BYTES_MAX + 1)
    assert (await console.post(REFUNDS_PATH, content=too_long)).status_code == 413
    asked = await console.get("/v1/payments", params={"key": key})
    assert asked.json()["status"] == "not_known"


async def ended_delivery(console: httpx.AsyncClient, key: str) -> dict[str, object]:
    """Wait until nothing more is tried of a key's one callback, and return how it ended."""
    ended: list[dict[str, object]] = []

    async def over() -> bool:
        listed = (await console.get("/sandbox/callbacks", params={"limit": 200})).json()
        ended[:] = [one for one in listed if one["key"] == key and one["due_at"] is None]
        return bool(ended)

    await until(over)
    (delivery,) = ended
    return delivery

"""A sandbox killed again and again under load, with faults: nothing is paid twice or forgotten.

Seeded: the faults of a key, and after how many orders the sandbox is killed. When exactly within
its work a kill meets it is left to chance, as in life.
"""

import asyncio
import sqlite3
from collections import Counter, defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    QueryOutcome,
    Refused,
    Succeeded,
    Unknown,
)
from tests.payments.provider.sandbox import (
    Receiver,
    SandboxProcess,
    a_refund,
    console_of,
    provider_at,
    receiver,
    running_sandbox,
    until,
    whole_book,
)
from tools.sandboxes.payment_provider.behaviours import Behaviour

SEED = 20_210_315
REFUNDS, CONCURRENCY, KILLS = 240, 16, 4
FAULTS = {
    "seed": str(SEED),
    "probabilities": {behaviour: 0.05 for behaviour in Behaviour if behaviour != "pays"},
}
END_SECONDS_MAX = 90


@dataclass(slots=True)
class Told:
    """Everything callers were told, by key; an end must never be followed by another one."""

    ends: dict[str, set[Succeeded | Refused]] = field(default_factory=lambda: defaultdict(set))
    kinds: Counter[str] = field(default_factory=Counter)

    def note(self, key: str, outcome: PaymentOutcome | QueryOutcome) -> None:
        self.kinds[type(outcome).__name__] += 1
        if isinstance(outcome, Succeeded | Refused):
            self.ends[key].add(outcome)


async def test_every_key_is_paid_at_most_once_and_a_query_agrees_with_the_book(
    tmp_path: Path,
) -> None:
    told, keys = Told(), [f"refund-{number}" for number in range(REFUNDS)]
    with running_sandbox(tmp_path / "store") as sandbox:
        async with (
            asyncio.timeout(END_SECONDS_MAX),
            receiver() as receiving,
            callers(sandbox.url) as (sending, asking),
        ):
            await set_up(sandbox, receiving)
            await refund_all(sending, asking, sandbox, keys, told)
            await until_all_callbacks_are_taken(sandbox)
            entries = await whole_book(asking)
            for key in keys:
                told.note(key, await asking.query(key))
        sandbox.kill()
        with closing(sqlite3.connect(sandbox.store)) as stored:
            assert stored.execute("PRAGMA integrity_check").fetchall() == [("ok",)]

    paid = {entry.key: entry.provider_reference for entry in entries}
    assert len(entries) == len(paid)
    assert set(told.ends) == set(keys)
    for key, ends in told.ends.items():
        (end,) = ends
        assert paid.get(key) == (end.provider_reference if isinstance(end, Succeeded) else None)
        assert {callback.outcome for callback in receiving.told_of(key)} <= ends
    assert told.kinds["Unknown"] > 0
    print(f"\n{REFUNDS} refunds, {KILLS} kills, {len(paid)} paid; told: {dict(told.kinds)}")  # noqa: T201


@asynccontextmanager
async def callers(url: str) -> AsyncIterator[tuple[HttpPaymentProvider, HttpPaymentProvider]]:
    """Open one who sends orders and soon gives up, for some are never answered, and one who asks.

    Who asks is patient: on a busy machine asking must not time out faster than it is answered.
    """
    async with (
        provider_at(url, provider_timeout_seconds=0.4, provider_connects_max=1) as sending,
        provider_at(url, provider_timeout_seconds=30, provider_connects_max=1) as asking,
    ):
        yield sending, asking


async def refund_all(
    sending: HttpPaymentProvider,
    asking: HttpPaymentProvider,
    sandbox: SandboxProcess,
    keys: list[str],
    told: Told,
) -> None:
    """Bring every refund to its end while the sandbox is killed at random among them."""
    random = Random(SEED)  # noqa: S311 - to be repeatable, not to be unguessable
    stretch = len(keys) // KILLS  # a kill in each, so that there is load before the next one
    kill_at = {stretch * n + random.randrange(CONCURRENCY, stretch) for n in range(KILLS)}
    places = asyncio.Semaphore(CONCURRENCY)

    async def one(number: int, key: str) -> None:
        async with places:
            if number in kill_at:
                await asyncio.to_thread(sandbox.kill_and_start)
            await refund_to_the_end(sending, asking, key, told)

    async with asyncio.TaskGroup() as tasks:
        for number, key in enumerate(keys):
            tasks.create_task(one(number, key))


async def refund_to_the_end(
    sending: HttpPaymentProvider, asking: HttpPaymentProvider, key: str, told: Told
) -> None:
    """Send, and until the end is told ask, or send again under the same key: both are right."""
    order, random = a_refund(key), Random(f"{SEED}/{key}")  # noqa: S311
    outcome: PaymentOutcome | QueryOutcome = await sending.refund(order)
    while True:
        told.note(key, outcome)
        match outcome:
            case Succeeded() | Refused():
                return
            case KeyReused():
                raise AssertionError(f"{key} was taken for another order")
            case NotKnown():
                outcome = await sending.refund(order)
            case Accepted() | Unknown():
                await asyncio.sleep(0.05)
                again = random.random() < 0.5
                outcome = await (sending.refund(order) if again else asking.query(key))


async def set_up(sandbox: SandboxProcess, receiving: Receiver) -> None:
    async with console_of(sandbox.url) as console:
        await console.put("/sandbox/callback-url", json={"url": receiving.url})
        assert (await console.put("/sandbox/faults", json=FAULTS)).status_code == 200


async def until_all_callbacks_are_taken(sandbox: SandboxProcess) -> None:
    async with console_of(sandbox.url) as console:

        async def taken() -> bool:
            listed = (await console.get("/sandbox/callbacks", params={"limit": 200})).json()
            return bool(listed) and all(one["delivered_at"] is not None for one in listed)

        await until(taken)

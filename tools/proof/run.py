"""A whole proof: orders and faults side by side, then quiet, then the reckoning."""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from app.cli.listening import listen, make_server, serve_until, url_of
from tools.proof.calling import Caller
from tools.proof.driver import Driver
from tools.proof.evidence import Evidence, gather
from tools.proof.logs import calls_logged
from tools.proof.money_verdict import money_differences
from tools.proof.plan import Fault, Plan, PlannedOrder
from tools.proof.quiet import wait_until_quiet
from tools.proof.refund_verdict import refund_differences
from tools.proof.relay import PATH, Relay
from tools.proof.service import Service, running_service
from tools.proof.striking import Striker

ORDERS_AT_ONCE_MAX = 12
ORDERS_SECONDS_MAX = 3_600.0
ANSWERS_SECONDS_MAX = 20.0
RECONCILE_SECONDS_MAX = 120.0
RECONCILE_LINES_MAX = 20

PROVIDER_FAULTS: Mapping[str, float] = {
    "pays-later": 0.14,
    "refuses-later": 0.04,
    "repeats-callback": 0.10,
    "calls-before-answering": 0.08,
    "forges-callback-first": 0.06,
    "buyer-account-closed": 0.04,
    "merchant-balance-insufficient": 0.03,
    "hangs-after-paying": 0.06,
    "hangs-without-paying": 0.06,
    "fails-before-paying": 0.07,
    "fails-after-paying": 0.07,
    "malformed-after-paying": 0.06,
    "cut-after-paying": 0.06,
}
"""How probable each misbehaviour of the provider is; the rest is paid at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a proof found; without differences, every refund was paid exactly once or refused."""

    plan: Plan
    evidence: Evidence
    differences: list[str]
    faults: Counter[Fault]
    cut: Counter[Fault]
    callbacks: Counter[str]
    callback_answers: Counter[int]
    client_trouble: Counter[str]
    provider_calls: Counter[str]
    """By operation and outcome, from the workers' logs."""
    lives: Mapping[str, int]
    seconds: Mapping[str, float]
    """How long each part took."""


OnStep = Callable[[str, int, int], None]
"""Observes progress: what is being done, how much of it is done, and how much there is."""


async def prove(plan: Plan, folder: Path, on_step: OnStep = lambda *_: None) -> Outcome:
    """Carry out a plan in a folder, which keeps the logs and the provider's book."""
    watch = _Watch()
    async with (
        running_service(folder, plan.shops) as service,
        httpx.AsyncClient(base_url=service.api_url, trust_env=False, timeout=15) as client,
        httpx.AsyncClient(base_url=service.api_direct_url, trust_env=False) as calling_back,
    ):
        caller = Caller(client=client, keys=service.keys)
        driver = Driver(caller=caller)
        relay = Relay(seed=plan.seed, client=calling_back)
        striker = Striker(service=service)
        async with _relaying(relay) as url:
            await _set_up(service, plan, f"{url}{PATH}")
            watch.over("to start")
            await _live_and_strike(plan, driver, striker, on_step)
            watch.over("under faults")
            await striker.healed()
            await service.ready()
            await wait_until_quiet(driver, service, on_step)
            watch.over("until quiet")
            await relay.replay_everything()
            await wait_until_quiet(driver, service, on_step)
            watch.over("for callbacks again")
            reconciled = await _reconciled(service)
            watch.over("to reconcile")
        evidence = await gather(driver, caller, plan.shops, service.postgres.url(), service.store)
    watch.over("to gather and stop")
    surprises = [*reconciled, *service.surprises, *caller.surprises, *relay.surprises()]
    surprises += [surprise for member in service.members for surprise in member.surprises]
    return Outcome(
        plan=plan,
        evidence=evidence,
        differences=[*surprises, *refund_differences(evidence), *money_differences(evidence)],
        faults=striker.done,
        cut=striker.cut,
        callbacks=relay.counts,
        callback_answers=relay.answers,
        client_trouble=caller.trouble,
        provider_calls=calls_logged([worker.log for worker in service.workers]),
        lives={member.name: member.lives for member in service.members},
        seconds=watch.seconds,
    )


async def _reconciled(service: Service) -> list[str]:
    """Return what the service's own comparison finds to differ, which must be nothing."""
    exit_code = await service.reconcile.run_to_end(RECONCILE_SECONDS_MAX)
    if exit_code == 0:
        return []
    lines = service.reconcile.log.read_text(errors="replace").splitlines()
    return [f"aftersales reconcile ended with {exit_code}", *lines[-RECONCILE_LINES_MAX:]]


class _Watch:
    """Takes the time of one part after the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since = time.monotonic()

    def over(self, part: str) -> None:
        now = time.monotonic()
        self.seconds[part], self._since = now - self._since, now


async def _live_and_strike(plan: Plan, driver: Driver, striker: Striker, on_step: OnStep) -> None:
    """Let orders begin little by little, and strike in between, while other work is under way."""
    for shop_id, payment in zip(plan.shops, plan.deposits, strict=True):
        if payment.amount:
            await driver.pay_in(shop_id, payment)
    places, over = asyncio.Semaphore(ORDERS_AT_ONCE_MAX), 0

    async def live(order: PlannedOrder) -> None:
        nonlocal over
        async with places:
            await driver.live(order)
        over += 1
        on_step("orders", over, len(plan.orders))

    async with asyncio.timeout(ORDERS_SECONDS_MAX), asyncio.TaskGroup() as tasks:
        begun = 0
        for number, strike in enumerate(plan.strikes, 1):
            until = len(plan.orders) * number // len(plan.strikes)
            for order in plan.orders[begun:until]:
                tasks.create_task(live(order))
            begun = until
            await _answered(driver.caller, strike.after_answers)
            await asyncio.sleep(strike.after_seconds)
            await striker.strike(strike)
            on_step("faults", number, len(plan.strikes))
        for order in plan.orders[begun:]:
            tasks.create_task(live(order))


async def _answered(caller: Caller, answers: int) -> None:
    """Wait until the service has given so many more answers; not for ever, if it gives none."""
    enough = caller.answered + answers
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWERS_SECONDS_MAX):
            while caller.answered < enough:  # noqa: ASYNC110 - many tasks count
                await asyncio.sleep(0.01)


async def _set_up(service: Service, plan: Plan, callback_url: str) -> None:
    """Tell the provider how to misbehave, and where to call back."""
    headers = {"Authorization": f"Bearer {service.provider_secret}"}
    faults = {"seed": str(plan.seed), "probabilities": PROVIDER_FAULTS}
    async with httpx.AsyncClient(
        base_url=service.provider_direct_url, headers=headers, trust_env=False
    ) as console:
        for path, body in (
            ("/sandbox/faults", faults),
            ("/sandbox/callback-url", {"url": callback_url}),
        ):
            (await console.put(path, json=body)).raise_for_status()


@asynccontextmanager
async def _relaying(relay: Relay) -> AsyncIterator[str]:
    stop, listener = asyncio.Event(), listen("127.0.0.1", 0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_until(make_server(relay.application()), listener, stop))
        try:
            yield url_of(listener)
        finally:
            stop.set()

"""What tests of processes stand on."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.clock import Clock, ManualClock
from app.command_handling.handler import CommandHandler
from app.command_handling.opening import open_command_handler
from app.processes.assistant.rule_evaluation import Assistant
from app.processes.assistant.worker import AssistantWorker, Judge
from app.processes.test_clocks import ActAndTell, ClockLimits, TestClockWorker
from app.resources import Resources
from app.worker import act_and_tell_with
from tests.payments.surroundings import SandboxProcess, provider_at, running_sandbox
from tests.processes.clock_workers import IMPATIENT, NewWorker
from tests.processes.refunding import Refunding
from tests.read_models.logged import CODEC, Logged
from tests.support.test_mode import ShopInTestMode


@pytest.fixture
def logged(resources: Resources) -> Logged:
    """Return this test's log, with nothing in it."""
    return Logged(resources.pool)


@pytest.fixture
async def handler(resources: Resources, clock: ManualClock) -> AsyncIterator[CommandHandler]:
    """Open a handler of commands."""
    async with open_command_handler(resources, clock) as opened:
        yield opened


@pytest.fixture
def act(handler: CommandHandler) -> ActAndTell:
    """Return what lets an order act for a test clock."""
    return act_and_tell_with(handler)


@pytest.fixture
def new_worker(resources: Resources, clock: ManualClock, act: ActAndTell) -> NewWorker:
    """Return what makes workers that do not wait for readers."""

    def made(
        limits: ClockLimits = IMPATIENT, act: ActAndTell = act, clock: Clock = clock
    ) -> TestClockWorker:
        return TestClockWorker(resources.pool, act, clock, limits=limits)

    return made


@pytest.fixture
async def shop(resources: Resources, handler: CommandHandler) -> ShopInTestMode:
    """Return a shop in test mode, its clock at `OPENED`."""
    begun = ShopInTestMode(pool=resources.pool, handler=handler)
    await begun.begin()
    return begun


@pytest.fixture
def judge(resources: Resources, handler: CommandHandler) -> Judge:
    """Return what really judges."""
    return Assistant(resources.pool, CODEC, handler.handle).judge


@pytest.fixture
def worker(resources: Resources, judge: Judge, clock: ManualClock) -> AssistantWorker:
    """Return the worker as it is run."""
    return AssistantWorker(resources.pool, judge, clock)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a sandbox for the tests of a file."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
async def refunding(
    resources: Resources,
    logged: Logged,
    handler: CommandHandler,
    clock: ManualClock,
    sandbox: SandboxProcess,
) -> AsyncIterator[Refunding]:
    """Return what carries refunds out; the provider is given half a second for an answer."""
    async with provider_at(sandbox.url, provider_timeout_seconds=0.5) as provider:
        yield Refunding(
            pool=resources.pool, logged=logged, handler=handler, clock=clock, provider=provider
        )

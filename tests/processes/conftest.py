"""What tests of processes stand on."""

import pytest

from app.clock import Clock, ManualClock
from app.command_handling.handler import CommandHandler
from app.processes.assistant.rule_evaluation import Assistant
from app.processes.assistant.worker import AssistantWorker, Judge
from app.processes.test_clocks import ActAndTell, ClockLimits, TestClockWorker
from app.resources import Resources
from app.worker import act_and_tell_with
from tests.processes.clock_workers import IMPATIENT, NewWorker
from tests.projections.event_log import CODEC
from tests.support.test_mode import ShopInTestMode


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

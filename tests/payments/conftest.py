"""A sandbox, and what carries refunds out against it."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.resources import Resources
from tests.payments.provider.sandbox import SandboxProcess, provider_at, running_sandbox
from tests.payments.refund_cases import Refunding
from tests.projections.event_log import Logged


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

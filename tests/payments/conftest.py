"""One sandbox for all tests of a file that do not kill it; each uses keys of its own."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from app.payments.provider.http import HttpPaymentProvider
from tests.payments.surroundings import (
    Receiver,
    SandboxProcess,
    console_of,
    provider_at,
    receiver,
    running_sandbox,
)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a sandbox."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
async def provider(sandbox: SandboxProcess) -> AsyncIterator[HttpPaymentProvider]:
    """Open a client of the sandbox."""
    async with provider_at(sandbox.url) as opened:
        yield opened


@pytest.fixture
async def console(sandbox: SandboxProcess) -> AsyncIterator[httpx.AsyncClient]:
    """Open what sets the sandbox."""
    async with console_of(sandbox.url) as opened:
        yield opened


@pytest.fixture
async def callbacks(console: httpx.AsyncClient) -> AsyncIterator[Receiver]:
    """Receive the sandbox's callbacks."""
    async with receiver() as receiving:
        await console.put("/sandbox/callback-url", json={"url": receiving.url})
        yield receiving
        await console.put("/sandbox/callback-url", json={"url": None})

"""One sandbox for all tests of a file that do not kill it; each uses keys of its own."""

from collections.abc import AsyncIterator

import httpx
import pytest

from app.payments.provider.http import HttpPaymentProvider
from tests.payments.provider.sandbox import (
    Receiver,
    SandboxProcess,
    console_of,
    provider_at,
    receiver,
)


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

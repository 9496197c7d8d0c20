"""Real processes to share a database with, and to kill."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.cli.command_server import Forked, run_module
from tests.event_store.polling import DEADLINE_SECONDS


class Child:
    """A running Python module that says on its standard output what it has done."""

    def __init__(self, process: Forked, stdout: asyncio.StreamReader) -> None:
        self._process = process
        self._stdout = stdout

    async def says(self) -> str:
        """Return the next line it prints, or "" when it has ended."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return (await self._stdout.readline()).decode().strip()

    async def says_at_last(self) -> list[str]:
        """Return all the lines it still prints, waiting for its end; it must not have failed."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            rest = await self._stdout.read()
            assert await asyncio.to_thread(self._process.wait) == 0
        return rest.decode().split()

    async def kill(self) -> list[str]:
        """End it at once, as a crash would (SIGKILL), and return what it said and was not read."""
        await asyncio.to_thread(self._process.kill)
        rest = await self._stdout.read()
        return rest.decode().split("\n")[:-1]


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run a module as `python -m` does, in the project's folder; it does not outlive the block."""
    process, reading = await asyncio.to_thread(run_module, module, *arguments)
    stdout = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(stdout), os.fdopen(reading, "rb")
    )
    try:
        yield Child(process, stdout)
    finally:
        await asyncio.to_thread(process.kill)
        transport.close()

"""Real processes to share a database with, and to kill."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.event_store.polling import DEADLINE_SECONDS

PROJECT = Path(__file__).parents[2]


class Child:
    """A running Python module that says on its standard output what it has done."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        self._process = process
        self._stdout = process.stdout

    async def says(self) -> str:
        """Return the next line it prints, or "" when it has ended."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            return (await self._stdout.readline()).decode().strip()

    async def says_at_last(self) -> list[str]:
        """Return all the lines it still prints, waiting for its end; it must not have failed."""
        async with asyncio.timeout(DEADLINE_SECONDS):
            rest = await self._stdout.read()
            assert await self._process.wait() == 0
        return rest.decode().split()

    async def kill(self) -> list[str]:
        """End it at once, as a crash would (SIGKILL), and return what it said and nobody heard."""
        self._process.kill()
        rest = await self._stdout.read()
        await self._process.wait()
        return rest.decode().split("\n")[:-1]


@asynccontextmanager
async def running(module: str, *arguments: str) -> AsyncIterator[Child]:
    """Run `python -m module` from the project's folder; it does not outlive the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, *arguments, stdout=asyncio.subprocess.PIPE, cwd=PROJECT
    )
    try:
        yield Child(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()

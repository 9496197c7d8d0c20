"""The service's processes, each killed without warning and started again.

They are forked from one process that has loaded the service, and then run its console command as
anybody does. Loading takes seconds of a processor, and more time than all the rest: without this
the service would be down for most of a proof.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import get_context
from multiprocessing.context import ForkServerProcess
from pathlib import Path

STOP_SECONDS_MAX = 20.0
LOADED = (
    *("app.cli.main", "app.cli.serve", "tools.sandboxes.payment_provider.command"),
    *("app.main", "app.worker", "tools.sandboxes.payment_provider.server", "uvloop"),
)

_context = get_context("forkserver")
_context.set_forkserver_preload(list(LOADED))


@dataclass(slots=True, kw_only=True)
class Member:
    """One process of the service; its log, beside its files, is appended to over all its lives."""

    name: str
    words: Sequence[str]
    environment: Mapping[str, str]
    folder: Path
    lives: int = 0
    surprises: list[str] = field(default_factory=list)
    """How it ended without being stopped, which none of them should."""
    _process: ForkServerProcess | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def log(self) -> Path:
        """Where it writes its log."""
        return self.folder / f"{self.name}.log"

    def start(self) -> None:
        """Start it, and wait for nothing."""
        environment = dict(self.environment)
        self._process = _context.Process(
            target=_run_command, args=(list(self.words), environment, self.folder, self.log)
        )
        self._process.start()
        self.lives += 1

    def kill(self) -> None:
        """End it at once, as a crash would (SIGKILL)."""
        process = self._process
        if process is None:
            return
        self.look()
        process.kill()
        process.join()
        self._process = None

    def look(self) -> None:
        """Notice if it has ended without being stopped."""
        process = self._process
        if process is not None and process.exitcode is not None:
            self.surprises.append(f"{self.name} ended unexpectedly with {process.exitcode}")

    async def run_to_end(self, seconds_max: float) -> int | None:
        """Start a command that ends on its own, and return its exit code; None if it does not."""
        self.start()
        process = self._process
        assert process is not None  # noqa: S101 - it has just been started
        await asyncio.to_thread(process.join, seconds_max)
        exit_code = process.exitcode
        if exit_code is None:
            process.kill()
            process.join()
        self._process = None
        return exit_code

    async def kill_and_start(self, down_seconds: float) -> None:
        """End it at once, wherever it is, and start it again after a while."""
        async with self._one_at_a_time:
            self.kill()
            await asyncio.sleep(down_seconds)
            self.start()

    async def freeze(self, seconds: float) -> None:
        """Stop it where it is (SIGSTOP) and let it go on later, unchanged."""
        process = self._process
        if process is None:
            return
        _signal(process, signal.SIGSTOP)
        try:
            await asyncio.sleep(seconds)
        finally:
            _signal(process, signal.SIGCONT)

    def stop(self) -> None:
        """Ask it to end, and end it if it does not."""
        process = self._process
        if process is None:
            return
        self.look()
        process.terminate()
        process.join(STOP_SECONDS_MAX)
        if process.exitcode is None:
            self.surprises.append(f"{self.name} did not stop when asked to")
            process.kill()
            process.join()
        self._process = None


def _signal(process: ForkServerProcess, number: signal.Signals) -> None:
    """Send a signal, unless the process has ended: its id may be a stranger's by now."""
    if process.exitcode is None and process.pid is not None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, number)


def _run_command(
    words: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path
) -> None:
    """Become the console command: its environment, its output, its words."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)  # not where a .env of the work tree lies
    with log.open("ab") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    sys.argv = ["aftersales", *words]
    from app.cli.main import (  # noqa: PLC0415 - loaded already, by the process this was forked from
        main,
    )

    main()


def clean_environment(**own: str) -> dict[str, str]:
    """Return this process's environment without any setting of the service but those given."""
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("AFTERSALES_")}
    return {**inherited, **own}

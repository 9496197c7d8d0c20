"""What any test may ask for."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.command_handling.opening import open_command_handler
from app.resources import Resources, open_resources
from app.settings import Settings
from tests.projections.event_log import Logged
from tests.support.database import fresh_database, migrated_template, running_test_server

if sys.platform != "win32":
    import resource

START = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
"""Where the tests' clock stands until it is moved."""


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """Return a folder of the test's own.

    Not pytest's: at its start every other pytest of this user bars pytest's folder to all others,
    and with it a server that runs as somebody else because root may not run one.
    """
    with TemporaryDirectory(prefix="aftersales-test-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_server() -> Iterator[str]:
    """URL of the server of this run; databases may be created on it."""
    with running_test_server() as url:
        yield url


@pytest.fixture(scope="session")
def database_template(database_server: str) -> str:
    """Name of a migrated database; connect to copies of it, never to it."""
    return asyncio.run(migrated_template(database_server))


@pytest.fixture
async def database(database_server: str, database_template: str) -> AsyncIterator[str]:
    """URL of a migrated database that only this test uses."""
    async with fresh_database(database_server, database_template) as url:
        yield url


@pytest.fixture
async def empty_database(database_server: str) -> AsyncIterator[str]:
    """URL of a database without any schema that only this test uses."""
    async with fresh_database(database_server, None) as url:
        yield url


@pytest.fixture
def clock() -> ManualClock:
    """Return the test's clock: it stands at `START` until the test moves it."""
    return ManualClock(START)


@pytest.fixture
def settings(database: str) -> Settings:
    """Return settings that point at this test's database, whatever the environment says."""
    return Settings(_env_file=None, database_url=database, log_format="console")


@pytest.fixture
async def resources(settings: Settings, clock: ManualClock) -> AsyncIterator[Resources]:
    """Open pool and engine on this test's database; `resources.clock` is the `clock` fixture."""
    async with open_resources(settings, clock) as opened:
        yield opened


@pytest.fixture
def logged(resources: Resources) -> Logged:
    """Return this test's log, with nothing in it."""
    return Logged(resources.pool)


@pytest.fixture
async def handler(resources: Resources, clock: ManualClock) -> AsyncIterator[CommandHandler]:
    """Open a handler of commands."""
    async with open_command_handler(resources, clock) as opened:
        yield opened


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Send the peak memory of a worker to the process that reports."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["peak_memory_mb"] = _peak_memory_mb()


class _WorkersMemory:
    """Collects the peak memory of each worker."""

    def __init__(self) -> None:
        self.peaks_mb: dict[str, int] = {}

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:  # noqa: ARG002 - a hook's form
        """Keep what a worker sent; one that crashed sent nothing."""
        peak_mb = getattr(node, "workeroutput", {}).get("peak_memory_mb")
        if peak_mb is not None:
            self.peaks_mb[node.gateway.id] = peak_mb

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the peak memory of each test process in one line."""
        peaks = self.peaks_mb or {"main": _peak_memory_mb()}
        shown = ", ".join(f"{name} {peak_mb} MB" for name, peak_mb in sorted(peaks.items()))
        terminalreporter.write_line(f"Peak memory of the test processes: {shown}")


def pytest_configure(config: pytest.Config) -> None:
    """Let the process that reports collect what its workers send."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(_WorkersMemory(), "workers-memory")
        _make_table_of_characters(config.rootpath)


def _make_table_of_characters(root: Path) -> None:
    """Make the table that Hypothesis keeps of all characters, unless it is there.

    It takes seconds and 200 MB, so a process of its own makes it, once and not in each worker.
    """
    if not (root / ".hypothesis" / "unicode_data").exists():
        program = "from hypothesis import strategies as st; st.text().validate()"
        subprocess.run([sys.executable, "-c", program], cwd=root, check=True)


def _peak_memory_mb() -> int:
    if sys.platform == "win32":
        return 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak // (1024 * 1024 if sys.platform == "darwin" else 1024)

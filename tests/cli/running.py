"""The console script as a process of its own, the way its user meets it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psutil

from tests.cli.command_server import REPOSITORY, run_command

AFTERSALES = (sys.executable, "-c", "from app.cli.main import main; main()")


def environment(**own: str) -> dict[str, str]:
    """Return this process's environment without any setting of the service but those given.

    What a `make` that runs the tests was told is not for a `make` that a test runs.
    """
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AFTERSALES_", "MAKE"))}
    inherited.pop("ARGS", None)
    inherited.pop("MFLAGS", None)
    # The package is found wherever a command is run from, and .env of the work tree is not.
    return {**inherited, "PYTHONPATH": str(REPOSITORY), **own}


async def aftersales(
    *words: str, cwd: Path, env: Mapping[str, str], stdin: bytes = b""
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end in a process of its own, without holding up the event loop."""
    return await asyncio.to_thread(run_command, words, cwd=cwd, env=env, stdin=stdin)


@contextmanager
def started(*words: str, cwd: Path, env: Mapping[str, str]) -> Iterator["subprocess.Popen[str]"]:
    """Start a command in a process group of its own, as a terminal does; end it if it has not."""
    process = subprocess.Popen(
        [*AFTERSALES, *words],
        cwd=cwd,
        env=dict(env),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()


def press_ctrl_c(process: "subprocess.Popen[str]") -> None:
    """Interrupt a command and everything it started, as a terminal does."""
    os.killpg(process.pid, signal.SIGINT)


def output_until(process: "subprocess.Popen[str]", text: str) -> str:
    """Read what a command prints until a line with this text; AssertionError if it ends first."""
    assert process.stdout is not None
    seen = ""
    for line in process.stdout:
        seen += line
        if text in line:
            return seen
    raise AssertionError(f"the command ended without {text!r}:\n{seen}")


def postmaster_of(folder: Path) -> int:
    """Return the process id of the embedded server that runs in a folder."""
    (pid_file,) = folder.rglob("postmaster.pid")
    return int(pid_file.read_text().split()[0])


def is_running(pid: int) -> bool:
    """Tell whether a process lives; one that only waits to be reaped does not."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

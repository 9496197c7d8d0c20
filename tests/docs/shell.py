"""A shell that runs one block after another, as somebody does who copies them from a page."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cli.command_server import ENDS_WITHIN_SECONDS, REPOSITORY
from tests.cli.running import output_until

_ENDED = "--- the block has ended ---"


class Shell:
    """One bash session: what a block sets is there for the next."""

    def __init__(self, folder: Path, env: dict[str, str]) -> None:
        self._folder = folder
        self._errors = folder / "stderr"
        with self._errors.open("w") as errors:
            self._bash = subprocess.Popen(
                ["bash", "-euo", "pipefail"],
                cwd=REPOSITORY,
                env=env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                start_new_session=True,
            )

    def run(self, commands: str) -> str:
        """Run a block and return what it prints; AssertionError if one of its commands fails."""
        script = self._folder / "block.sh"
        script.write_text(commands, "utf-8")
        assert self._bash.stdin is not None
        self._bash.stdin.write(f". {script} < /dev/null; echo; echo '{_ENDED}'\n")
        self._bash.stdin.flush()
        too_late = threading.Timer(ENDS_WITHIN_SECONDS, self._bash.kill)
        too_late.start()
        try:
            return output_until(self._bash, _ENDED).removesuffix(f"\n{_ENDED}\n")
        except AssertionError as ended:
            raise AssertionError(f"{ended}\n{self._errors.read_text()}\n{commands}") from None
        finally:
            too_late.cancel()

    def end(self) -> None:
        """End the session with everything it started."""
        os.killpg(self._bash.pid, signal.SIGKILL)
        self._bash.communicate()


@contextmanager
def shell(folder: Path, env: dict[str, str]) -> Iterator[Shell]:
    """Open a session in the repository, where the guide's reader stands."""
    opened = Shell(folder, env)
    try:
        yield opened
    finally:
        opened.end()


@contextmanager
def terminal(commands: str, env: dict[str, str], until: str) -> Iterator[str]:
    """Run a block in a terminal of its own; give what it prints until a text, and press Ctrl-C."""
    process = subprocess.Popen(
        ["bash", "-c", commands],
        cwd=REPOSITORY,
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    with process:
        try:
            yield output_until(process, until)
        finally:
            os.killpg(process.pid, signal.SIGINT)
            try:
                process.communicate(timeout=ENDS_WITHIN_SECONDS)
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

"""Starts the service's processes on a database of the run, and stops them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STOP_SECONDS_MAX = 15


@contextmanager
def api_process(database_url: str) -> Iterator[int]:
    """Run the API process and give the port it listens on."""
    with _process(["-m", "tools.bench.api_process"], database_url) as process:
        yield _port_of(process)


@contextmanager
def receiver_process() -> Iterator[int]:
    """Run a receiver of webhooks and give the port it listens on."""
    with _process(["-m", "tools.bench.webhook_receiver"], "") as process:
        yield _port_of(process)


@contextmanager
def worker_process(database_url: str, **settings: str) -> Iterator[None]:
    """Run a worker, with settings by the names of their variables."""
    words = ["-c", "from app.cli.main import main; main()", "worker"]
    with _process(words, database_url, **settings):
        yield


def _port_of(process: "subprocess.Popen[bytes]") -> int:
    assert process.stdout is not None  # noqa: S101 - it is a pipe
    line = process.stdout.readline()
    if not line:
        raise RuntimeError("a process did not start")
    return int(line)


@contextmanager
def _process(
    arguments: list[str], database_url: str, **settings: str
) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AFTERSALES_")},
        "AFTERSALES_DATABASE_URL": database_url,
        "AFTERSALES_LOG_LEVEL": "WARNING",
        # The one setting that is not the service's default: no caller is to be slowed down here.
        "AFTERSALES_RATE_LIMIT_REQUESTS": "1000000000",
        **settings,
    }
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environment, stdout=subprocess.PIPE
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

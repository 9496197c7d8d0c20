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
    with _process(["-m", "bench.api_process"], database_url) as process:
        assert process.stdout is not None  # noqa: S101 - it is a pipe
        line = process.stdout.readline()
        if not line:
            raise RuntimeError("the API process did not start")
        yield int(line)


@contextmanager
def worker_process(database_url: str) -> Iterator[None]:
    """Run a worker."""
    with _process(["-c", "from app.cli import main; main()", "worker"], database_url):
        yield


@contextmanager
def _process(arguments: list[str], database_url: str) -> Iterator["subprocess.Popen[bytes]"]:
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AFTERSALES_")},
        "AFTERSALES_DATABASE_URL": database_url,
        "AFTERSALES_LOG_LEVEL": "WARNING",
        # The one setting that is not the service's default: nobody is to be slowed down here.
        "AFTERSALES_RATE_LIMIT_REQUESTS": "1000000000",
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

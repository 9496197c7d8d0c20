"""The service as a process of its own, on a database of a test, with its log in a file."""

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import httpx

from tests.support.api import TOKEN_SECRET, until

SERVE = "from app.cli.main import main; main()"

Process = subprocess.Popen[bytes]


@asynccontextmanager
async def process(
    database_url: str, log: Path, **environment: str
) -> AsyncIterator[tuple[httpx.AsyncClient, Process]]:
    """Run `aftersales serve` with all that is written going to a file; give a client and it."""
    with started(database_url, log, **environment) as serving:

        async def told() -> bool:
            assert serving.poll() is None
            return _url_in(log) is not None

        await until(told)
        async with httpx.AsyncClient(base_url=str(_url_in(log)), trust_env=False) as client:
            yield client, serving


@contextmanager
def started(database_url: str, log: Path, **environment: str) -> Iterator[Process]:
    """Start the process and stop it at the end, if it still runs."""
    environment = {
        "AFTERSALES_DATABASE_URL": database_url,
        "AFTERSALES_CONSUMER_TOKEN_SECRET": TOKEN_SECRET,
        "AFTERSALES_LOG_LEVEL": "DEBUG",
        **environment,
    }
    arguments = [sys.executable, "-c", SERVE, "serve", "--no-worker", "--port", "0"]
    with log.open("wb") as output:
        serving = subprocess.Popen(
            arguments, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield serving
    finally:
        serving.send_signal(signal.SIGTERM)
        serving.wait(timeout=30)


def _url_in(log: Path) -> str | None:
    found = re.search(r"http://127\.0\.0\.1:[0-9]+", log.read_text())
    return None if found is None else found.group()

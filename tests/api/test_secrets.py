"""The service as a process of its own: whatever happens to it, its logs tell no secret."""

import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from app.access.consumer_tokens import ConsumerTokenKeys, sign_consumer_token
from app.access.keys import create_key
from app.event_store.recorded import Role
from app.resources import Resources
from tests.support.api import BUYER, SHOP, TOKEN_SECRET, Caller, until
from tests.support.story import order_path, problem

SERVE = "from app.cli import main; main()"


@pytest.mark.parametrize("log_format", ["json", "console"])
async def test_no_credential_ever_reaches_logs_or_answers(
    resources: Resources, tmp_path: Path, log_format: str
) -> None:
    platform = await create_key(resources.pool, role=Role.PLATFORM, shop_id=None, name="tests")
    keys = ConsumerTokenKeys(
        secret=TOKEN_SECRET, public_key=None, issuer="aftersales", audience="aftersales-api"
    )
    now, life = datetime.now(UTC), timedelta(minutes=10)
    token = sign_consumer_token(keys, buyer_id=BUYER, shop_id=SHOP, now=now, life=life)
    log = tmp_path / "log"
    async with process(resources.database_url, log, log_format) as client:
        for credential in (token, token[:-3] + "AAA", platform + "x"):
            await Caller(client, lambda sent=credential: sent).get(order_path())  # type: ignore[misc]
        await resources.pool.execute("ALTER TABLE after_sales.api_keys RENAME TO keys_away")
        answer = await Caller(client, lambda: platform).get(order_path())
        found = problem(answer, 500, "internal_error")
        assert found["detail"] == "Something went wrong on our side"
    written = log.read_text()
    assert "request_failed" in written
    assert found["request_id"] in written
    for secret in (platform.split("_", 2)[2], token.rpartition(".")[2], TOKEN_SECRET):
        assert secret[:-3] not in written
        assert secret[:-3] not in answer.text


@asynccontextmanager
async def process(
    database_url: str, log: Path, log_format: str
) -> AsyncIterator[httpx.AsyncClient]:
    """Run `aftersales serve` with all that is written going to a file, and a client of it."""
    with started(database_url, log, log_format) as serving:

        async def told() -> bool:
            assert serving.poll() is None
            return _url_in(log) is not None

        await until(told)
        async with httpx.AsyncClient(base_url=str(_url_in(log)), trust_env=False) as client:
            yield client


@contextmanager
def started(database_url: str, log: Path, log_format: str) -> Iterator["subprocess.Popen[bytes]"]:
    """Start the process and stop it at the end."""
    environment = {
        "AFTERSALES_DATABASE_URL": database_url,
        "AFTERSALES_CONSUMER_TOKEN_SECRET": TOKEN_SECRET,
        "AFTERSALES_LOG_FORMAT": log_format,
        "AFTERSALES_LOG_LEVEL": "DEBUG",
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

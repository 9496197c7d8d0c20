"""`aftersales provider-sandbox` the way its user meets it, and what it and its caller log."""

import asyncio
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from app.cli.main import app
from app.payments.provider.port import Succeeded
from tests.cli.command_server import ENDS_WITHIN_SECONDS, REPOSITORY
from tests.cli.running import (
    aftersales,
    environment,
    output_until,
    started,
)
from tests.payments.provider.sandbox import a_refund, provider_at, receiver, until
from tests.payments.provider.sandbox_process import CALLBACK_SECRET, SECRET
from tools.sandboxes.payment_provider.behaviours import ROW_OF, table

SECRETS = {
    "AFTERSALES_PROVIDER_SECRET": SECRET,
    "AFTERSALES_PROVIDER_CALLBACK_SECRET": CALLBACK_SECRET,
}

CALLER = """
import asyncio, sys
from app.logs import configure_logs
from app.settings import Settings
from tests.payments.provider.sandbox import a_payout, a_refund, provider_at, provider_settings
url = sys.argv[1]
configure_logs(provider_settings(url, log_level="DEBUG"))
async def main():
    async with provider_at(url) as provider:
        await provider.refund(a_refund("logged-1"))
        await provider.refund(a_refund("logged-2", order_id="order-1-malformed-after-paying"))
        await provider.payout(a_payout("logged-3", account="6222-secret-account"))
        await provider.query("logged-1")
    async with provider_at(url, provider_secret="a wrong secret") as stranger:
        await stranger.refund(a_refund("logged-4"))
asyncio.run(main())
"""


@contextmanager
def serving(folder: Path, *words: str) -> Iterator[tuple[str, "subprocess.Popen[str]"]]:
    """Run the command and give where it serves, and it."""
    env = environment(**SECRETS, AFTERSALES_LOG_LEVEL="DEBUG", AFTERSALES_LOG_FORMAT="json")
    store = str(folder / "store.sqlite3")
    words = ("provider-sandbox", "--port", "0", "--store", store, *words)
    with started(*words, cwd=folder, env=env) as process:
        told = output_until(process, "provider_sandbox_serving")
        found = re.search(r"http://127\.0\.0\.1:[0-9]+", told)
        assert found is not None
        yield found.group(), process


async def test_it_serves_tells_the_callback_url_and_ends_even_while_a_caller_waits(
    tmp_path: Path,
) -> None:
    async with receiver() as receiving:
        words = ("--callback-url", receiving.url, "--slow-seconds", "0")
        with serving(tmp_path, *words) as (url, process):
            async with provider_at(url) as provider:
                await provider.refund(a_refund("k-1", order_id="order-1-pays-later"))

                async def told() -> bool:
                    return bool(receiving.told_of("k-1"))

                await until(told)
                order = a_refund("k-2", order_id="order-1-hangs-after-paying")
                waiting = asyncio.create_task(provider.refund(order))

                async def paid() -> bool:
                    return isinstance(await provider.query("k-2"), Succeeded)

                await until(paid)
                process.send_signal(signal.SIGTERM)
                ended = asyncio.to_thread(process.wait, ENDS_WITHIN_SECONDS)
                assert await ended == 0
                assert not isinstance(await waiting, Succeeded)


async def test_without_a_secret_it_says_which_one_to_set(tmp_path: Path) -> None:
    name, other = SECRETS
    env = environment(**{other: SECRETS[other]})
    done = await aftersales("provider-sandbox", "--port", "0", cwd=tmp_path, env=env)
    assert done.returncode == 2
    assert f"{name} is not set" in done.stderr


def test_the_help_and_the_documented_table_are_what_the_sandbox_does() -> None:
    """To print the table anew: aftersales provider-sandbox --table."""
    assert table() in (REPOSITORY / "docs" / "sandbox-provider.md").read_text("utf-8")
    printed = CliRunner().invoke(app, ["provider-sandbox", "--table"])
    assert printed.stdout.strip() == table()
    helped = CliRunner().invoke(app, ["provider-sandbox", "--help"])
    for behaviour, row in ROW_OF.items():
        (line,) = (line for line in helped.stdout.splitlines() if f" -{behaviour} " in line)
        assert str(row.amount or "any other") in line
        assert row.effect in line


def test_neither_side_logs_a_secret_or_an_account(tmp_path: Path) -> None:
    with serving(tmp_path) as (url, process):
        caller = subprocess.run(
            [sys.executable, "-c", CALLER, url],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=True,
        )
        process.send_signal(signal.SIGTERM)
        written, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)
    assert '"event": "provider_call"' in caller.stderr
    assert '"key": "logged-3"' in caller.stderr
    assert '"why": "malformed_answer"' in caller.stderr
    assert '"why": "not_authorized"' in caller.stderr
    for secret in (SECRET, CALLBACK_SECRET, "a wrong secret", "6222-secret-account", "李雷"):
        assert secret not in caller.stderr + caller.stdout
        assert secret not in written

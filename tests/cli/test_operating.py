"""The commands of whoever runs the service: migrate, keys, readers, rebuild, openapi, serve."""

import asyncio
import json
import re
import signal
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

from app.access.authentication import Authentication, Unauthenticated, consumer_token_keys
from app.cli.main import COMMANDS, app
from app.clock import SystemClock
from app.migrate import is_migrated
from app.projections.checkpoints import ensure_checkpoints
from app.resources import Resources
from tests.cli.command_server import ENDS_WITHIN_SECONDS
from tests.cli.orders import order_line
from tests.cli.running import aftersales, environment, output_until, started
from tests.support.api import until

STOP_TICKETS = """
UPDATE after_sales.checkpoints SET status = 'stopped', error = 'ValueError: what is this?',
    failed_position = 7
WHERE partition_id = 12 AND reader = 'tickets'
"""


def test_every_command_tells_an_example_in_its_help() -> None:
    commands = list(all_commands("aftersales", get_command(app)))
    assert {name for name, _ in commands} >= {
        *("aftersales serve", "aftersales worker", "aftersales migrate", "aftersales import file"),
        *("aftersales import olist", "aftersales keys rotate", "aftersales readers resume"),
        *("aftersales rebuild", "aftersales openapi", "aftersales demo", "aftersales reconcile"),
    }
    for name, help_text in commands:
        shown = name.replace("import file", "import")
        assert f"Example: {shown}" in help_text, name


def test_the_list_of_commands_says_of_each_what_its_own_help_begins_with() -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    for name, (_, summary) in COMMANDS.items():
        command = group.get_command(typer.Context(group), name)
        assert command is not None
        assert command.get_short_help_str(200) == summary


async def test_the_help_of_all_commands_loads_none_of_them(tmp_path: Path) -> None:
    listing = "import sys; from app.cli.main import app; app(['--help'], standalone_mode=False)"
    code = f"{listing}; sys.exit('fastapi' in sys.modules or 'sqlalchemy' in sys.modules)"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code),
        cwd=tmp_path,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    shown, _ = await process.communicate()
    assert process.returncode == 0
    assert all(f"  {name} " in shown.decode() for name in COMMANDS)


async def test_migrate_brings_an_empty_database_up_to_date_and_other_commands_wait_for_it(
    empty_database: str, tmp_path: Path
) -> None:
    env = environment(AFTERSALES_DATABASE_URL=empty_database)

    before = await aftersales("readers", cwd=tmp_path, env=env)
    migrated = await aftersales("migrate", cwd=tmp_path, env=env)
    again = await aftersales("migrate", cwd=tmp_path, env=env)

    assert (before.returncode, before.stdout) == (3, "")
    assert "aftersales migrate" in before.stderr
    assert (migrated.returncode, again.returncode) == (0, 0)
    assert "nothing to do" in again.stderr
    assert await is_migrated(empty_database)


async def test_a_key_opens_until_it_is_rotated_or_revoked_and_is_never_listed(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    async def run(*words: str) -> str:
        done = await aftersales("keys", *words, cwd=tmp_path, env=operator)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    first = await run("create", "merchant", "--shop", "shop-1", "--name", "order desk")
    assert await opens(resources, first)
    key_id = first.split("_")[1]

    second = await run("rotate", key_id, "--overlap", "0s")
    assert await opens(resources, second)
    assert not await opens(resources, first)

    await run("revoke", second.split("_")[1])
    assert not await opens(resources, second)

    listed = await run("list", "--shop", "shop-1")
    assert listed.count("order desk") == 2
    assert key_id in listed
    assert first.split("_", 2)[2] not in listed


async def test_a_key_that_is_asked_for_wrongly_is_not_made(
    tmp_path: Path, operator: dict[str, str]
) -> None:
    wrong = (
        ("create", "merchant", "--name", "of no shop"),
        ("create", "platform", "--name", "of a shop", "--shop", "shop-1"),
        ("create", "platform", "--name", "too much", "--scope", "entries:write"),
        ("create", "platform", "--name", "how long?", "--expires", "soon"),
        ("rotate", "nobody"),
    )
    for words in wrong:
        done = await aftersales("keys", *words, cwd=tmp_path, env=operator)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert "Traceback" not in done.stderr
    listed = await aftersales("keys", "list", cwd=tmp_path, env=operator)
    assert len(listed.stdout.splitlines()) == 1


async def test_a_consumer_token_is_signed_with_the_secret_that_is_set(
    tmp_path: Path, operator: dict[str, str]
) -> None:
    secret = "a secret of no less than thirty-two bytes"
    without = await aftersales("keys", "consumer-token", "buyer-1", cwd=tmp_path, env=operator)
    env = {**operator, "AFTERSALES_CONSUMER_TOKEN_SECRET": secret}
    signed = await aftersales("keys", "consumer-token", "buyer-1", cwd=tmp_path, env=env)

    assert without.returncode == 2
    assert "AFTERSALES_CONSUMER_TOKEN_SECRET" in without.stderr
    assert signed.stdout.count(".") == 2


async def test_a_stopped_reader_is_shown_with_its_error_and_goes_on_when_told(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    async with resources.pool.acquire() as connection:
        await ensure_checkpoints(connection, ["tickets", "orders"])
        await connection.execute(STOP_TICKETS)

    stopped = await aftersales("readers", cwd=tmp_path, env=operator)
    resumed = await aftersales("readers", "resume", "tickets", "12", cwd=tmp_path, env=operator)
    level = await aftersales("readers", cwd=tmp_path, env=operator)
    again = await aftersales("readers", "resume", "tickets", "12", cwd=tmp_path, env=operator)

    assert stopped.returncode == 1
    assert "tickets\t12\t0\t0\tstopped\tValueError: what is this?" in stopped.stdout
    assert "aftersales readers resume tickets 12" in stopped.stderr
    assert (resumed.returncode, level.returncode, again.returncode) == (0, 0, 2)
    assert "tickets\t64 level\t0\t0\trunning" in level.stdout


async def test_rebuild_knows_its_readers(tmp_path: Path, operator: dict[str, str]) -> None:
    unknown = await aftersales("rebuild", "everything", cwd=tmp_path, env=operator)
    rebuilt = await aftersales("rebuild", "orders", cwd=tmp_path, env=operator)

    assert unknown.returncode == 2
    assert "operation_log" in unknown.stderr
    assert rebuilt.returncode == 0
    assert "rebuilt from 0 events" in rebuilt.stderr


async def test_the_openapi_file_is_written_and_told_from_an_outdated_one(tmp_path: Path) -> None:
    env = environment()
    missing = await aftersales("openapi", "--check", cwd=tmp_path, env=env)
    written = await aftersales("openapi", cwd=tmp_path, env=env)
    current = await aftersales("openapi", "--check", cwd=tmp_path, env=env)
    document = json.loads((tmp_path / "openapi.json").read_text("utf-8"))
    (tmp_path / "openapi.json").write_text(json.dumps(document | {"openapi": "2.0"}))
    outdated = await aftersales("openapi", "--check", cwd=tmp_path, env=env)

    assert [one.returncode for one in (missing, written, current, outdated)] == [1, 0, 0, 1]
    assert "/v1/platform/orders/import" in document["paths"]
    assert "make openapi" in outdated.stderr


@pytest.mark.parametrize(
    ("setting", "value", "exit_code"),
    [
        ("DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none", 3),
        ("DATABASE_URL", "mysql://root@localhost/orders", 2),
        ("POOL_SIZE_MAX", "many", 2),
    ],
)
async def test_what_is_set_wrongly_is_named_with_what_to_do(
    tmp_path: Path, setting: str, value: str, exit_code: int
) -> None:
    env = environment(**{f"AFTERSALES_{setting}": value})

    done = await aftersales("migrate", cwd=tmp_path, env=env)

    assert done.returncode == exit_code
    assert f"AFTERSALES_{setting}" in done.stderr
    assert "Next: " in done.stderr
    assert "Traceback" not in done.stderr


async def test_serve_runs_api_and_worker_until_it_is_told_to_stop(
    tmp_path: Path, operator: dict[str, str]
) -> None:
    created = await aftersales(
        "keys", "create", "platform", "--name", "import", cwd=tmp_path, env=operator
    )
    bearer = {"Authorization": f"Bearer {created.stdout.strip()}"}
    with started("serve", "--port", "0", cwd=tmp_path, env=operator) as process:
        url = re.findall(r'"url": "(\S+)"', output_until(process, '"serving"'))[0]
        async with httpx.AsyncClient(base_url=url, headers=bearer, trust_env=False) as client:

            async def imported() -> bool:
                headers = {"Content-Type": "application/x-ndjson"}
                answer = await client.post(
                    "/v1/platform/orders/import", content=order_line(1), headers=headers
                )
                return answer.json()["status"] in {200, 201}

            async def listed() -> bool:
                answer = await client.get("/v1/shops/shop-1/orders")
                return [order["order_id"] for order in answer.json()["orders"]] == ["order-1"]

            await until(imported)
            await until(listed)
        port = url.rpartition(":")[2]
        second = await aftersales("serve", "--port", port, cwd=tmp_path, env=operator)
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert second.returncode == 3
    assert f"port {port}" in second.stderr
    assert process.returncode == 0
    assert '"stopped"' in said
    assert "Traceback" not in said


async def test_serve_starts_without_its_database_and_says_so_to_every_caller(
    tmp_path: Path,
) -> None:
    env = environment(AFTERSALES_DATABASE_URL="postgresql://nobody@127.0.0.1:9/none")
    with started("serve", "--port", "0", cwd=tmp_path, env=env) as process:
        url = re.findall(r'"url": "(\S+)"', output_until(process, '"serving"'))[0]
        async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=60) as client:
            alive, ready = await client.get("/livez"), await client.get("/readyz")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert alive.status_code == 200
    assert (ready.status_code, ready.json()["code"]) == (503, "database_unavailable")
    assert process.returncode == 0, said


def all_commands(name: str, command: Any) -> list[tuple[str, str]]:
    """Return every command below one with its help."""
    if not isinstance(command, TyperGroup):
        return [(name, command.help or "")]
    context = typer.Context(command)
    return [
        found
        for sub_name in command.list_commands(context)
        for found in all_commands(f"{name} {sub_name}", command.get_command(context, sub_name))
    ]


async def opens(resources: Resources, key: str) -> bool:
    """Tell whether a key is good for anything now."""
    authentication = Authentication(
        database=resources.pool,
        clock=SystemClock(),
        consumer_keys=consumer_token_keys(resources.settings),
        cache_seconds=0,
    )
    try:
        await authentication.authenticate(key)
    except Unauthenticated:
        return False
    return True

"""`aftersales simulate`, as a newcomer runs it and as an operator does against what is running."""

import re
from pathlib import Path

from tests.cli.command_server import ENDS_WITHIN_SECONDS
from tests.cli.running import (
    aftersales,
    environment,
    is_running,
    output_until,
    postmaster_of,
    press_ctrl_c,
    started,
)

SMALL = ("--shops", "1", "--orders", "4", "--days", "4")


async def test_a_newcomer_sees_what_came_of_it_without_setting_anything(tmp_path: Path) -> None:
    env = environment(AFTERSALES_DATA_DIR=str(tmp_path / ".data"))

    first = await aftersales("simulate", *SMALL, cwd=tmp_path, env=env)
    second = await aftersales("simulate", *SMALL, cwd=tmp_path, env=env)

    for done in (first, second):
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Differences: 0" in done.stdout
        assert "4 orders, 4 days, seed 1" in done.stdout
        assert re.search(r"compared\torder\t4\n", done.stdout)
        assert "\x1b[" not in done.stdout + done.stderr
    assert counts_in(first.stdout) == counts_in(second.stdout)


async def test_ctrl_c_ends_it_at_once_and_leaves_nothing_running(tmp_path: Path) -> None:
    env = environment(AFTERSALES_DATA_DIR=str(tmp_path / ".data"))
    size = ("--shops", "2", "--orders", "50", "--days", "300")
    with started("simulate", *size, cwd=tmp_path, env=env) as process:
        output_until(process, " of 600 days, ")
        postgres = postmaster_of(tmp_path)
        press_ctrl_c(process)
        said, _ = process.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert not is_running(postgres)


async def test_a_running_service_is_played_on_with_keys_made_in_its_database(
    tmp_path: Path, operator: dict[str, str]
) -> None:
    operator = {**operator, "AFTERSALES_CONSUMER_TOKEN_SECRET": "s" * 40}
    created = await aftersales(
        "keys", "create", "platform", "--name", "simulate", cwd=tmp_path, env=operator
    )
    with started("serve", "--port", "0", cwd=tmp_path, env=operator) as process:
        url = re.findall(r'"url": "(\S+)"', output_until(process, '"serving"'))[0]
        player = {**operator, "AFTERSALES_PLATFORM_KEY": created.stdout.strip()}
        command = ("simulate", "--url", url, "--name", "sim", *SMALL)

        played = await aftersales(*command, cwd=tmp_path, env=player)
        again = await aftersales(*command, cwd=tmp_path, env=player)
        wrong_key = {**operator, "AFTERSALES_PLATFORM_KEY": "ask_00aa_nonsense"}
        stranger = await aftersales(*command, cwd=tmp_path, env=wrong_key)

    assert played.returncode == 0, played.stderr
    assert "Shops sim-1 to sim-1: 4 orders" in played.stdout
    assert "Differences: 0" in played.stdout
    assert again.returncode == 2
    assert "there is a shop sim-1 already" in again.stderr
    assert "--name" in again.stderr
    assert stranger.returncode == 3
    assert "does not take our credentials" in stranger.stderr


async def test_what_is_missing_is_named_with_what_to_do(
    tmp_path: Path, operator: dict[str, str]
) -> None:
    nowhere = ("simulate", "--url", "http://127.0.0.1:9", *SMALL)
    key = {"AFTERSALES_PLATFORM_KEY": "ask_00aa_something"}
    secret = {"AFTERSALES_CONSUMER_TOKEN_SECRET": "s" * 40}
    for words, env, exit_code, said, next_step in [
        (nowhere, secret, 2, "a platform's key", "aftersales keys create platform"),
        (nowhere, key, 2, "no secret to sign", "AFTERSALES_CONSUMER_TOKEN_SECRET"),
        (nowhere, key | secret, 3, "no service at", "aftersales serve"),
        (("simulate", "--shops", "50", "--orders", "1000"), {}, 2, "too many", "10,000"),
    ]:
        done = await aftersales(*words, cwd=tmp_path, env={**operator, **env})
        assert done.returncode == exit_code, done.stderr
        assert said in done.stderr
        assert next_step in done.stderr
        assert "Traceback" not in done.stderr


def counts_in(printed: str) -> list[str]:
    """Return the lines of the table."""
    lines = [line for line in printed.splitlines() if line.count("\t") == 2]
    assert len(lines) > 10
    return lines

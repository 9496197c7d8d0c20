"""`aftersales demo`, as a newcomer runs it: a process on a terminal without one."""

import re
import shlex
import socket
import subprocess
from pathlib import Path

import httpx

from tests.cli.command_server import ENDS_WITHIN_SECONDS, run_command
from tests.cli.running import (
    is_running,
    output_until,
    postmaster_of,
    press_ctrl_c,
    started,
)

LAST_LINE = "/refund-requests"


def test_the_story_is_told_twice_in_a_row_the_second_time_on_another_port(
    folder: Path, env: dict[str, str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        first = demo_once(folder, env, "--port", str(port))
        second = demo_once(folder, env, "--port", str(port))

    for run in (first, second):
        assert run.returncode == 0, run.stdout + run.stderr
        assert f"Port {port} is in use" in run.stdout
        for part in (
            "card_voucher_product",
            "All 10 rules pass",
            "站内信",
            "android  商家",
            "超期售后",
            "操作记录",
            "退款成功",
            "-129.00 CNY",
            "reference sandbox-",
        ):
            assert part in run.stdout
        assert "The story has ended." in run.stdout
    assert "保证金退款" in first.stdout, "cash of the first settlement does not cover the refund"
    assert "1 refunds of the shop, 0 under way: no differences." in first.stdout
    assert "2 refunds of the shop, 0 under way: no differences." in second.stdout
    assert "No. 1, " in first.stdout
    assert "No. 2, " in second.stdout, "the provider's book outlives a run"
    assert sample_names(first.stdout).isdisjoint(sample_names(second.stdout))


def test_after_the_story_the_printed_calls_work_and_ctrl_c_leaves_nothing_running(
    folder: Path, env: dict[str, str]
) -> None:
    with started("demo", "--port", str(free_port()), cwd=folder, env=env) as demo:
        printed = output_until(demo, LAST_LINE)
        answers = [answer_to(line) for line in printed.splitlines() if line.startswith("curl ")]
        docs = httpx.get(re.findall(r"Docs: (\S+)", printed)[0], trust_env=False)
        postgres = postmaster_of(folder)

        press_ctrl_c(demo)
        said, _ = demo.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert docs.status_code == 200
    assert [answer.status_code for answer in answers] == [200, 200, 201]
    assert answers[0].json()["eligibility"]["eligible"]
    assert answers[1].json()["state"] == "open"
    assert answers[2].json()["overdue"]
    assert demo.returncode == 0, said
    assert "Traceback" not in printed + said
    assert not is_running(postgres)


def test_ctrl_c_in_the_middle_of_the_story_ends_it_at_once(
    folder: Path, env: dict[str, str]
) -> None:
    with started("demo", "--port", str(free_port()), cwd=folder, env=env) as demo:
        printed = output_until(demo, "API and worker run at")
        postgres = postmaster_of(folder)

        press_ctrl_c(demo)
        said, _ = demo.communicate(timeout=ENDS_WITHIN_SECONDS)

    assert demo.returncode == 130, said
    assert "Traceback" not in printed + said
    assert not is_running(postgres)


def demo_once(folder: Path, env: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    """Play the story to its end."""
    return run_command(("demo", "--once", *words), cwd=folder, env=env, stdin=b"")


def sample_names(printed: str) -> set[str]:
    """Return the ids of sample orders a run speaks of."""
    names = set(re.findall(r"demo-\d{4}-\d{6}-\w{2}-\d\d", printed))
    assert names
    return names


def answer_to(curl: str) -> httpx.Response:
    """Make the call of a printed curl line; only the options the demo prints are known."""
    words = shlex.split(curl)[1:]
    headers, body, urls = {}, None, []
    while words:
        word = words.pop(0)
        if word == "-H":
            name, _, value = words.pop(0).partition(": ")
            headers[name] = value
        elif word == "-d":
            body = words.pop(0)
        else:
            urls.append(word)
    method = "GET" if body is None else "POST"
    return httpx.request(method, urls[0], headers=headers, content=body, trust_env=False)


def free_port() -> int:
    """Return a port that was free a moment ago, away from the usual one."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port

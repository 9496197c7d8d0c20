"""The sandbox provider, as a command of its own."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx

from tests.cli.running import environment, output_until, press_ctrl_c, started
from tests.support.pushes import SECRET, running_sandbox


def a_message(token: str = "a-token", **changes: Any) -> dict[str, Any]:  # noqa: S107
    """Return a message as the service sends it."""
    words = {"title": "标题", "body": "正文", "language": "zh-CN"}
    return {"id": "1", "platform": "ios", "token": token, **words, "data": {}, **changes}


def test_the_command_takes_messages_once_and_shows_them(tmp_path: Path) -> None:
    env = environment(AFTERSALES_PUSH_SECRET=SECRET)
    with started("push-sandbox", "--port", "0", cwd=tmp_path, env=env) as sandbox:
        printed = output_until(sandbox, "/messages")
        (url,) = re.findall(r"http://\S+/messages", printed)
        with httpx.Client(headers={"Authorization": f"Bearer {SECRET}"}, trust_env=False) as client:
            first, second = (client.post(url, json=a_message()) for _ in range(2))
            (listed,) = client.get(url).json()["messages"]
        stranger = httpx.get(url, trust_env=False)
        press_ctrl_c(sandbox)
        said, _ = sandbox.communicate(timeout=60)
    assert [answer.json() for answer in (first, second)] == [
        {"id": "1", "duplicate": False},
        {"id": "1", "duplicate": True},
    ]
    assert listed == {**a_message(), "times_received": 2}
    assert (stranger.status_code, stranger.json()) == (401, {"code": "unauthorized"})
    assert sandbox.returncode == 0, said
    assert list(tmp_path.iterdir()) == [], "it needs no database"


async def test_a_token_says_how_it_goes() -> None:
    async with (
        running_sandbox(slow_seconds=0) as sandbox,
        httpx.AsyncClient(headers={"Authorization": f"Bearer {SECRET}"}, trust_env=False) as client,
    ):

        async def statuses(token: str) -> list[int]:
            body = a_message(token, id=token)
            return [(await client.post(sandbox.url, json=body)).status_code for _ in range(2)]

        for token, expected in {
            "plain": [202, 202],
            "gone-1": [410, 410],
            "refused-1": [400, 400],
            "flaky-1": [503, 202],
            "busy-1": [429, 202],
            "slow-1": [202, 202],
        }.items():
            assert await statuses(token) == expected
        assert [one["id"] for one in await sandbox.messages()] == [
            *("plain", "flaky-1", "busy-1", "slow-1")
        ]
        for wrong in ({}, {**a_message(), "badge": 1}, a_message(title="")):
            assert (await client.post(sandbox.url, json=wrong)).status_code == 400
        large = await client.post(sandbox.url, content=b"x" * 70_000)
        assert large.status_code == 413
        many = [client.post(sandbox.url, json=a_message(id=str(n))) for n in range(20)]
        await asyncio.gather(*many)
        assert len(await sandbox.messages()) == 24

"""`aftersales listen`: events arrive at a local server, signed, one after the other."""

import asyncio
import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks import Webhook

from app.access.keys import create_key
from app.event_store.recorded_event import Role
from app.webhooks.signing import new_shared_secret
from tests.cli.running import aftersales, environment, output_until, press_ctrl_c, started
from tests.support.api import SHOP, Api
from tests.support.story import applied, done

FEED = f"/v1/shops/{SHOP}/events"


class Receiver(ThreadingHTTPServer):
    """A developer's server: keeps what it gets, and takes all but the types it is told not to."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.refused: set[str] = set()

    @property
    def url(self) -> str:
        """Where to post to."""
        return f"http://127.0.0.1:{self.server_port}/hooks"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        refused = json.loads(body)["type"] in self.server.refused
        self.send_response(500 if refused else 204)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Keep quiet."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
async def developer(api: Api) -> dict[str, str]:
    """Return the environment of somebody who has a key of the shop."""
    key = await create_key(api.resources.pool, role=Role.MERCHANT, shop_id=SHOP, name="laptop")
    return environment(AFTERSALES_URL=api.url, AFTERSALES_API_KEY=key)


async def happen(api: Api, order_id: str) -> None:
    await applied(api, order_id)
    await api.follow()


async def output(process: Any, text: str) -> str:
    return await asyncio.to_thread(output_until, process, text)


async def test_events_arrive_signed_and_are_shown_with_their_answers(
    api: Api, receiver: Receiver, developer: dict[str, str], tmp_path: Path
) -> None:
    await happen(api, "order-1")
    receiver.refused = {"ticket.created"}
    words = ("listen", "--shop", SHOP, "--forward-to", receiver.url, "--after", "first")
    with started(*words, cwd=tmp_path, env=developer) as process:
        seen = await output(process, "ticket.created")
        await happen(api, "order-2")
        seen += await output(process, "ticket.created order-2")
        press_ctrl_c(process)
        seen += await output(process, "To continue")
        assert process.wait(30) == 0
    assert re.search(r"entry\.opened order-1 -> 204, \d+ ms", seen)
    assert re.search(r"ticket\.created order-1 -> 500, \d+ ms", seen)
    secret = re.search(r"Signing secret: (whsec_\S+)", seen)
    assert secret
    page = done(await api.merchant.get(FEED))
    verified = [Webhook(secret[1]).verify(body, headers) for headers, body in receiver.got]
    assert verified == page["events"]
    assert page["next_cursor"] in seen


async def test_a_run_goes_on_where_the_one_before_ended_and_takes_only_some_types(
    api: Api, receiver: Receiver, developer: dict[str, str], tmp_path: Path
) -> None:
    await happen(api, "order-1")
    cursor = done(await api.merchant.get(FEED))["next_cursor"]
    await happen(api, "order-2")
    secret = new_shared_secret()
    words = ("listen", "--shop", SHOP, "--forward-to", receiver.url, "--types", "ticket.created")
    env = {**developer, "AFTERSALES_LISTEN_SECRET": secret}
    with started(*words, "--after", cursor, cwd=tmp_path, env=env) as process:
        seen = await output(process, "ticket.created")
        press_ctrl_c(process)
        assert process.wait(30) == 0
    assert "whsec_" not in seen, "one's own secret is not shown"
    (got,) = receiver.got
    event = Webhook(secret).verify(got[1], got[0])
    assert event["data"]["order"]["order_id"] == "order-2"


async def test_a_receiver_that_is_away_is_shown_and_a_feed_that_refuses_ends_it(
    api: Api, developer: dict[str, str], tmp_path: Path
) -> None:
    await happen(api, "order-1")
    nobody = ("--forward-to", "http://127.0.0.1:9/hooks")
    with started(
        "listen", "--shop", SHOP, *nobody, "--after", "first", cwd=tmp_path, env=developer
    ) as process:
        await output(process, "-> not sent (ConnectError)")
        press_ctrl_c(process)
        assert process.wait(30) == 0
    for wrong, code in (
        (("--shop", "shop-2"), "not_found"),
        (("--shop", SHOP, "--after", "nonsense"), "cursor_invalid"),
    ):
        ended = await aftersales("listen", *wrong, *nobody, cwd=tmp_path, env=developer)
        assert ended.returncode == 3
        assert code in ended.stderr
    unsigned = await aftersales(
        "listen", "--shop", SHOP, *nobody, "--secret", "whpk_x", cwd=tmp_path, env=developer
    )
    assert unsigned.returncode == 2

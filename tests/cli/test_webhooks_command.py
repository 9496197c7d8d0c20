"""`aftersales webhooks`: whoever runs the service sees to endpoints without a key of the API."""

from base64 import b64decode
from pathlib import Path
from uuid import uuid4

import pytest

from app.event_store.recorded_event import Role
from app.resources import Resources
from app.sealing import Seal
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.queries import list_changes
from tests.cli.running import aftersales
from tests.support.api import SEALING_KEY
from tools.proof.webhooks.run import make_endpoint

SHOP, URL = "shop-1", "https://receiver.example/hooks"

# As if all ten attempts had failed, or a dead endpoint had disabled itself.
GIVE_UP = """
WITH failed AS (
    UPDATE after_sales.webhook_deliveries SET state = 'failed', settled_at = created_at
    RETURNING partition_id, endpoint_id
)
UPDATE after_sales.webhook_queues AS q SET pending = 0, given_up = 1, due_at = NULL FROM failed
WHERE q.partition_id = failed.partition_id AND q.endpoint_id = failed.endpoint_id
"""


@pytest.fixture
def operator(operator: dict[str, str]) -> dict[str, str]:
    """Return the environment of an operator who has the key to secrets."""
    return {**operator, "AFTERSALES_SEALING_KEY": SEALING_KEY}


async def an_endpoint(resources: Resources, shop_id: str | None) -> Endpoint:
    endpoint, _ = await make_endpoint(resources, Seal([b64decode(SEALING_KEY)]), shop_id, URL)
    return endpoint


async def test_endpoints_are_listed_by_their_owner(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    of_shop = await an_endpoint(resources, SHOP)
    of_platform = await an_endpoint(resources, None)

    for words, endpoint in ((("--shop", SHOP), of_shop), (("--platform",), of_platform)):
        listed = await aftersales("webhooks", "list", *words, cwd=tmp_path, env=operator)
        assert listed.returncode == 0, listed.stderr
        header, line = listed.stdout.splitlines()
        assert header.split("\t") == ["id", "url", "types", "ordered", "state", "since"]
        shown = line.split("\t")
        assert shown[:5] == [str(endpoint.endpoint_id), URL, "all", "no", "enabled"]


async def test_an_endpoint_is_disabled_and_enabled_in_the_operators_name(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    endpoint = await an_endpoint(resources, SHOP)
    one = (str(endpoint.endpoint_id), "--shop", SHOP)

    disabled = await aftersales("webhooks", "disable", *one, cwd=tmp_path, env=operator)
    refused = await aftersales("webhooks", "test", *one, cwd=tmp_path, env=operator)
    health = await aftersales("webhooks", "health", *one, cwd=tmp_path, env=operator)
    enabled = await aftersales("webhooks", "enable", *one, cwd=tmp_path, env=operator)

    assert (disabled.returncode, enabled.returncode) == (0, 0), disabled.stderr + enabled.stderr
    assert (refused.returncode, refused.stdout) == (3, "")
    assert f"aftersales webhooks enable {' '.join(one)}" in refused.stderr
    assert f"{endpoint.endpoint_id}\tdisabled: by_owner\t0\t" in health.stdout
    changes = await list_changes(resources.pool, Owner(SHOP), endpoint.endpoint_id, limit=9)
    assert [change.kind for change in changes] == ["enabled", "disabled", "created"]
    assert changes[0].actor.role is Role.PLATFORM
    assert changes[0].actor.id == "operator"


async def test_what_was_given_up_is_sent_again_and_counted(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    endpoint = await an_endpoint(resources, SHOP)
    one = (str(endpoint.endpoint_id), "--shop", SHOP)

    async def run(*words: str) -> str:
        done = await aftersales("webhooks", *words, cwd=tmp_path, env=operator)
        assert done.returncode == 0, done.stderr
        return done.stdout

    async def pending() -> str:
        columns, line = (await run("health", "--shop", SHOP)).splitlines()
        return dict(zip(columns.split("\t"), line.split("\t"), strict=True))["pending"]

    delivery_id = (await run("test", *one)).strip()
    async with resources.pool.acquire() as connection:
        known = await connection.fetchval("SELECT message_id FROM after_sales.webhook_deliveries")
        await connection.execute(GIVE_UP)

    assert delivery_id == str(known)
    assert await pending() == "0"
    assert await run("recover", *one, "--since", "1h") == "1\n"
    assert await run("recover", *one, "--since", "1h") == "0\n"
    assert await pending() == "1"
    assert await run("recover", *one, "--since", "999999999d") == "0\n"


async def test_wrong_use_is_told_with_what_to_do_instead(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    endpoint = str((await an_endpoint(resources, SHOP)).endpoint_id)
    without_key = {k: v for k, v in operator.items() if k != "AFTERSALES_SEALING_KEY"}
    wrong = (
        (operator, ("list",), "--platform"),
        (operator, ("list", "--shop", SHOP, "--platform"), "either"),
        (operator, ("disable", endpoint, "--shop", "shop-2"), "webhooks list --shop shop-2"),
        (operator, ("test", str(uuid4()), "--platform"), "webhooks list --platform"),
        (without_key, ("enable", endpoint, "--shop", SHOP), "AFTERSALES_SEALING_KEY"),
    )
    for env, words, advice in wrong:
        done = await aftersales("webhooks", *words, cwd=tmp_path, env=env)
        assert (done.returncode, done.stdout) == (2, ""), words
        assert advice in done.stderr
        assert "Traceback" not in done.stderr

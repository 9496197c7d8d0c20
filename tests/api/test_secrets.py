"""The service as a process of its own: whatever happens to it, its logs tell no secret."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.access.authentication import ConsumerTokenKeys, sign_consumer_token
from app.access.keys import create_key
from app.event_store.recorded_event import Role
from app.resources import Resources
from tests.support.api import BUYER, PUSH_TOKEN_KEY, SHOP, TOKEN_SECRET, Caller
from tests.support.serving import process
from tests.support.story import done, order_path, problem


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
    push_token, devices = "fMdc3kq0Q1:APA91bHun4MxP5eg", f"/v1/shops/{SHOP}/devices"
    settings = {
        "AFTERSALES_LOG_FORMAT": log_format,
        "AFTERSALES_PUSH_TOKEN_KEY": PUSH_TOKEN_KEY,
    }
    async with process(resources.database_url, log, **settings) as (client, _):
        consumer = Caller(client, lambda: token)
        registered = await consumer.post(devices, {"platform": "ios", "token": push_token})
        done(registered, 201)
        assert push_token not in registered.text
        for credential in (token, token[:-3] + "AAA", platform + "x"):
            await Caller(client, lambda sent=credential: sent).get(order_path())  # type: ignore[misc]
        await resources.pool.execute("ALTER TABLE after_sales.api_keys RENAME TO keys_away")
        answer = await Caller(client, lambda: platform).get(order_path())
        found = problem(answer, 500, "internal_error")
        assert found["detail"] == "Something went wrong on our side"
    written = log.read_text()
    assert "request_failed" in written
    assert found["request_id"] in written
    keys_and_tokens = platform.split("_", 2)[2], token.rpartition(".")[2], push_token
    for secret in (*keys_and_tokens, TOKEN_SECRET, PUSH_TOKEN_KEY):
        assert secret[:-3] not in written
        assert secret[:-3] not in answer.text

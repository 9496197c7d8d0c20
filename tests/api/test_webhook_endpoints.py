"""Making and changing endpoints over HTTP."""

import asyncio
import json
from datetime import timedelta
from typing import Any

import pytest

from app.clock import ManualClock
from app.event_store.streams import PARTITION_COUNT
from app.resources import Resources
from app.sealing import Seal
from app.settings import Settings
from app.webhooks.endpoints.endpoint import open_headers, open_secrets
from app.webhooks.endpoints.service import ENDPOINTS_MAX
from app.webhooks.signing import PrivateKey, parse_secret, public_key_of
from tests.support.api import SEALING_KEY, SHOP, Api, Caller, api_settings, running_api
from tests.support.story import done, instant, problem

ENDPOINTS = f"/v1/shops/{SHOP}/webhook-endpoints"
OF_PLATFORM = "/v1/platform/webhook-endpoints"
URL = "https://shop.example.com/hooks"
HOUR = timedelta(hours=1)


async def made(caller: Caller, path: str = ENDPOINTS, **settings: Any) -> dict[str, Any]:
    """Make an endpoint and return it with its secret."""
    body = {"url": URL, **settings}
    key = f"key-{json.dumps(settings, sort_keys=True).encode().hex()[:100]}"
    return done(await caller.post(path, body, key=key), 201)


async def test_an_endpoint_shows_its_secret_once_and_its_headers_never(api: Api) -> None:
    endpoint = await made(
        api.merchant,
        description="Order system",
        event_types=["ticket.created", "entry.opened", "ticket.created"],
        ordered=True,
        rate_per_second=5,
        headers={"Authorization": "Bearer of-the-receiver"},
    )
    assert endpoint["secret"].startswith("whsec_")
    one = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    shown = await api.merchant.get(one)
    assert done(shown) == {name: value for name, value in endpoint.items() if name != "secret"}
    assert shown.headers["etag"] == '"1"'
    assert endpoint["event_types"] == ["ticket.created", "entry.opened"]
    assert endpoint["header_names"] == ["Authorization"]
    for path in (one, ENDPOINTS, f"{one}/changes"):
        text = (await api.merchant.get(path)).text
        assert "of-the-receiver" not in text
        assert endpoint["secret"] not in text
    rows = await api.resources.pool.fetch("SELECT * FROM after_sales.webhook_endpoints")
    stored = str([dict(row) for row in rows])
    assert "of-the-receiver" not in stored
    assert endpoint["secret"].removeprefix("whsec_") not in stored


async def test_what_is_sealed_opens_for_its_own_endpoint_only(api: Api) -> None:
    endpoint = await made(api.merchant, headers={"X-Key": "a-key"})
    (row,) = await api.resources.pool.fetch("SELECT * FROM after_sales.webhook_endpoints")
    seal = Seal([b"keeps secrets of tests secret!!!"])
    assert api.app.state.services.seal is not None, SEALING_KEY
    secrets = open_secrets(seal, row["endpoint_id"], row["secrets_sealed"])
    assert secrets.newest == endpoint["secret"]
    private = parse_secret(secrets.private[0].secret)
    assert isinstance(private, PrivateKey)
    assert public_key_of(private) == endpoint["public_key"]
    assert open_headers(seal, row["endpoint_id"], row["headers_sealed"]) == {"X-Key": "a-key"}


async def test_the_same_request_again_makes_nothing_and_says_the_same(api: Api) -> None:
    body = {"url": URL}
    first, again = [await api.merchant.post(ENDPOINTS, body, key="one") for _ in range(2)]
    assert again.json() == first.json()
    assert again.headers["idempotency-replayed"] == "true"
    other = await api.merchant.post(ENDPOINTS, {"url": f"{URL}/2"}, key="one")
    problem(other, 422, "idempotency_key_reused")
    problem(await api.merchant.post(ENDPOINTS, body), 422, "idempotency_key_required")
    kept = await api.resources.pool.fetch("SELECT response FROM after_sales.idempotency_keys")
    assert first.json()["secret"].encode() not in b"".join(row["response"] for row in kept)
    assert len(done(await api.merchant.get(ENDPOINTS))["endpoints"]) == 1


async def test_the_same_request_twice_at_once_makes_one_endpoint(api: Api) -> None:
    answers = await asyncio.gather(
        *(api.merchant.post(ENDPOINTS, {"url": URL}, key="one") for _ in range(5))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["secret"] for answer in answers}) == 1


async def test_settings_are_replaced_and_headers_left_unless_given(api: Api) -> None:
    one = f"{ENDPOINTS}/{(await made(api.merchant, headers={'X-Key': 'a'}))['endpoint_id']}"
    changed = done(await api.merchant.put(one, {"url": f"{URL}/new", "ordered": True}))
    assert (changed["url"], changed["ordered"], changed["version"]) == (f"{URL}/new", True, 2)
    assert changed["header_names"] == ["X-Key"]
    same = done(await api.merchant.put(one, {"url": f"{URL}/new", "ordered": True}))
    assert same == changed, "the same again is no change"
    bare = done(await api.merchant.put(one, {"url": URL, "headers": {}}))
    assert (bare["header_names"], bare["ordered"]) == ([], False)


async def test_a_change_on_what_is_no_longer_so_is_refused(api: Api) -> None:
    one = f"{ENDPOINTS}/{(await made(api.merchant))['endpoint_id']}"
    done(await api.merchant.put(one, {"url": f"{URL}/2"}, if_match='"1"'))
    refused = await api.merchant.put(one, {"url": f"{URL}/3"}, if_match='"1"')
    assert problem(refused, 412, "version_stale")["facts"] == {"current_version": 2}
    for what in ("disable", "enable"):
        problem(await api.merchant.post(f"{one}/{what}", if_match='"1"'), 412, "version_stale")
    stale = {"If-Match": '"1"'}
    problem(await api.merchant.send("DELETE", one, headers=stale), 412, "version_stale")


async def test_a_disabled_endpoint_says_why_and_can_be_enabled_again(api: Api) -> None:
    one = f"{ENDPOINTS}/{(await made(api.merchant))['endpoint_id']}"
    disabled = done(await api.merchant.post(f"{one}/disable"))
    assert (disabled["enabled"], disabled["disabled_reason"]) == (False, "by_owner")
    assert instant(disabled["disabled_at"]) == api.clock.now()
    assert done(await api.merchant.post(f"{one}/disable")) == disabled
    enabled = done(await api.merchant.post(f"{one}/enable"))
    assert (enabled["enabled"], enabled["disabled_reason"], enabled["version"]) == (True, None, 3)


async def test_a_rotation_gives_a_new_secret_and_says_how_long_the_old_one_counts(
    api: Api,
) -> None:
    endpoint = await made(api.merchant)
    one = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    rotated = done(await api.merchant.post(f"{one}/rotate-secret", key="rotate"))
    assert rotated["secret"] != endpoint["secret"]
    assert rotated["public_key"] != endpoint["public_key"]
    assert instant(rotated["former_secret_until"]) == api.clock.now() + 24 * HOUR
    again = await api.merchant.post(f"{one}/rotate-secret", key="rotate")
    assert again.json() == rotated, "asked again it does not rotate again"
    for number in range(2):
        done(await api.merchant.post(f"{one}/rotate-secret", key=f"rotate-{number}"))
    refused = await api.merchant.post(f"{one}/rotate-secret", key="too-often")
    problem(refused, 409, "too_many_rotations")
    api.clock.advance(24 * HOUR)
    done(await api.merchant.post(f"{one}/rotate-secret", key="next-day"))


async def test_who_did_what_is_known_after_an_endpoint_is_gone(api: Api) -> None:
    endpoint = await made(api.merchant)
    one = f"{ENDPOINTS}/{endpoint['endpoint_id']}"
    done(await api.platform.put(one, {"url": f"{URL}/2"}))
    done(await api.merchant.post(f"{one}/disable"))
    changes = done(await api.merchant.get(f"{one}/changes"))["changes"]
    told = [(each["kind"], each["actor_role"], each["settings"]["url"]) for each in changes]
    assert told == [
        ("disabled", "merchant", f"{URL}/2"),
        ("changed", "platform", f"{URL}/2"),
        ("created", "merchant", URL),
    ]
    assert (await api.merchant.send("DELETE", one)).status_code == 204
    problem(await api.merchant.get(one), 404, "webhook_endpoint_not_found")
    kinds = await api.resources.pool.fetch(
        "SELECT kind FROM after_sales.webhook_endpoint_changes ORDER BY version"
    )
    assert [row["kind"] for row in kinds] == ["created", "changed", "disabled", "deleted"]


async def test_the_platforms_endpoints_are_in_every_partition_and_its_own(api: Api) -> None:
    endpoint = await made(api.platform, OF_PLATFORM)
    of_shop = await made(api.merchant)
    one = f"{OF_PLATFORM}/{endpoint['endpoint_id']}"
    done(await api.platform.post(f"{one}/rotate-secret", key="rotate"))
    done(await api.platform.put(one, {"url": f"{URL}/2"}))
    copies = await api.resources.pool.fetch(
        "SELECT DISTINCT url, version, secrets_sealed FROM after_sales.webhook_endpoints"
        " WHERE endpoint_id = $1",
        endpoint["endpoint_id"],
    )
    assert [(row["url"], row["version"]) for row in copies] == [(f"{URL}/2", 3)]
    count = "SELECT count(*) FROM after_sales.webhook_endpoints"
    assert await api.resources.pool.fetchval(count) == PARTITION_COUNT + 1
    listed = done(await api.platform.get(OF_PLATFORM))["endpoints"]
    assert [each["endpoint_id"] for each in listed] == [endpoint["endpoint_id"]]
    other = f"{OF_PLATFORM}/{of_shop['endpoint_id']}"
    problem(await api.platform.get(other), 404, "webhook_endpoint_not_found")
    assert (await api.platform.send("DELETE", one)).status_code == 204
    assert await api.resources.pool.fetchval(count) == 1


async def test_endpoints_are_paged_through_in_the_order_they_were_made(api: Api) -> None:
    ids = [(await made(api.merchant, description=str(n)))["endpoint_id"] for n in range(5)]
    seen: list[str] = []
    cursor = None
    while True:
        place: dict[str, Any] = {} if cursor is None else {"cursor": cursor}
        page = done(await api.merchant.get(ENDPOINTS, {"limit": 2, **place}))
        seen += [each["endpoint_id"] for each in page["endpoints"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == ids
    problem(await api.merchant.get(ENDPOINTS, {"cursor": "odd"}), 422, "cursor_invalid")


async def test_an_owner_has_so_many_endpoints_and_no_more(api: Api) -> None:
    for number in range(ENDPOINTS_MAX):
        await made(api.merchant, description=str(number))
    refused = await api.merchant.post(ENDPOINTS, {"url": URL}, key="one-more")
    facts = problem(refused, 409, "too_many_webhook_endpoints")["facts"]
    assert facts == {"endpoints_max": ENDPOINTS_MAX}


@pytest.mark.parametrize(
    ("odd", "code"),
    [
        ({"url": "https://user:secret@shop.example.com/"}, "webhook_url_refused"),
        ({"url": "ftp://shop.example.com/"}, "webhook_url_refused"),
        ({"url": "https://shop.example.com:port/"}, "webhook_url_refused"),
        ({"url": "https:///hooks"}, "webhook_url_refused"),
        ({"url": "https://shop.example.com/#part"}, "webhook_url_refused"),
        ({"headers": {"Webhook-Id": "mine"}}, "webhook_header_refused"),
        ({"headers": {"content-length": "0"}}, "webhook_header_refused"),
        ({"headers": {"X Key": "a"}}, "webhook_header_refused"),
        ({"headers": {"X-Key": "a\nb"}}, "request_invalid"),
        ({"event_types": ["ticket.invented"]}, "request_invalid"),
        ({"event_types": []}, "request_invalid"),
        ({"rate_per_second": 0}, "request_invalid"),
        ({"api_version": "2001-01-01"}, "request_invalid"),
    ],
)
async def test_what_could_never_be_sent_to_is_refused_at_once(
    api: Api, odd: dict[str, Any], code: str
) -> None:
    refused = await api.merchant.post(ENDPOINTS, {"url": URL, **odd}, key="odd")
    problem(refused, 422, code)
    assert done(await api.merchant.get(ENDPOINTS))["endpoints"] == []


async def test_without_a_key_to_keep_secrets_with_no_endpoint_is_made(
    settings: Settings, clock: ManualClock, resources: Resources
) -> None:
    keyless = api_settings(settings, sealing_key=None)
    async with running_api(keyless, clock, resources) as api:
        refused = await api.merchant.post(ENDPOINTS, {"url": URL}, key="one")
        problem(refused, 503, "sealing_not_configured")

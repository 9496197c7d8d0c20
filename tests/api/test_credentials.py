"""Credentials over HTTP: what opens nothing, when that takes effect, and what is never told."""

from datetime import timedelta

import jwt

from app.access.keys import create_key, end_key, rotate_key
from app.access.scopes import Scope
from app.event_store.recorded_event import Role
from tests.support.api import BUYER, SHOP, TOKEN_SIGNING_KEY, Api, Caller
from tests.support.story import (
    OPEN,
    a_refund,
    done,
    order_path,
    orders_of,
    problem,
    received,
    registered,
)

CACHED_FOR = timedelta(seconds=5)


def secret_of(caller: Caller) -> str:
    """Return the part of a key that nobody else may know."""
    credential = caller.credential()
    assert credential is not None
    return credential.split("_", 2)[2]


def key_id_of(caller: Caller) -> str:
    """Return the part of a key that may be known."""
    credential = caller.credential()
    assert credential is not None
    return credential.split("_")[1]


async def test_whoever_shows_no_valid_credential_is_told_how_to_and_nothing_else(api: Api) -> None:
    await registered(api)
    key = str(api.merchant.credential())
    headers = (
        None,
        "",
        "Bearer",
        f"Basic {key}",
        key,
        f"Bearer {key}x",
        f"Bearer {key[:-1]}",
        "Bearer ask_",
        "Bearer ask_00_x",
        "Bearer ask_zz0000_x",
        "Bearer ask_000000000000000000_" + "a" * 43,
        f"Bearer ask_{key_id_of(api.merchant)}_{secret_of(api.platform)}",
        "Bearer " + "a" * 5_000,
        "Bearer a.b.c",
        "Bearer \xe9\xff",
        "Bearer ask_\xe9\xff_\xe9",
    )
    for header in headers:
        sent = {} if header is None else {b"Authorization": header.encode("latin-1")}
        answer = await api.client.get(order_path(), headers=sent)
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer"
        assert secret_of(api.merchant)[:20] not in answer.text


async def test_the_scheme_may_be_written_in_any_case(api: Api) -> None:
    await registered(api)
    headers = {"Authorization": f"bearer  {api.merchant.credential()}"}
    done(await api.client.get(order_path(), headers=headers))


async def test_a_revoked_key_opens_nothing_within_the_cached_seconds(api: Api) -> None:
    await registered(api)
    done(await api.merchant.get(order_path()))
    await end_key(api.resources.pool, key_id_of(api.merchant), api.clock.now())
    api.clock.advance(CACHED_FOR)
    problem(await api.merchant.get(order_path()), 401, "unauthenticated")
    api.clock.advance(CACHED_FOR)
    problem(await api.merchant.get(order_path()), 401, "unauthenticated")


async def test_an_expired_key_opens_nothing_from_that_very_instant(api: Api) -> None:
    await registered(api)
    ends = api.clock.now() + timedelta(seconds=2)
    key = await create_key(
        api.resources.pool, role=Role.MERCHANT, shop_id=SHOP, name="brief", expires_at=ends
    )
    done(await api.bearer(key).get(order_path()))
    api.clock.advance(timedelta(seconds=2))
    problem(await api.bearer(key).get(order_path()), 401, "unauthenticated")


async def test_a_rotated_key_works_beside_the_new_one_until_its_end(api: Api) -> None:
    await registered(api)
    until = api.clock.now() + timedelta(hours=24)
    new = api.bearer(await rotate_key(api.resources.pool, key_id_of(api.merchant), until))
    for caller in (api.merchant, new):
        done(await caller.get(order_path()))
    api.clock.advance(timedelta(hours=24))
    problem(await api.merchant.get(order_path()), 401, "unauthenticated")
    done(await new.get(order_path()))


async def test_a_key_without_a_scope_is_told_which(api: Api) -> None:
    await received(api)
    key = await create_key(
        api.resources.pool,
        role=Role.MERCHANT,
        shop_id=SHOP,
        name="reader",
        scopes=[Scope.ORDERS_READ],
    )
    reader = api.bearer(key)
    done(await reader.get(order_path()))
    answer = await reader.post(
        f"{order_path()}/after-sales-entry/open", {"cost_acknowledged": True}
    )
    assert problem(answer, 403, "scope_missing")["facts"] == {"scope": "entries:write"}


async def test_a_token_signed_with_the_private_key_is_as_good_as_one_with_the_secret(
    api: Api,
) -> None:
    await registered(api)
    now = int(api.clock.now().timestamp())
    claims = {"iss": "aftersales", "aud": "aftersales-api", "sub": BUYER, "iat": now}
    good = jwt.encode({**claims, "exp": now + 600}, TOKEN_SIGNING_KEY, algorithm="EdDSA")
    done(await api.bearer(good).get(order_path()))
    long = jwt.encode({**claims, "exp": now + 3_601}, TOKEN_SIGNING_KEY, algorithm="EdDSA")
    problem(await api.bearer(long).get(order_path()), 401, "unauthenticated")


async def test_a_token_is_good_until_it_expires_even_if_it_was_seen_before(api: Api) -> None:
    await registered(api)
    token = api.bearer(api.token(life=timedelta(seconds=3)))
    done(await token.get(order_path()))
    api.clock.advance(timedelta(seconds=3))
    problem(await token.get(order_path()), 401, "unauthenticated")


async def test_malformed_requests_of_strangers_say_no_more_than_that_they_are_strangers(
    api: Api,
) -> None:
    await registered(api)
    answers = [
        await api.nobody.post(orders_of(), {"no": "order"}),
        await api.nobody.get(order_path(), {"as_of": "yesterday"}),
        await api.nobody.get(order_path(), {"colour": "red"}),
        await api.nobody.get(order_path("a" * 65)),
        await api.nobody.post(f"{order_path()}/refund-requests", {}),
    ]
    for answer in answers:
        problem(answer, 401, "unauthenticated")


async def test_no_credential_is_kept_anywhere_in_the_database(api: Api) -> None:
    token = api.token()
    await received(api)
    done(await api.merchant.post(f"{order_path()}/after-sales-entry/open", OPEN, key="k"))
    done(await api.bearer(token).post(f"{order_path()}/refund-requests", a_refund(), key="k"), 201)
    await api.follow()
    pool = api.resources.pool
    tables = await pool.fetch(
        "SELECT tablename FROM pg_catalog.pg_tables WHERE schemaname = 'after_sales'"
    )
    assert len(tables) > 5
    for (table,) in tables:
        kept = "".join(
            row["row"]
            for row in await pool.fetch(f"SELECT t::text AS row FROM after_sales.{table} AS t")
        )
        for secret in (secret_of(api.platform), secret_of(api.merchant), token):
            assert secret not in kept
            assert secret.encode().hex() not in kept

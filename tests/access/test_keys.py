"""API keys as they are kept: made once, found by their secret alone, ended for good."""

from datetime import timedelta

import pytest

from app.access.keys import (
    KeyNotFound,
    ScopeNotOfRole,
    create_key,
    end_key,
    find_key,
    list_keys,
    rotate_key,
)
from app.access.scopes import SCOPES_OF_ROLE, Scope
from app.event_store.recorded_event import Role
from app.event_store.streams import partition_of
from app.postgres.pool import Pool
from app.resources import Resources
from tests.conftest import START

SHOP = "shop-1"
LATER = START + timedelta(hours=1)


@pytest.fixture
def pool(resources: Resources) -> Pool:
    """Return the pool of this test's database."""
    return resources.pool


async def merchants_key(pool: Pool, shop_id: str = SHOP, **given: object) -> str:
    """Make a key of a merchant."""
    return await create_key(pool, role=Role.MERCHANT, shop_id=shop_id, name="till", **given)  # type: ignore[arg-type]


async def test_a_key_is_found_by_itself_with_its_role_shop_and_scopes(pool: Pool) -> None:
    found = await find_key(pool, await merchants_key(pool))
    assert found is not None
    assert (found.role, found.shop_id, found.name) == (Role.MERCHANT, SHOP, "till")
    assert found.scopes == SCOPES_OF_ROLE[Role.MERCHANT]
    platform = await create_key(pool, role=Role.PLATFORM, shop_id=None, name="orders")
    found = await find_key(pool, platform)
    assert found is not None
    assert found.shop_id is None


async def test_nothing_but_the_whole_key_finds_it(pool: Pool) -> None:
    key = await merchants_key(pool)
    prefix, key_id, secret = key.split("_", 2)
    other = (await merchants_key(pool)).split("_", 2)
    for wrong in (
        "",
        prefix,
        f"{prefix}_{key_id}",
        f"{prefix}_{key_id}_",
        f"{prefix}_{key_id}_{secret[:-1]}",
        f"{prefix}_{key_id}_{secret}x",
        f"{prefix}_{key_id}_{secret.swapcase()}",
        f"{prefix}_{key_id}_{other[2]}",
        f"{prefix}_{other[1]}_{secret}",
        f"{prefix.upper()}_{key_id}_{secret}",
        f"{prefix}_zz{key_id[2:]}_{secret}",
        f"{prefix}_ff{key_id[2:]}_{secret}",
        f"{prefix}_{key_id}_\udcff",
    ):
        assert await find_key(pool, wrong) is None, wrong


async def test_only_the_hash_of_the_secret_is_kept(pool: Pool) -> None:
    key = await merchants_key(pool)
    row = await pool.fetchrow("SELECT k::text AS row FROM after_sales.api_keys AS k")
    assert row is not None
    assert key.split("_", 2)[2] not in row["row"]
    assert key not in row["row"]


async def test_a_use_is_noted_for_the_right_secret_only(pool: Pool) -> None:
    key = await merchants_key(pool)
    await find_key(pool, key + "x")
    (kept,) = await list_keys(pool, SHOP)
    assert kept.last_used_at is None
    await find_key(pool, key)
    (kept,) = await list_keys(pool, SHOP)
    assert kept.last_used_at is not None


async def test_a_revoked_key_is_good_until_then_and_never_again(pool: Pool) -> None:
    key = await merchants_key(pool)
    await end_key(pool, key.split("_")[1], START)
    await end_key(pool, key.split("_")[1], LATER)
    found = await find_key(pool, key)
    assert found is not None
    assert found.valid_at(START - timedelta(microseconds=1))
    assert not found.valid_at(START)


async def test_an_expiring_key_is_good_up_to_its_expiry(pool: Pool) -> None:
    found = await find_key(pool, await merchants_key(pool, expires_at=START))
    assert found is not None
    assert found.valid_at(START - timedelta(microseconds=1))
    assert not found.valid_at(START)


async def test_rotation_gives_a_key_of_the_same_rights_and_ends_the_old_one_later(
    pool: Pool,
) -> None:
    key = await merchants_key(pool, scopes=[Scope.ORDERS_READ], expires_at=LATER)
    new = await find_key(pool, await rotate_key(pool, key.split("_")[1], START))
    old = await find_key(pool, key)
    assert old is not None
    assert new is not None
    assert (new.shop_id, new.scopes, new.expires_at) == (
        SHOP,
        frozenset({Scope.ORDERS_READ}),
        LATER,
    )
    assert new.valid_at(START)
    assert old.valid_at(START - timedelta(seconds=1))
    assert not old.valid_at(START)


async def test_unknown_keys_can_be_neither_ended_nor_rotated(pool: Pool) -> None:
    for key_id in ("", "zz", "00ffffffffffffffff", "ff00000000000000ff"):
        with pytest.raises(KeyNotFound):
            await end_key(pool, key_id, START)
        with pytest.raises(KeyNotFound):
            await rotate_key(pool, key_id, START)


async def test_a_revoked_key_is_not_rotated_back_into_its_rights(pool: Pool) -> None:
    key_id = (await merchants_key(pool)).split("_")[1]
    await end_key(pool, key_id, START)
    with pytest.raises(KeyNotFound):
        await rotate_key(pool, key_id, LATER)


async def test_a_key_holds_no_more_than_its_role_can(pool: Pool) -> None:
    with pytest.raises(ScopeNotOfRole):
        await merchants_key(pool, scopes=[Scope.ORDERS_WRITE])
    with pytest.raises(ValueError, match="names its shop"):
        await create_key(pool, role=Role.MERCHANT, shop_id=None, name="x")
    with pytest.raises(ValueError, match="names its shop"):
        await create_key(pool, role=Role.PLATFORM, shop_id=SHOP, name="x")
    assert await list_keys(pool, SHOP) == []


async def test_each_shop_lists_its_own_keys_even_beside_others_of_its_partition(
    pool: Pool,
) -> None:
    neighbour = next(
        name
        for name in (f"shop-{number}" for number in range(2, 10_000))
        if partition_of(name) == partition_of(SHOP)
    )
    await merchants_key(pool)
    await merchants_key(pool, neighbour)
    assert [key.shop_id for key in await list_keys(pool, SHOP)] == [SHOP]
    assert [key.shop_id for key in await list_keys(pool, neighbour)] == [neighbour]
    assert await list_keys(pool, None) == []

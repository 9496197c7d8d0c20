"""Keys, and what a merchant asks for with them."""

import asyncpg
from uuid_utils.compat import uuid7

from app.access.keys import create_key
from app.event_store.recorded_event import Role
from tools.bench.http_load import http_request
from tools.bench.orders import SHOPS, shop_number

OPENING_BODY = b'{"cost_acknowledged": true}'


async def merchant_keys(connection: "asyncpg.Connection[asyncpg.Record]") -> dict[str, str]:
    """Make a key for every shop and return them by shop."""
    return {
        shop_id: await create_key(connection, role=Role.MERCHANT, shop_id=shop_id, name="bench")
        for shop_id in map(shop_number, range(SHOPS))
    }


async def platform_key(connection: "asyncpg.Connection[asyncpg.Record]") -> str:
    """Make a key of the platform."""
    return await create_key(connection, role=Role.PLATFORM, shop_id=None, name="bench")


def opening(keys: dict[str, str], shop_id: str, order_id: str) -> bytes:
    """Return the request that opens the entry of an order, under a new key."""
    return http_request(
        "POST",
        f"/v1/shops/{shop_id}/orders/{order_id}/after-sales-entry/open",
        OPENING_BODY,
        authorization=f"Bearer {keys[shop_id]}",
        idempotency_key=str(uuid7()),
    )

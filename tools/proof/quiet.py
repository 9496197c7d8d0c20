"""When everything has come to its end, or why it has not."""

import asyncio
import time
from collections.abc import Callable

import asyncpg

from tools.proof.driver import Agreed, Driver
from tools.proof.service import Service

QUIET_SECONDS_MAX = 120.0
LOOK_SECONDS = 0.2
TICKETS_AT_ONCE = 8

BEHIND = """
SELECT count(*) FROM after_sales.checkpoints AS c
JOIN after_sales.log_heads AS h ON h.partition_id = c.partition_id
WHERE c.position < h.position
"""
ON_THEIR_WAY = "SELECT count(*) FROM after_sales.refund_work"


async def wait_until_quiet(
    driver: Driver, service: Service, on_step: Callable[[str, int, int], None]
) -> bool:
    """Wait until every refund has ended, and readers have followed; False if that takes too long.

    What has not ended by then is left to the verdict, which names it.
    """
    deadline = time.monotonic() + QUIET_SECONDS_MAX
    left = list(driver.agreed)
    while time.monotonic() < deadline:
        left = await _not_ended(driver, left)
        on_step("ended", len(driver.agreed) - len(left), len(driver.agreed))
        if not left and await _all_followed(service):
            return True
        await asyncio.sleep(LOOK_SECONDS)
    return False


async def _not_ended(driver: Driver, refunds: list[Agreed]) -> list[Agreed]:
    places = asyncio.Semaphore(TICKETS_AT_ONCE)

    async def ended(refund: Agreed) -> bool:
        async with places:
            return await driver.end_of(refund) is not None

    ends = await asyncio.gather(*map(ended, refunds))
    return [refund for refund, end in zip(refunds, ends, strict=True) if not end]


async def _all_followed(service: Service) -> bool:
    connection = await asyncpg.connect(service.postgres.url())
    try:
        behind = await connection.fetchval(BEHIND)
        return not behind and not await connection.fetchval(ON_THEIR_WAY)
    finally:
        await connection.close()

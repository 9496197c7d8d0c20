"""A list of 100 000 rows, walked by cursor while rows are added, yields every older row once."""

import asyncio
from collections import Counter
from typing import Any

from tests.support.api import SHOP, Api
from tests.support.story import done

FUNDS = f"/v1/shops/{SHOP}/funds"
ROWS = 100_000
NEW = 30

# Copies of a journal that was really booked. Thirty each are of the same instant, so pages begin
# and end among equals.
FILL = """
INSERT INTO after_sales.ledger
    (partition_id, position, shop_id, journal_id, at, kind, order_id, refund_key, accounts, amounts)
SELECT l.partition_id, -n, l.shop_id, l.journal_id || '-' || n,
       l.at - (1 + n / 30) * interval '1 s', l.kind, l.order_id, l.refund_key, l.accounts, l.amounts
FROM after_sales.ledger AS l, generate_series(1, $1::integer) AS n
WHERE l.partition_id = ANY ($2::smallint[])
"""


async def test_every_older_row_is_listed_once_while_rows_are_added(api: Api) -> None:
    await _top_up(api, "first")
    ((first,), _) = await _page(api, None)
    await api.resources.pool.execute(FILL, ROWS, list(range(64)))
    adding = asyncio.create_task(_add(api))
    found, pages, cursor = Counter[str](), 0, None
    while pages == 0 or cursor is not None:
        journals, cursor = await _page(api, cursor)
        found.update(journals)
        pages += 1
        assert pages <= 2 * ROWS // 200, "the walk does not end"
    await adding
    older = {first, *(f"{first}-{number}" for number in range(1, ROWS + 1))}
    assert older <= set(found)
    assert set(found.values()) == {1}
    (beginning, _) = await _page(api, None)
    assert len(set(beginning) - older) >= NEW, "they were added at the end that was walked from"


async def _add(api: Api) -> None:
    for number in range(NEW):
        await _top_up(api, f"later-{number}")


async def _top_up(api: Api, reference: str) -> None:
    body: dict[str, Any] = {"reference": reference, "account": "deposit", "amount": 5_000}
    done(await api.platform.post(f"{FUNDS}/top-ups", body, key=reference), 201)
    await api.follow()


async def _page(api: Api, cursor: str | None) -> tuple[list[str], str | None]:
    query = {"limit": 200} if cursor is None else {"limit": 200, "cursor": cursor}
    page = done(await api.merchant.get(f"{FUNDS}/ledger", query))
    return [journal["journal_id"] for journal in page["journals"]], page["next_cursor"]

"""Fills a log with many events quickly: COPY, with dense positions and the heads set to them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import islice

import asyncpg

from app.event_store.streams import order_stream, partition_of
from tools.bench.baseline import EVENT_COLUMNS, EventRow, event_row
from tools.bench.orders import encoded, opened_order, received_order, shop_number

Places = Sequence[tuple[str, str]]

_CHUNK_ROWS = 20_000
_SET_HEAD = "UPDATE after_sales.log_heads SET position = $2 WHERE partition_id = $1"


async def fill_with_orders(url: str, events: int, *, opened_share: float = 0.5) -> Places:
    """Write at least so many events of orders, a share of them opened; return those that are not.

    An order is three events, one whose entry is opened four. Not through the service.
    """
    connection = await asyncpg.connect(url)
    heads: defaultdict[int, int] = defaultdict(int)
    places: list[tuple[str, str]] = []
    try:
        rows = _rows(events, opened_share, heads, places)
        while chunk := list(islice(rows, _CHUNK_ROWS)):
            await connection.copy_records_to_table(
                "events", schema_name="after_sales", columns=EVENT_COLUMNS, records=chunk
            )
        await connection.executemany(_SET_HEAD, list(heads.items()))
    finally:
        await connection.close()
    return places


def _rows(
    events: int, opened_share: float, heads: dict[int, int], places: list[tuple[str, str]]
) -> Iterator[EventRow]:
    written = number = 0
    while written < events:
        shop_id, order_id = shop_number(number), f"filled-{number:08d}"
        opened = number % 100 < opened_share * 100
        history = (opened_order if opened else received_order)(shop_id, order_id)
        if not opened:
            places.append((shop_id, order_id))
        partition_id = partition_of(shop_id)
        for version, event in enumerate(map(encoded, history), start=1):
            heads[partition_id] += 1
            place = (partition_id, heads[partition_id])
            yield event_row(place, order_stream(shop_id, order_id), version, event)
        written += len(history)
        number += 1

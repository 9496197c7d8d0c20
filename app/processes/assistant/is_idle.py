"""Whether the assistant has had its say on everything asked for in a shop so far."""

from app.event_store.connections import Queryable
from app.event_store.streams import streams_of_shop
from app.processes.assistant.reader import AssistantReader
from app.shop_clocks.advancing import reader_is_current

FIND_WORK = """
SELECT w.ticket_version FROM after_sales.assistant_work AS w
WHERE w.partition_id = $1 AND w.stream_id >= $2 AND w.stream_id < $3
LIMIT 1
"""


async def nothing_to_judge(database: Queryable, partition_id: int, shop_id: str) -> bool:
    """Tell whether no application of a shop waits to be judged, noted down or not."""
    if not await reader_is_current(database, AssistantReader().name, partition_id, shop_id):
        return False
    return not await database.fetch(FIND_WORK, partition_id, *streams_of_shop(shop_id))

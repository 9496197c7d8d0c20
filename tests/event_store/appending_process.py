"""A process that appends: `python -m tests.event_store.appending_process URL NAME STREAMS`.

Every stream gets three events at once, in one of two partitions; the stream's name is printed when
the append has been acknowledged.
"""

import asyncio
import sys

import asyncpg

from app.event_store.append import Written
from app.event_store.append_batcher import AppendBatcher
from tests.event_store.samples import returns

CLIENTS = 8
PARTITIONS = (1, 2)
EVENTS_PER_STREAM = 3


async def main(url: str, name: str, streams: int) -> None:
    """Append streams from several clients at once."""
    numbers = iter(range(streams))

    async def append_some() -> None:
        for number in numbers:
            stream_id = f"{name}-{number}"
            outcome = await batcher.append(
                returns(
                    stream_id,
                    readers=("ada", "bob", "cyd"),
                    partition_id=PARTITIONS[number % len(PARTITIONS)],
                )
            )
            assert type(outcome) is Written
            print(stream_id, flush=True)  # noqa: T201 - it is how the parent hears of it

    async with AppendBatcher(lambda: asyncpg.connect(url)) as batcher:
        await asyncio.gather(*(append_some() for _ in range(CLIENTS)))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3])))

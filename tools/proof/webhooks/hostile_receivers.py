"""`python -m tools.proof.webhooks.hostile_receivers`: every hostile receiver, in its own process.

What they do costs their own time and none of those that are measured. Prints a URL a line, and ends
with its standard input.
"""

import asyncio
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack

from tests.webhooks.receivers import (
    Behaviour,
    Resetting,
    endless_body,
    endless_headers,
    gone,
    gzip_bomb,
    never_accepting,
    nobody,
    receiving,
    redirecting,
    silent,
    slow_body,
    slow_headers,
    throttling,
)

HOSTILE: Sequence[Behaviour] = (
    *(silent, slow_headers(), slow_body(), endless_body(), endless_headers()),
    *(gzip_bomb(), Resetting(), redirecting("http://169.254.169.254/"), gone()),
    *(throttling(429, "3600"), throttling(503)),
)


async def main() -> None:
    """Serve them all until the process is ended."""
    async with AsyncExitStack() as stack:
        for behaviour in HOSTILE:
            receiver = await stack.enter_async_context(receiving(behaviour))
            print(receiver.url("127.0.0.1"), flush=True)  # noqa: T201 - the caller reads the address here
        for nowhere in (nobody(), never_accepting()):
            receiver = await stack.enter_async_context(nowhere)
            print(receiver.url("127.0.0.1"), flush=True)  # noqa: T201
        print(flush=True)  # noqa: T201
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(main())

"""A worker that dies between the call and its record: `python -m ... DATABASE URL NOW`.

It sends what is due, prints the provider's answer, and hangs until it is killed.
"""

import asyncio
import sys
from base64 import b64decode
from dataclasses import dataclass
from datetime import datetime

import asyncpg

from app.clock import ManualClock
from app.notifications.push.provider import PushMessage, PushOutcome, PushProvider, http_provider
from app.notifications.push.worker import PushWorker
from app.sealing import Seal
from tests.support.api import PUSH_TOKEN_KEY
from tests.support.pushes import SECRET


@dataclass(frozen=True, slots=True)
class HangingProvider:
    """Sends like the other one, says so, and never returns."""

    provider: PushProvider

    async def send(self, message: PushMessage) -> PushOutcome:
        """Send a message and hang."""
        outcome = await self.provider.send(message)
        print(message.id, type(outcome).__name__, flush=True)  # noqa: T201 - the parent listens
        await asyncio.Event().wait()
        return outcome


async def main(database: str, url: str, now: str) -> None:
    """Send what is due and hang."""
    clock = ManualClock(datetime.fromisoformat(now))
    async with (
        asyncpg.create_pool(database, min_size=0) as pool,
        http_provider(url, SECRET, clock) as provider,
    ):
        seal = Seal([b64decode(PUSH_TOKEN_KEY)])
        await PushWorker(pool, HangingProvider(provider), seal, clock).run_once()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))

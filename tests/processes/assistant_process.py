"""A process that judges: `python -m tests.processes.assistant_process URL MINUTES`.

Its clock stands that many minutes after the others'. It prints each ticket it has judged, before
the work is done away with, and goes on until killed.
"""

import asyncio
import sys
from datetime import timedelta

from app.clock import ManualClock
from app.command_handling.opening import open_command_handler
from app.processes.assistant.rule_evaluation import Assistant, Work
from app.processes.assistant.worker import AssistantLimits, AssistantWorker
from app.resources import open_resources
from app.settings import Settings
from tests.processes.assistant_cases import NOW
from tests.projections.event_log import CODEC

LIMITS = AssistantLimits(concurrency_max=3, poll_seconds=0.01)


async def main(url: str, minutes: int) -> None:
    """Judge until killed."""
    clock = ManualClock(NOW + timedelta(minutes=minutes))
    settings = Settings(_env_file=None, database_url=url, log_level="WARNING")
    async with (
        open_resources(settings, clock) as resources,
        open_command_handler(resources, clock) as handler,
    ):
        assistant = Assistant(resources.pool, CODEC, handler.handle)

        async def judge_and_tell(work: Work) -> None:
            await assistant.judge(work)
            print(f"judged {work.ticket_id}", flush=True)  # noqa: T201 - the parent listens

        worker = AssistantWorker(resources.pool, judge_and_tell, clock, limits=LIMITS)
        await worker.run(asyncio.Event())


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))

"""`aftersales rebuild`: make what a reader keeps again from the log."""

from typing import Annotated

import typer
from rich.progress import Progress, TaskID

from app.cli.console import err, run
from app.cli.context import ready_resources
from app.cli.errors import CommandFailed, ExitCode
from app.event_store.partitions import PARTITION_COUNT
from app.event_types.registry import event_codec
from app.projection_registry import READERS
from app.projections.checkpoints import ensure_checkpoints
from app.projections.rebuild import Rebuild, RebuildFailed, RebuildProgress

REBUILDABLE = {reader.name: reader for reader in READERS}


def rebuild(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(REBUILDABLE)}.")],
) -> None:
    """Make what a reader keeps again from the log, while the service goes on serving.

    Everybody sees a partition's old rows until its new ones are complete. Nothing is sent to
    anybody outside.

    Example: aftersales rebuild operation_log
    """
    if name not in REBUILDABLE:
        raise CommandFailed.wrong_use(
            f"there is no reader {name}", f"choose one of: {', '.join(REBUILDABLE)}"
        )
    try:
        replayed = run(_rebuild(name))
    except RebuildFailed as error:
        raise CommandFailed(
            str(error),
            "mend the cause and repeat; the old rows are untouched",
            ExitCode.FOUND_FAULTS,
        ) from error
    err.print(f"{name} is rebuilt from {replayed:,} events.")


async def _rebuild(name: str) -> int:
    reader = REBUILDABLE[name]
    with Progress(console=err, disable=not err.is_terminal) as progress:
        shown = _Shown(progress, progress.add_task(name, total=PARTITION_COUNT))
        async with ready_resources() as resources:
            async with resources.pool.acquire() as connection:
                await ensure_checkpoints(connection, [name])
            return await Rebuild(
                pool=resources.pool,
                codec=event_codec(),
                reader=reader,
                on_progress=shown.show,
            ).run()


class _Shown:
    """Shows a rebuild as a bar over all partitions, empty ones taking no time."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def show(self, reached: RebuildProgress) -> None:
        done = reached.partition_id + reached.position / max(reached.head, 1)
        self._progress.update(self._task, completed=done)

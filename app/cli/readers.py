"""`aftersales readers`: how far the readers of the log are, and setting a stopped one going."""

from collections.abc import Iterator
from typing import Annotated

import typer

from app.cli.console import err, run, show_table
from app.cli.context import ready_resources
from app.cli.errors import CommandFailed, ExitCode
from app.event_store.partitions import PARTITION_COUNT
from app.projections.checkpoints import Checkpoint, list_checkpoints
from app.projections.checkpoints import resume as resume_reader

readers = typer.Typer(
    invoke_without_command=True, help="Show how far the readers are; set a stopped one going."
)


@readers.callback()
def status(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="A line for every partition, not only for those behind.")
    ] = False,
) -> None:
    """Show each reader's position, lag and error; exit with 1 if one is stopped.

    Partitions in which a reader has applied everything are summed up in one line.

    Example: aftersales readers --all
    """
    if context.invoked_subcommand is not None:
        return
    checkpoints = run(_checkpoints())
    columns = ("reader", "partition", "position", "lag", "status", "error")
    show_table(columns, _rows(checkpoints, everything=everything))
    stopped = [one for one in checkpoints if one.status == "stopped"]
    if stopped:
        first = stopped[0]
        raise CommandFailed(
            f"{first.reader} stopped in partition {first.partition_id} at position "
            f"{first.failed_position}",
            "mend the cause, then run: "
            f"aftersales readers resume {first.reader} {first.partition_id}",
            ExitCode.FOUND_FAULTS,
        )


@readers.command()
def resume(
    reader: Annotated[str, typer.Argument(help="The reader's name.")],
    partition: Annotated[int, typer.Argument(min=0, max=PARTITION_COUNT - 1)],
) -> None:
    """Let a stopped reader try again where it stopped.

    Example: aftersales readers resume tickets 12
    """
    if not run(_resume(reader, partition)):
        raise CommandFailed.wrong_use(
            f"no reader {reader} is stopped in partition {partition}", "run: aftersales readers"
        )
    err.print(f"{reader} goes on in partition {partition}.")


async def _checkpoints() -> list[Checkpoint]:
    async with ready_resources() as resources:
        return await list_checkpoints(resources.pool)


async def _resume(reader: str, partition_id: int) -> bool:
    async with ready_resources() as resources:
        return await resume_reader(resources.pool, reader, partition_id)


def _rows(checkpoints: list[Checkpoint], *, everything: bool) -> Iterator[tuple[str, ...]]:
    for reader in dict.fromkeys(one.reader for one in checkpoints):
        own = [one for one in checkpoints if one.reader == reader]
        singled_out = [one for one in own if everything or one.lag or one.status == "stopped"]
        level = [one for one in own if one not in singled_out]
        if level:
            total = sum(one.position for one in level)
            yield reader, f"{len(level)} level", str(total), "0", "running", ""
        for one in singled_out:
            place = str(one.partition_id), str(one.position), str(one.lag)
            yield reader, *place, one.status, one.error or ""

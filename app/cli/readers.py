"""`aftersales readers` and `aftersales rebuild`: positions, resume and rebuild."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.progress import Progress

from app.cli.console import CommandFailed, ExitCode, err, show_table
from app.cli.context import on_database
from app.event_store.streams import PARTITION_COUNT
from app.event_types.registry import event_codec
from app.projection_registry import READERS
from app.projections.checkpoints import Checkpoint, ensure_checkpoints, list_checkpoints
from app.projections.checkpoints import resume as resume_reader
from app.projections.rebuild import Rebuild, RebuildFailed, RebuildProgress
from app.resources import Resources

readers = typer.Typer(
    invoke_without_command=True, help="Show the readers' positions; resume a stopped one."
)


@readers.callback()
def status(
    context: typer.Context,
    everything: Annotated[
        bool, typer.Option("--all", help="A line for every partition, not only for those behind.")
    ] = False,
) -> None:
    """Show each reader's position, lag and error; exit with 1 if one is stopped.

    Partitions in which a reader has applied everything are shown together in one line.

    Example: aftersales readers --all
    """
    if context.invoked_subcommand is not None:
        return
    checkpoints = on_database(lambda resources: list_checkpoints(resources.pool))
    columns = ("reader", "partition", "position", "lag", "status", "error")
    show_table(columns, _rows(checkpoints, everything=everything))
    stopped = [one for one in checkpoints if one.status == "stopped"]
    if stopped:
        first = stopped[0]
        raise CommandFailed(
            f"{first.reader} stopped in partition {first.partition_id} at position "
            f"{first.failed_position}",
            "remove the cause, then run: "
            f"aftersales readers resume {first.reader} {first.partition_id}",
            ExitCode.FOUND_FAULTS,
        )


@readers.command()
def resume(
    reader: Annotated[str, typer.Argument(help="The reader's name.")],
    partition: Annotated[int, typer.Argument(min=0, max=PARTITION_COUNT - 1)],
) -> None:
    """Resume a stopped reader at the position where it stopped.

    Example: aftersales readers resume tickets 12
    """
    if not on_database(lambda resources: resume_reader(resources.pool, reader, partition)):
        raise CommandFailed.wrong_use(
            f"no reader {reader} is stopped in partition {partition}", "run: aftersales readers"
        )
    err.print(f"{reader} is resumed in partition {partition}.")


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


REBUILDABLE = {reader.name: reader for reader in READERS}


def rebuild(
    name: Annotated[str, typer.Argument(help=f"One of: {', '.join(REBUILDABLE)}.")],
) -> None:
    """Rebuild a reader's tables from the log while the service runs.

    Queries see a partition's old rows until the new ones are complete. Nothing is sent to
    receivers outside the service.

    Example: aftersales rebuild operation_log
    """
    if name not in REBUILDABLE:
        raise CommandFailed.wrong_use(
            f"there is no reader {name}", f"choose one of: {', '.join(REBUILDABLE)}"
        )
    try:
        replayed = on_database(lambda resources: _rebuild(name, resources))
    except RebuildFailed as error:
        raise CommandFailed(
            str(error),
            "remove the cause and repeat; the old rows are unchanged",
            ExitCode.FOUND_FAULTS,
        ) from error
    err.print(f"{name} is rebuilt from {replayed:,} events.")


async def _rebuild(name: str, resources: Resources) -> int:
    with Progress(console=err, disable=not err.is_terminal) as progress:
        task = progress.add_task(name, total=PARTITION_COUNT)

        def show(reached: RebuildProgress) -> None:  # an empty partition counts like any other
            done = reached.partition_id + reached.position / max(reached.head, 1)
            progress.update(task, completed=done)

        async with resources.pool.acquire() as connection:
            await ensure_checkpoints(connection, [name])
        return await Rebuild(
            pool=resources.pool, codec=event_codec(), reader=REBUILDABLE[name], on_progress=show
        ).run()

"""`aftersales import`: orders from a file, from a pipe, or from the Olist data set."""

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import typer
from typer.core import TyperGroup

from app.cli.console import LOCAL, CommandFailed, Url, duration, err
from tools.importers.lines import CHUNK_LINES_MAX, NumberedLine, numbered_lines
from tools.importers.olist import OlistOrders, OlistUnreadable
from tools.importers.session import ImportSession

STDIN = "-"


HELP = """Import orders into a running service, over HTTP.

`import FILE` (or `import file FILE`) reads NDJSON, `import olist DIR` the public data set.

Example: aftersales import orders.ndjson
"""


class _FileUnlessNamed(TyperGroup):
    """`import orders.ndjson` is short for `import file orders.ndjson`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put the command's name in front of what is none."""
        if args and args[0] not in {*self.commands, "--help"}:
            args = ["file", *args]
        return super().parse_args(ctx, args)


importing = typer.Typer(
    cls=_FileUnlessNamed,
    no_args_is_help=True,
    help=HELP,
)


Key = Annotated[
    str,
    typer.Option(
        envvar="AFTERSALES_API_KEY",
        help="A platform's key; better in the variable than on the command line.",
    ),
]
Results = Annotated[
    Path | None, typer.Option(help="Write the results to this file, not to standard output.")
]
State = Annotated[
    Path | None,
    typer.Option(help="Keep in this file how far the import is [default: FILE.import-state]."),
]
Resume = Annotated[bool, typer.Option("--resume", help="Go on where a killed import stopped.")]
FromLine = Annotated[int, typer.Option(min=1, help="Begin at this line.")]
ChunkLines = Annotated[int, typer.Option(min=1, max=10_000, help="Lines sent in one request.")]


@importing.command()
def file(
    file: Annotated[
        str, typer.Argument(help="Orders as NDJSON, one a line; - for standard input.")
    ],
    *,
    key: Key,
    url: Url = LOCAL,
    results: Results = None,
    state: State = None,
    resume: Resume = False,
    from_line: FromLine = 1,
    chunk_lines: ChunkLines = CHUNK_LINES_MAX,
) -> None:
    """Import orders as NDJSON, one a line, and write a result for each line.

    A refused line is reported with its number in the file, and the others are imported. Repeating
    is safe: what is known stays as it is. Exits with 1 if lines were refused.

    Example: aftersales import orders.ndjson --results results.ndjson

    Example: zcat orders.gz | aftersales import - --url http://127.0.0.1:8080
    """
    state = state or (None if file == STDIN else Path(f"{file}.import-state"))
    session = ImportSession(
        url=url,
        key=key,
        results_path=results,
        state_path=state,
        resume=resume,
        from_line=from_line,
        chunk_lines=chunk_lines,
    )
    with _opened(file) as source:
        file_bytes = None if file == STDIN else os.fstat(source.fileno()).st_size
        session.run(numbered_lines(source), file_bytes)


@importing.command()
def olist(
    folder: Annotated[Path, typer.Argument(help="The folder with the CSV files.", metavar="DIR")],
    *,
    key: Key,
    shift: Annotated[
        timedelta,
        typer.Option(
            parser=duration, metavar="DURATION", help="Move every timestamp on by this: 3000d."
        ),
    ] = "0s",  # type: ignore[assignment]  # typer gives a default to the parser as well
    url: Url = LOCAL,
    results: Results = None,
    state: State = None,
    resume: Resume = False,
    from_line: FromLine = 1,
    chunk_lines: ChunkLines = CHUNK_LINES_MAX,
) -> None:
    """Import the public Olist data set, its timestamps moved on by one constant.

    What contradicts itself is left out or skipped, and each case is named at the end.

    Example: aftersales import olist ../shared/data/olist-1000 --shift 3000d
    """
    session = ImportSession(
        url=url,
        key=key,
        results_path=results,
        state_path=state,
        resume=resume,
        from_line=from_line,
        chunk_lines=chunk_lines,
    )
    try:
        orders = OlistOrders(folder, shift)
        session.run(olist_lines(orders), None, on_end=lambda: _show_remarks(orders))
    except OlistUnreadable as error:
        raise CommandFailed.wrong_use(
            f"this is not the Olist data set: {error}", "name the folder that holds its CSV files"
        ) from error


def olist_lines(orders: OlistOrders) -> Iterator[NumberedLine]:
    """Number the orders of the data set as the lines of an import."""
    for number, line in enumerate(orders.lines(), start=1):
        yield NumberedLine(number, line.model_dump_json(exclude_none=True).encode(), 0)


def _show_remarks(orders: OlistOrders) -> None:
    skipped = sum(remark.skipped for remark in orders.remarks)
    for remark in orders.remarks:
        err.print(f"{remark.order_id}: {remark.text}", markup=False, soft_wrap=True)
    err.print(
        f"Of the data set, {skipped:,} orders were skipped and "
        f"{len(orders.remarks) - skipped:,} facts adapted; each is named above."
    )


@contextmanager
def _opened(file: str) -> Iterator[BinaryIO]:
    if file == STDIN:
        yield sys.stdin.buffer
        return
    with ExitStack() as stack:
        try:
            source = stack.enter_context(Path(file).open("rb"))
        except OSError as error:
            raise CommandFailed.wrong_use(
                f"cannot read {file}: {error.strerror}", "name a file of orders, or - for a pipe"
            ) from error
        yield source

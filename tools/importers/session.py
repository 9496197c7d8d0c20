"""One run of `aftersales import`: its files, its progress on a terminal, its end."""

import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NoReturn

from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from app.cli.console import CommandFailed, ExitCode, Interrupted, err, run
from tools.importers.lines import NumberedLine
from tools.importers.run import Import, Tally
from tools.importers.service import ServiceRefuses, ServiceUnavailable, connected_service
from tools.importers.state import ImportState, OtherFile, StateUnreadable, load_state


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportSession:
    """What the command line said: where to, as whom, where results and state are kept."""

    url: str
    key: str
    results_path: Path | None
    state_path: Path | None
    resume: bool
    from_line: int
    chunk_lines: int

    def run(
        self,
        lines: Iterable[NumberedLine],
        file_bytes: int | None,
        on_end: Callable[[], None] = lambda: None,
    ) -> None:
        """Import the lines and report the results; CommandFailed if any was refused."""
        tally = Tally()
        try:
            with _interruptible(), self._failures_named(tally):
                begin = self._state()
                wanted = (line for line in lines if line.number >= self.from_line)
                with (
                    self._results(begin) as results,
                    self._progress(file_bytes) as shown,
                ):
                    run(self._import(wanted, tally, begin, results=results, shown=shown))
        finally:
            on_end()
            _show(tally)
        if self.state_path is not None:
            self.state_path.unlink(missing_ok=True)
        if tally.refused_count:
            raise CommandFailed(
                f"{tally.refused_count:,} lines were refused",
                "correct them and import again; what is known already stays as it is",
                ExitCode.FOUND_FAULTS,
            )

    async def _import(
        self,
        lines: Iterable[NumberedLine],
        tally: Tally,
        begin: ImportState | None,
        *,
        results: BinaryIO,
        shown: "_ShownProgress",
    ) -> None:
        async with connected_service(self.url, self.key, shown.wait) as service:
            one = Import(
                service=service,
                results=results,
                state_path=self.state_path,
                on_progress=shown.progress,
                chunk_lines=self.chunk_lines,
            )
            await one.run(lines, tally, begin)

    def _state(self) -> ImportState | None:
        if not self.resume:
            return None
        if self.state_path is None or self.from_line > 1:
            raise CommandFailed.wrong_use(
                "there is no telling where to go on",
                "leave out --from-line, and name with --state where the state of a pipe is kept",
            )
        state = load_state(self.state_path)
        if state is None:
            err.print(f"No import left its state in {self.state_path}; beginning at line 1.")
        else:
            err.print(f"Going on after line {state.line:,}.")
        return state

    @contextmanager
    def _results(self, begin: ImportState | None) -> Iterator[BinaryIO]:
        if self.results_path is None:
            yield sys.stdout.buffer
            return
        with self.results_path.open("ab") as file:
            # Results of a chunk that the state does not count come again.
            kept_bytes = 0 if begin is None else begin.results_bytes
            file.truncate(min(kept_bytes, file.tell()))
            yield file

    @contextmanager
    def _progress(self, file_bytes: int | None) -> Iterator["_ShownProgress"]:
        """Show a bar to a person, unless the results scroll by on the same terminal."""
        shown = err.is_terminal and (self.results_path is not None or not sys.stdout.isatty())
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(show_speed=False),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=err, disable=not shown, redirect_stdout=False) as progress:
            yield _ShownProgress(progress, progress.add_task("Importing", total=file_bytes))

    @contextmanager
    def _failures_named(self, tally: Tally) -> Iterator[None]:
        try:
            yield
        except ServiceRefuses as error:
            raise CommandFailed(
                f"the service refuses the import: {error}", _remedy(error)
            ) from error
        except ServiceUnavailable as error:
            raise CommandFailed(
                f"{self.url} took no more lines: {error}", f"see that it runs, then {self._go_on()}"
            ) from error
        except OtherFile as error:
            raise CommandFailed.wrong_use(
                f"the state in {self.state_path} is of other lines than these",
                "leave out --resume to begin at line 1; it is safe to import lines twice",
            ) from error
        except StateUnreadable as error:
            raise CommandFailed.wrong_use(
                f"{self.state_path} holds no state of an import", "leave out --resume"
            ) from error
        except OSError as error:
            raise CommandFailed(
                f"cannot write: {error}", "name other files with --results and --state"
            ) from error
        except Interrupted:
            err.print(f"Interrupted after line {tally.last_line:,}; {self._go_on()}.")
            raise

    def _go_on(self) -> str:
        if self.state_path is None:
            return "repeat the import; what is known already stays as it is"
        return "continue with --resume"


class _ShownProgress:
    """Shows how far an import is, and what it waits for."""

    def __init__(self, progress: Progress, task: TaskID) -> None:
        self._progress = progress
        self._task = task

    def progress(self, line: NumberedLine, tally: Tally) -> None:
        """Move the bar on."""
        text = f"line {line.number:,}, {tally.refused_count:,} refused"
        self._progress.update(self._task, description=text, completed=line.file_bytes)

    def wait(self, reason: str) -> None:
        """Say why nothing moves."""
        self._progress.console.print(f"Waiting: {reason}", markup=False, soft_wrap=True)


def _remedy(error: ServiceRefuses) -> str:
    if error.status in {401, 403}:
        return (
            "use a platform's key: "
            "AFTERSALES_API_KEY=$(aftersales keys create platform --name import)"
        )
    return "see that --url names the service, and that it is of this version"


def _show(tally: Tally) -> None:
    for result in tally.refused:
        faults = "; ".join(f"{e['pointer']} {e['detail']}" for e in result["errors"] or [])
        text = f"Line {result['line']:,}: {result['code']}: {faults or result['detail']}"
        err.print(text, style="red", markup=False, soft_wrap=True)
    if tally.refused_count > len(tally.refused):
        err.print(f"... and {tally.refused_count - len(tally.refused):,} more; see the results.")
    lines = tally.taken + tally.known + tally.refused_count
    err.print(
        f"{lines:,} lines: {tally.taken:,} taken, {tally.known:,} known before, "
        f"{tally.refused_count:,} refused."
    )


@contextmanager
def _interruptible() -> Iterator[None]:
    """Let Ctrl-C and SIGTERM end a wait for a line from a pipe, which asyncio's way does not."""

    def interrupt(*_: object) -> NoReturn:
        raise KeyboardInterrupt

    before = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)

"""How far an import has come, kept in a file so that a killed one goes on where it was."""

import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from tools.importers.lines import NumberedLine


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportState:
    """The last line done, a digest of all lines up to it, and how many bytes of results."""

    line: int
    digest: str
    results_bytes: int


class OtherFile(Exception):
    """The lines are not those the state was kept for."""


class StateUnreadable(Exception):
    """The file of the state holds something else."""


def load_state(path: Path) -> ImportState | None:
    """Return the state kept in a file, None if there is no file; raises StateUnreadable."""
    try:
        return ImportState(**json.loads(path.read_text("utf-8")))
    except FileNotFoundError:
        return None
    except (ValueError, TypeError) as error:
        raise StateUnreadable(str(error)) from error


def keep_state(path: Path, state: ImportState) -> None:
    """Replace the state kept in a file; a reader finds the old or the new, never a half."""
    draft = path.with_name(f"{path.name}.new")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(asdict(state), file)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Digest:
    """A running digest over lines."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def add(self, line: NumberedLine) -> None:
        """Take another line in."""
        self._hash.update(b"%d\0%b\n" % (line.number, line.content or b""))

    def text(self) -> str:
        """Return the digest of all lines so far."""
        return self._hash.hexdigest()


def lines_after(
    state: ImportState, lines: Iterable[NumberedLine], digest: Digest
) -> Iterator[NumberedLine]:
    """Pass over the lines that are done, into the digest; OtherFile if they are others."""
    done = state.line == 0
    for line in lines:
        if done:
            yield line
            continue
        digest.add(line)
        if line.number >= state.line:
            if line.number != state.line or digest.text() != state.digest:
                raise OtherFile
            done = True
    if not done:
        raise OtherFile

"""One import from its first line to its last: send, write the results down, remember, go on."""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from tools.importers.lines import CHUNK_LINES_MAX, NumberedLine, chunks_of
from tools.importers.service import ImportService, Result
from tools.importers.state import Digest, ImportState, keep_state, lines_after


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of the lines so far."""

    taken: int = 0
    known: int = 0
    refused: list[Result] = field(default_factory=list)
    refused_count: int = 0
    last_line: int = 0

    def add(self, results: Sequence[Result]) -> None:
        """Count results; the first refused ones are kept to be shown."""
        for result in results:
            self.last_line = result["line"]
            if result["status"] == 201:
                self.taken += 1
            elif result["status"] == 200:
                self.known += 1
            else:
                self.refused_count += 1
                if len(self.refused) < REFUSED_SHOWN_MAX:
                    self.refused.append(result)


REFUSED_SHOWN_MAX = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """Where results go, where the state is kept if anywhere, and where progress is shown."""

    service: ImportService
    results: BinaryIO
    state_path: Path | None
    on_progress: Callable[[NumberedLine, Tally], None] = lambda _line, _tally: None
    chunk_lines: int = CHUNK_LINES_MAX

    async def run(
        self, lines: Iterable[NumberedLine], tally: Tally, begin: ImportState | None = None
    ) -> None:
        """Import all lines after those done before; raises what sending raises, and OtherFile.

        The state is kept after each chunk, once its results are written, so that a killed import
        at worst sends one chunk again, which is safe.
        """
        digest = Digest()
        left = lines if begin is None else lines_after(begin, lines, digest)
        results_bytes = 0 if begin is None else begin.results_bytes
        for chunk in chunks_of(left, self.chunk_lines):
            results = await self.service.send(chunk)
            results_bytes += self._write(results)
            tally.add(results)
            for line in chunk:
                digest.add(line)
            self._keep(chunk[-1], digest, results_bytes)
            self.on_progress(chunk[-1], tally)

    def _write(self, results: Sequence[Result]) -> int:
        text = "".join(json.dumps(result, ensure_ascii=False) + "\n" for result in results)
        written = self.results.write(text.encode())
        self.results.flush()
        return written

    def _keep(self, last: NumberedLine, digest: Digest, results_bytes: int) -> None:
        if self.state_path is None:
            return
        if self.results.seekable():
            os.fsync(self.results.fileno())
        state = ImportState(line=last.number, digest=digest.text(), results_bytes=results_bytes)
        keep_state(self.state_path, state)

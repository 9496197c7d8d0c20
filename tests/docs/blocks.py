"""The blocks of a guide in Markdown: what is typed, and what is shown to come of it."""

import re
from dataclasses import dataclass
from pathlib import Path

_FENCED = re.compile(r"^```(\w*)[ ]?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_PROMISES = frozenset({"json", "text"})
_VARIES = "…"
"""Stands for whatever it may be, line ends included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Commands as they are written, and what the guide shows of their output, if anything.

    ``note``: what stands behind `sh`: `terminal` for a terminal of its own, `needs TOOL`.
    """

    line: int
    note: str
    commands: str
    shown: str | None


def blocks_of(page: Path) -> list[Block]:
    """Return a page's blocks in order; AssertionError for one that nothing would run or compare."""
    text = page.read_text("utf-8")
    found: list[Block] = []
    for fenced in _FENCED.finditer(text):
        language, note, content = fenced.groups()
        line = text.count("\n", 0, fenced.start()) + 1
        if language == "sh":
            found.append(Block(line=line, note=note, commands=content, shown=None))
            continue
        assert language in _PROMISES, f"line {line}: nothing runs a block in {language!r}"
        assert found, f"line {line}: an output of nothing"
        last = found[-1]
        assert last.shown is None, f"line {line}: a second output of line {last.line}"
        found[-1] = Block(line=last.line, note=last.note, commands=last.commands, shown=content)
    fences = re.findall(r"^ *```", text, re.MULTILINE)
    outputs = sum(one.shown is not None for one in found)
    assert len(fences) == 2 * (len(found) + outputs), "a fence is left open, or stands indented"
    return found


def is_shown(output: str, shown: str) -> bool:
    """Tell whether an output is what was shown, `…` standing for anything at all."""
    parts = [re.escape(part.strip()) for part in shown.strip().split(_VARIES)]
    return re.fullmatch(r"\s*.*\s*".join(parts), output.strip(), re.DOTALL) is not None

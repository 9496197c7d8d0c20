"""docs/adding-things.md: what it names is in the tree, and its numbers of files are kept to."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "adding-things.md"

FILES_MAX = {"A decision on a ticket": 8, "An event": 7}
"""Rows of a section's table, each a file. Of an event three are for a new public type."""


def sections() -> dict[str, str]:
    """Return the sections of the guide by their headings."""
    parts = GUIDE.read_text("utf-8").split("\n## ")
    return dict(part.split("\n", 1) for part in parts[1:])


def quoted(text: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", text)


def paths(text: str) -> Iterator[Path]:
    """Return the files and folders named, alone or by their whole path."""
    for name in quoted(text):
        if re.fullmatch(r"[\w./-]+/[\w./-]*|[\w-]+\.(json|md)", name):
            yield ROOT / name


@cache
def source(path: Path) -> str:
    """Return the text of a file, or of every Python file in a folder."""
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    return "\n".join(file.read_text("utf-8") for file in files)


@pytest.mark.parametrize("heading", sections())
def test_every_file_and_every_name_of_the_guide_is_where_it_says(heading: str) -> None:
    named = list(paths(sections()[heading]))
    assert [path for path in named if not path.exists()] == []
    everything = source(ROOT / "app") + source(ROOT / "tools") + source(ROOT / "tests")
    names = [name for name in quoted(sections()[heading]) if re.fullmatch(r"_?[A-Za-z]\w+", name)]
    assert [name for name in names if not re.search(rf"\b{name}\b", everything)] == []
    modules = [name for name in quoted(sections()[heading]) if re.fullmatch(r"\w+\.py", name)]
    assert [name for name in modules if not list(ROOT.glob(f"[at]*/**/{name}"))] == []


@pytest.mark.parametrize("heading", FILES_MAX)
def test_a_decision_or_an_event_needs_no_more_files_than_the_guide_promises(heading: str) -> None:
    rows = [line for line in sections()[heading].splitlines() if line.startswith("| `")]
    assert 0 < len(rows) <= FILES_MAX[heading]

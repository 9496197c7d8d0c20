"""The command, its list of deliberate breaks, and making a release."""

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.tools.contract.small import GONE, SMALL, Json, changed
from tools.contract.files import ROOT
from tools.contract.release import release

BROKEN = changed(("/paths/~1health", GONE), ("/info/version", "2.0.0"))
NOTHING: dict[str, Json] = {"release": None, "breaks": []}


@pytest.fixture
def files(tmp_path: Path) -> "Files":
    return Files(tmp_path)


class Files:
    """The four files in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.released, self.current = folder / "released.json", folder / "current.json"
        self.deliberate, self.changelog = folder / "deliberate.json", folder / "CHANGELOG.md"
        self.write(self.released, SMALL)
        self.write(self.current, BROKEN)
        self.write(self.deliberate, NOTHING)
        self.changelog.write_text("# Changelog\n\n## Unreleased\n\n## 2.0.0 - 2027-01-31\n")

    def write(self, file: Path, value: Mapping[str, Json]) -> None:
        file.write_text(json.dumps(value), "utf-8")

    def release(self) -> str | None:
        return release(self.released, self.current, self.deliberate, self.changelog)

    def run(self, *more: str) -> "subprocess.CompletedProcess[str]":
        names = ("released", "current", "deliberate")
        given = [text for name in names for text in (f"--{name}", str(getattr(self, name)))]
        command = [sys.executable, "-m", "tools.contract", *given, *more]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    def mean(self, **changes: Json) -> None:
        """Put the one break that there is on the list."""
        (found,) = json.loads(self.run("--json").stdout)["breaking"]
        entry = {**found, "reason": "Load balancers ask /livez.", **changes}
        self.write(self.deliberate, {"release": "2.0.0", "breaks": [entry]})


def test_a_break_fails_and_says_what_where_and_whom(files: Files) -> None:
    done = files.run()
    assert done.returncode == 1
    assert "operation-removed at #/paths/~1health/get [get_health]" in done.stdout
    assert "Clients that call it are answered with 404 or 405." in done.stdout


def test_additions_are_listed_and_pass(files: Files) -> None:
    files.write(files.current, changed(("/components/schemas/Thing/properties/more", {})))
    done = files.run()
    assert done.returncode == 0
    assert "property-added (output) at #/components/schemas/Thing/properties/more" in done.stdout


def test_a_break_that_is_meant_passes_with_its_reason(files: Files) -> None:
    files.mean()
    done = files.run("--json")
    assert done.returncode == 0
    found = json.loads(done.stdout)
    assert found["passes"]
    assert [one["code"] for one in found["deliberate"]] == ["operation-removed"]
    assert found["breaking"] == []


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"reason": " "}, "Without a reason"),
        ({"old": "get_other"}, "Does not occur"),
        ({"place": "#/paths"}, "Does not occur"),
    ],
)
def test_an_entry_without_reason_or_use_fails(
    files: Files, changes: dict[str, str], fault: str
) -> None:
    files.mean(**changes)
    done = files.run()
    assert done.returncode == 1
    assert fault in done.stdout


@pytest.mark.parametrize(
    ("released", "coming", "code"),
    [
        ("1.0.0", "1.1.0", 1),
        ("1.0.0", None, 1),
        ("1.9.9", "2.0.0", 0),
        ("0.1.0", "0.1.1", 1),
        ("0.1.0", "0.2.0", 0),
        ("0.0.0", "1.0.0", 0),
    ],
)
def test_only_a_release_that_may_break_takes_deliberate_breaks(
    files: Files, released: str, coming: str | None, code: int
) -> None:
    files.write(files.released, changed(("/info/version", released)))
    files.mean()
    listed = json.loads(files.deliberate.read_text("utf-8"))
    files.write(files.deliberate, {**listed, "release": coming})
    assert files.run().returncode == code


@pytest.mark.parametrize("text", ["", "[]", '{"openapi": "3.0.3", "info": {}}', "{}"])
def test_what_is_no_document_is_not_judged(files: Files, text: str) -> None:
    files.current.write_text(text, "utf-8")
    done = files.run()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("This cannot be judged")


def test_help_has_examples(files: Files) -> None:
    done = files.run("--help")
    assert done.returncode == 0
    assert "python -m tools.contract --released v1.json --current v2.json" in done.stdout


def test_a_release_replaces_the_document_and_empties_the_list(files: Files) -> None:
    files.mean()
    assert files.release() is None
    assert json.loads(files.released.read_text("utf-8"))["info"] == {"version": "2.0.0"}
    assert json.loads(files.deliberate.read_text("utf-8")) == NOTHING
    assert files.run().returncode == 0
    assert "released already" in str(files.release())


def test_nothing_is_released_that_the_changelog_has_no_heading_for(files: Files) -> None:
    files.mean()
    files.changelog.write_text("# Changelog\n\n## Unreleased\n\n## 2.0.01\n\n### 2.0.0\n")
    assert "no heading" in str(files.release())
    assert json.loads(files.released.read_text("utf-8")) == SMALL


def test_nothing_is_released_that_breaks_without_being_meant_to(files: Files) -> None:
    assert "not meant to" in str(files.release())
    files.mean()
    meant = json.loads(files.deliberate.read_text("utf-8"))
    files.write(files.deliberate, {**meant, "release": "3.0.0"})
    assert "was meant for 3.0.0" in str(files.release())
    assert json.loads(files.released.read_text("utf-8")) == SMALL

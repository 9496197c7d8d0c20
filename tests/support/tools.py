"""Other languages' tools, for tests of what others do with what we send.

A tool that is missing skips the test, loudly; with `TEST_TOOLS=required` it fails it, as in CI.
"""

import hashlib
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import NoReturn

import pytest

PROJECT = Path(__file__).parents[2]
KEPT = PROJECT / ".data" / "tools"
RUN_SECONDS_MAX = 300


def required_tool(name: str) -> str:
    """Return the path of a program; skip or fail the test without it."""
    installed = PROJECT / ".clients" / "venv" / "bin" / name
    found = str(installed) if installed.exists() else shutil.which(name)
    return found or missing(f"{name} is not installed")


def missing(what: str) -> NoReturn:
    """Say that something is missing, so that the test cannot be made."""
    if os.environ.get("TEST_TOOLS") == "required":
        pytest.fail(f"{what}, and TEST_TOOLS=required")
    pytest.skip(f"NOT TESTED: {what}")


def run(*command: str, given: str = "", folder: Path = PROJECT, **environment: str) -> str:
    """Run a program with a text on its standard input, return its output; fail with its words."""
    ended = subprocess.run(
        command,
        input=given,
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS_MAX,
        check=False,
    )
    assert ended.returncode == 0, f"{command[0]}: {ended.stdout}\n{ended.stderr}"
    return ended.stdout


@cache
def node_packages(manifest: Path) -> Path:
    """Return a folder with the npm packages of a folder's lock, installed once and kept."""
    npm = required_tool("npm")
    lock = (manifest / "package-lock.json").read_bytes()
    folder = KEPT / f"node-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not folder.exists():
        KEPT.mkdir(parents=True, exist_ok=True)
        making = Path(mkdtemp(dir=KEPT))
        for name in ("package.json", "package-lock.json"):
            shutil.copy(manifest / name, making)
        _install(npm, making)
        _keep(making, folder)
    return folder


def _install(npm: str, folder: Path) -> None:
    command = (npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    ended = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=RUN_SECONDS_MAX, check=False
    )
    if ended.returncode != 0:
        shutil.rmtree(folder)
        missing(f"npm could not install the packages of {folder}: {ended.stderr[-500:]}")


def _keep(made: Path, folder: Path) -> None:
    try:
        made.rename(folder)
    except OSError:  # another process of this run was quicker
        shutil.rmtree(made)

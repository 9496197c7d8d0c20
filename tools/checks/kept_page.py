"""Writing a page that is made from the code, or saying whether it is current."""

import argparse
import difflib
import sys
from collections.abc import Callable
from pathlib import Path


def run(file: Path, page: Callable[[], str], target: str) -> int:
    """Write the page, or check it with ``--check``; return the exit code.

    ``target``: what `make` writes it by.
    """
    parser = argparse.ArgumentParser(prog=f"make {target}")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if outdated")
    if not parser.parse_args().check:
        file.write_text(page(), "utf-8")
        sys.stderr.write(f"Wrote {file.name}.\n")
        return 0
    kept = file.read_text("utf-8") if file.exists() else ""
    lines = difflib.unified_diff(
        kept.splitlines(), page().splitlines(), file.name, "the code", lineterm=""
    )
    difference = "\n".join(lines)
    if difference:
        sys.stderr.write(f"{difference}\ndocs/{file.name} is outdated: run 'make {target}'.\n")
        return 1
    sys.stderr.write(f"docs/{file.name} is current.\n")
    return 0

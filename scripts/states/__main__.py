"""``python -m scripts.states`` writes docs/states.md; ``--check`` says whether it is current."""

import argparse
import difflib
import sys
from pathlib import Path

from scripts.states.page import page

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


def main() -> int:
    """Write or check the page; return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts.states", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if outdated")
    if not parser.parse_args().check:
        PAGE.write_text(page(), "utf-8")
        sys.stderr.write(f"Wrote {PAGE.name}.\n")
        return 0
    kept = PAGE.read_text("utf-8") if PAGE.exists() else ""
    lines = difflib.unified_diff(
        kept.splitlines(), page().splitlines(), PAGE.name, "the rules", lineterm=""
    )
    difference = "\n".join(lines)
    if difference:
        sys.stderr.write(f"{difference}\ndocs/{PAGE.name} is outdated: run 'make states'.\n")
        return 1
    sys.stderr.write(f"docs/{PAGE.name} is current.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

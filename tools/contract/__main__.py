"""``python -m tools.contract``: what openapi.json changes since the last release, and whom."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.contract.comparison import compare
from tools.contract.deliberate import Sorted, sort_out
from tools.contract.documents import NotJudged
from tools.contract.files import CURRENT, DELIBERATE, RELEASED, read
from tools.contract.report import as_json_text, as_text

EXAMPLES = """\
examples:
  python -m tools.contract
  python -m tools.contract --json | jq '.breaking[] | {code, place}'
  python -m tools.contract --released v1.json --current v2.json

exit codes:
  0  nothing breaks but what contract/deliberate.json gives a reason for
  1  something breaks, or an entry of that file does not occur or has no reason
  2  a document cannot be read, or holds what this does not understand
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare, print what was found, and return the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        released = read(asked.released)
        findings = compare(released, read(asked.current))
        version = released["info"]["version"]
        found: Sorted = sort_out(findings, read(asked.deliberate), version)
    except (OSError, ValueError, TypeError, KeyError, NotJudged) as fault:
        sys.stderr.write(f"This cannot be judged: {fault!r}\n")
        return 2
    sys.stdout.write(as_json_text(found) if asked.json else as_text(found, version))
    return 0 if found.passes else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.contract",
        description="Compare an OpenAPI document with the last released one.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--released", type=Path, default=RELEASED, metavar="FILE")
    parser.add_argument("--current", type=Path, default=CURRENT, metavar="FILE")
    parser.add_argument("--deliberate", type=Path, default=DELIBERATE, metavar="FILE")
    parser.add_argument("--json", action="store_true", help="print all findings as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())

"""``python -m tools.contract.release``: make today's document the one later ones are held to."""

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from tools.contract.compaction import compact_text
from tools.contract.comparison import compare
from tools.contract.deliberate import sort_out
from tools.contract.documents import Json
from tools.contract.files import CHANGELOG, CURRENT, DELIBERATE, RELEASED, read

NOTHING_MEANT: Mapping[str, Json] = {"release": None, "breaks": []}


def main() -> int:
    """Replace the released document and empty the list of deliberate breaks, if all is in order."""
    fault = release(RELEASED, CURRENT, DELIBERATE, CHANGELOG)
    sys.stderr.write(f"{fault or f'Wrote {RELEASED.name}.'}\n")
    return 1 if fault else 0


def release(released: Path, current: Path, deliberate: Path, changelog: Path) -> str | None:
    """Write both files, or nothing and return why not."""
    before, now, meant = (read(file) for file in (released, current, deliberate))
    old, new = before["info"]["version"], now["info"]["version"]
    if old == new:
        return f"Version {new} is released already: its document does not change any more."
    heading = rf"^## \[?{re.escape(new)}\]?(\s|$)"
    if re.search(heading, changelog.read_text("utf-8"), re.MULTILINE) is None:
        return f"CHANGELOG.md has no heading '## {new}': that version is not released."
    if not sort_out(compare(before, now), meant, old).passes:
        return "Something breaks that is not meant to: see 'make contract-diff'."
    if meant["breaks"] and meant["release"] != new:
        return f"What breaks was meant for {meant['release']}, and this is {new}."
    released.write_text(compact_text(now), "utf-8")
    deliberate.write_text(json.dumps(NOTHING_MEANT, indent=2) + "\n", "utf-8")
    return None


if __name__ == "__main__":
    sys.exit(main())

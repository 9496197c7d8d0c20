"""``python -m tools.checks.events`` writes docs/events.md; ``--check`` compares."""

import sys
from pathlib import Path

from tools.checks.events.page import page
from tools.checks.kept_page import run

PAGE = Path(__file__).parents[3] / "docs" / "events.md"


if __name__ == "__main__":
    sys.exit(run(PAGE, page, "events"))

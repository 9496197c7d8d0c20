"""``python -m tools.checks.states`` writes docs/states.md; ``--check`` compares."""

import sys
from pathlib import Path

from tools.checks.kept_page import run
from tools.checks.states.page import page

PAGE = Path(__file__).parents[3] / "docs" / "states.md"


if __name__ == "__main__":
    sys.exit(run(PAGE, page, "states"))

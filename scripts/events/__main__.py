"""``python -m scripts.events`` writes docs/events.md; ``--check`` says whether it is current."""

import sys
from pathlib import Path

from scripts.events.page import page
from scripts.kept_page import run

PAGE = Path(__file__).parents[2] / "docs" / "events.md"


if __name__ == "__main__":
    sys.exit(run(PAGE, page, "events"))

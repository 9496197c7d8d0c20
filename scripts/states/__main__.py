"""``python -m scripts.states`` writes docs/states.md; ``--check`` says whether it is current."""

import sys
from pathlib import Path

from scripts.kept_page import run
from scripts.states.page import page

PAGE = Path(__file__).parents[2] / "docs" / "states.md"


if __name__ == "__main__":
    sys.exit(run(PAGE, page, "states"))

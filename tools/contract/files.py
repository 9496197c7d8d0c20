"""Where the contract is kept, and reading it."""

import json
from pathlib import Path

from tools.contract.documents import Json

ROOT = Path(__file__).parents[2]
RELEASED = ROOT / "contract" / "released.json"
"""The last released document in its compact form. Version 0.0.0: nothing was released yet."""

DELIBERATE = ROOT / "contract" / "deliberate.json"
CURRENT = ROOT / "openapi.json"
CHANGELOG = ROOT / "CHANGELOG.md"


def read(file: Path) -> dict[str, Json]:
    """Return the object a JSON file holds."""
    value = json.loads(file.read_text("utf-8"))
    if not isinstance(value, dict):
        raise TypeError(f"{file} holds no object")
    return value

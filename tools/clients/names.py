"""Generated clients have the document's names: none invented, numbered, doubled or left out."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.clients.toolchain import Broken

NDJSON = frozenset({"import_orders", "import_shop_orders"})
"""Operations that openapi-python-client leaves out, saying so: it knows no NDJSON bodies."""


FILE = "the name of the file"
"""A pattern of its own: a file a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Where a client keeps its names: globs of files, and what of their lines is a name.

    ``case``: how an operation id is written there. ``helpers``, ``own``: patterns of functions and
    models that every client of this generator has. ``without``: operations it cannot offer.
    """

    operations: tuple[str, str]
    models: tuple[str, str]
    case: Callable[[str], str]
    own: str = r"(?!)"
    helpers: str = r"(?!)"
    without: frozenset[str] = frozenset()


def snake(operation_id: str) -> str:
    """Return an operation id as it is."""
    return operation_id


def pascal(operation_id: str) -> str:
    """Return `OpenAfterSalesEntry` for `open_after_sales_entry`."""
    return "".join(word[:1].upper() + word[1:] for word in operation_id.split("_"))


def camel(operation_id: str) -> str:
    """Return `openAfterSalesEntry` for `open_after_sales_entry`."""
    name = pascal(operation_id)
    return name[:1].lower() + name[1:]


def check_names(folder: Path, names: Names, document: Path) -> tuple[int, int]:
    """Return how many operations and models have their names; raises Broken if one has another."""
    contract: Mapping[str, Any] = json.loads(document.read_text("utf-8"))
    wanted = {
        names.case(operation["operationId"])
        for item in contract["paths"].values()
        for operation in item.values()
        if operation["operationId"] not in names.without
    }
    found = {
        name for name in _found(folder, *names.operations) if not re.fullmatch(names.helpers, name)
    }
    _same("operations", wanted, found)
    components = contract["components"]
    shared = {pascal(re.sub(r"\W", "_", name)) for name in components.get("parameters", ())}
    models = {n for n in _found(folder, *names.models) if not re.fullmatch(names.own, n)}
    invented = sorted(models - shared - set(components["schemas"]))
    if invented:
        raise Broken(f"models the document does not name: {invented}")
    return len(found), len(models)


def _found(folder: Path, glob: str, pattern: str) -> set[str]:
    files = list(folder.glob(glob))
    if pattern == FILE:
        return {path.stem for path in files if not path.stem.startswith("_")}
    texts = (path.read_text("utf-8") for path in files)
    return {name for text in texts for name in re.findall(pattern, text, re.MULTILINE)}


def _same(what: str, wanted: set[str], found: set[str]) -> None:
    if wanted != found:
        missing, more = sorted(wanted - found), sorted(found - wanted)
        raise Broken(f"{what} missing: {missing}; not in the document: {more}")

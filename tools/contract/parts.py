"""What a message is made of by name: properties, parameters, headers; present and needed or not."""

from collections.abc import Iterator
from dataclasses import dataclass

from tools.contract.documents import Json, Node
from tools.contract.findings import Direction, Finding
from tools.contract.rules import finding


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """``name``: as it is found again. ``schema``: None if it is given otherwise."""

    name: str
    node: Node
    required: bool
    schema: Node | None


def compare_presence(
    kind: str, old: Part | None, new: Part | None, direction: Direction
) -> Iterator[Finding]:
    """Compare whether a part is there and whether it must be; ``kind`` names it in codes."""
    if old is None and new is None:
        return
    if new is None and old is not None:
        yield finding(f"{kind}-removed", direction, old.node.pointer, old=old.name)
    elif old is None and new is not None:
        needed = new.required and direction is Direction.INPUT
        event = "added-required" if needed else "added"
        yield finding(f"{kind}-{event}", direction, new.node.pointer, new=new.name)
    elif old is not None and new is not None and old.required != new.required:
        event = "now-required" if new.required else "now-optional"
        was, is_now = ("required" if part.required else "optional" for part in (old, new))
        yield finding(f"{kind}-{event}", direction, new.node.pointer, old=was, new=is_now)


def compare_defaults(old: Part, new: Part, direction: Direction) -> Iterator[Finding]:
    """Compare what is meant when a part is left out.

    A default of what had to be given concerns no request that was ever sent.
    """
    before, now = (_default(part) for part in (old, new))
    if before == now:
        return
    is_new = before is None and old.required and direction is Direction.INPUT
    code = "default-stated" if is_new else "default-changed"
    yield finding(code, direction, new.node.pointer, old=before, new=now)


def _default(part: Part) -> dict[str, Json] | None:
    """Return the default as a member, because null is one too; None: there is none."""
    if part.schema is None or "default" not in part.schema.value:
        return None
    return {"default": part.schema.value["default"]}

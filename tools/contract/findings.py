"""What a comparison finds: one change, where it is, and what it means for whom."""

import json
from dataclasses import dataclass
from enum import Enum, StrEnum

from tools.contract.documents import Json, Node


class Direction(StrEnum):
    """Who writes it: what comes in is written by clients, what goes out by the service."""

    INPUT = "input"
    OUTPUT = "output"

    @property
    def reverse(self) -> "Direction":
        """The direction of the answer."""
        return Direction.OUTPUT if self is Direction.INPUT else Direction.INPUT


class Relation(Enum):
    """How what is allowed now relates to what was before; OTHER: neither holds the other."""

    NARROWER = "narrowed"
    WIDER = "widened"
    OTHER = "changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a change breaks anybody, and in one sentence whom, or why not."""

    breaking: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One change.

    ``code``: one of `rules.VERDICTS`. ``place``: JSON pointer, into the released document for what
    is gone and into the current one for all else. ``operations``: ids of those it reaches.
    ``direction``: None if it makes no difference. ``old``, ``new``: None where there is none.
    """

    code: str
    breaking: bool
    direction: Direction | None
    place: str
    operations: tuple[str, ...]
    old: Json
    new: Json
    sentence: str

    @property
    def key(self) -> tuple[bool, str, str, str, str, str]:
        """What it is told apart and sorted by: breaking ones come first."""
        old, new = (json.dumps(value, sort_keys=True) for value in (self.old, self.new))
        return (not self.breaking, self.place, self.code, self.direction or "", old, new)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two schemas yet to be compared, each of which may be referred to from many places."""

    old: Node
    new: Node
    direction: Direction

    @property
    def key(self) -> tuple[str, str, Direction]:
        """What it is told apart by: each pair is compared once, so circles of references end."""
        return (self.old.pointer, self.new.pointer, self.direction)


Step = Finding | Pair
"""What comparing two parts of the documents gives."""

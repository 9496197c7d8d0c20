"""What a benchmark finds: a measured figure, its baseline, and the ratio asked for."""

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class Goal(StrEnum):
    """Which way the ratio should go."""

    AT_LEAST = ">="
    AT_MOST = "<="


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One line of the table. ``target`` is held against value / baseline.

    Without a baseline it is held against the value itself. ``spread`` holds the ratio of every
    pair of neighbouring rounds: how far one can trust the median.
    """

    what: str
    value: float
    unit: str
    baseline: float | None
    target: float
    goal: Goal = Goal.AT_LEAST
    spread: tuple[float, ...] = ()
    conditions: dict[str, Any] = field(default_factory=dict)

    @property
    def compared(self) -> float:
        """What is held against the target: the ratio, or the value where there is no baseline."""
        return self.value if self.baseline is None else self.value / self.baseline

    @property
    def reached(self) -> bool:
        """Whether the target is reached."""
        if self.goal is Goal.AT_LEAST:
            return self.compared >= self.target
        return self.compared <= self.target

    def as_json(self) -> dict[str, Any]:
        """Return everything known of it, for later comparison."""
        ratio = None if self.baseline is None else round(self.compared, 4)
        return {**asdict(self), "ratio": ratio, "reached": self.reached}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one benchmark found, and under which conditions, in words for the reader."""

    figures: tuple[Figure, ...]
    notes: tuple[str, ...]

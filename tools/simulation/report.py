"""What a simulation counted, and every difference it found."""

from collections import Counter
from dataclasses import dataclass, field

from tools.simulation.comparing import Difference


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts by name. The same seed and size give the same ones on any machine."""

    orders: int = 0
    applications: Counter[str] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    failed_rules: Counter[str] = field(default_factory=Counter)
    """What stood in the way of opening an entry."""
    fell_due: Counter[str] = field(default_factory=Counter)
    final_states: Counter[str] = field(default_factory=Counter)
    manners: Counter[str] = field(default_factory=Counter)
    """Requests made in a special way: repeated, racing, on a stale version, ..."""
    checked: Counter[str] = field(default_factory=Counter)
    """Answers compared in full, by what was asked for."""
    differences: list[Difference] = field(default_factory=list)

"""Rounds of subject and baseline in turns, so that a noisy machine harms both alike."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from statistics import median

from tools.bench.figures import Figure, Goal

Measure = Callable[[], Awaitable["Round"]]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the smallest of the values that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One short measurement: how many operations, in what time, and how long each took if known."""

    seconds: float
    operations: int
    latencies_seconds: Sequence[float] = ()

    @property
    def per_second(self) -> float:
        """Operations a second."""
        return self.operations / self.seconds

    def percentile_ms(self, share: float) -> float:
        """Return the latency in milliseconds that `share` of the operations stay within."""
        return percentile(self.latencies_seconds, share) * 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The rounds of a subject and of its baseline, pair by pair."""

    subject: tuple[Round, ...]
    baseline: tuple[Round, ...]

    def throughput(self, what: str, target: float, **conditions: object) -> Figure:
        """Compare operations a second: medians over the rounds."""
        values, bases = self._each(lambda one: one.per_second)
        return _figure(what, "/s", values, bases, target=target, conditions=conditions)

    def latency(self, what: str, share: float, target: float, **conditions: object) -> Figure:
        """Compare a percentile of the latency: medians over the rounds."""
        values, bases = self._each(lambda one: one.percentile_ms(share))
        return _figure(
            what, "ms", values, bases, target=target, goal=Goal.AT_MOST, conditions=conditions
        )

    def _each(self, measured: Callable[[Round], float]) -> tuple[list[float], list[float]]:
        return [measured(one) for one in self.subject], [measured(one) for one in self.baseline]


async def in_turns(
    rounds: int, subject: Measure, baseline: Measure, on_round: Callable[[], None]
) -> Comparison:
    """Measure both `rounds` times, the other one first in every second pair."""
    found: dict[Measure, list[Round]] = {subject: [], baseline: []}
    for number in range(rounds):
        pair = (subject, baseline) if number % 2 == 0 else (baseline, subject)
        for measure in pair:
            found[measure].append(await measure())
            on_round()
    return Comparison(subject=tuple(found[subject]), baseline=tuple(found[baseline]))


def _figure(
    what: str,
    unit: str,
    values: Sequence[float],
    bases: Sequence[float],
    *,
    target: float,
    goal: Goal = Goal.AT_LEAST,
    conditions: dict[str, object],
) -> Figure:
    return Figure(
        what=what,
        value=median(values),
        unit=unit,
        baseline=median(bases),
        target=target,
        goal=goal,
        spread=tuple(value / base for value, base in zip(values, bases, strict=True)),
        conditions={**conditions, "rounds": len(values)},
    )

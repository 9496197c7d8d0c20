"""What the benchmarks conclude from what they measured."""

import pytest

from tools.bench.figures import Figure, Goal
from tools.bench.rounds import Comparison, Round, in_turns, percentile


def a_round(*latencies_ms: float, seconds: float = 1.0) -> Round:
    return Round(
        seconds=seconds,
        operations=len(latencies_ms),
        latencies_seconds=[latency / 1000 for latency in latencies_ms],
    )


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (0.001, 1), (1.0, 100)])
def test_a_percentile_is_the_value_that_its_share_does_not_exceed(
    share: float, expected: int
) -> None:
    assert percentile(range(100, 0, -1), share) == expected


def test_throughput_is_compared_by_the_medians_of_the_rounds() -> None:
    found = Comparison(
        subject=(a_round(1, 1, 1), a_round(1, 1, 1, 1, 1, 1), a_round(1)),
        baseline=(a_round(1), a_round(1, 1), a_round(1, 1, 1, 1)),
    )
    figure = found.throughput("appends", 1.5)
    assert (figure.value, figure.baseline, figure.compared) == (3, 2, 1.5)
    assert figure.reached
    assert figure.spread == (3, 3, 0.25)


def test_a_latency_is_reached_when_it_stays_below_its_target() -> None:
    found = Comparison(subject=(a_round(1, 2, 30),), baseline=(a_round(1, 2, 20),))
    assert found.latency("p99", 0.99, 2.0).reached
    assert not found.latency("p99", 0.99, 1.4).reached


def test_a_figure_without_a_baseline_is_held_against_its_target_itself() -> None:
    figure = Figure(
        what="freshness", value=49.0, unit="ms", baseline=None, target=50.0, goal=Goal.AT_MOST
    )
    assert figure.reached
    assert figure.as_json()["ratio"] is None


async def test_subject_and_baseline_take_turns_at_being_first() -> None:
    order: list[str] = []
    steps: list[int] = []

    async def subject() -> Round:
        order.append("subject")
        return a_round(1)

    async def baseline() -> Round:
        order.append("baseline")
        return a_round(1)

    await in_turns(2, subject, baseline, lambda: steps.append(1))
    assert order == ["subject", "baseline", "baseline", "subject"]
    assert len(steps) == 4

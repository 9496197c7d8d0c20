"""When a message is sent again."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.schedule import ATTEMPTS_MAX, GiveUp, SendAgain, next_attempt

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
EVEN = 0.5
"""The random number that makes a wait neither shorter nor longer."""
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
RANDOM = st.floats(0, 1, exclude_max=True)


def again(made: int, random: float = EVEN, retry_after: timedelta | None = None) -> timedelta:
    found = next_attempt(made, NOW, random, retry_after)
    assert isinstance(found, SendAgain)
    return found.at - NOW


def test_the_waits_are_those_of_standard_webhooks() -> None:
    waits = [again(made) for made in range(1, ATTEMPTS_MAX)]
    hours = [hours * HOUR for hours in (2, 5, 10, 14, 20, 24)]
    assert waits == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, *hours]


def test_after_the_tenth_attempt_a_message_is_given_up() -> None:
    assert ATTEMPTS_MAX == 10
    assert next_attempt(10, NOW, EVEN) == GiveUp()
    assert next_attempt(11, NOW, EVEN, HOUR) == GiveUp()


def test_the_whole_schedule_takes_three_days_and_ends_before_an_endpoint_is_disabled() -> None:
    for random in (0.0, EVEN, 0.999_999):
        whole = sum((again(made, random) for made in range(1, ATTEMPTS_MAX)), timedelta(0))
        assert timedelta(days=2) < whole < timedelta(days=5)
    even = sum((again(made) for made in range(1, ATTEMPTS_MAX)), timedelta(0))
    assert even == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize(("random", "minutes"), [(0.0, 4), (0.25, 4.5), (0.75, 5.5)])
def test_jitter_is_a_fifth_either_way(random: float, minutes: float) -> None:
    assert again(2, random) == minutes * MINUTE


def test_retry_after_makes_a_wait_longer_and_never_shorter() -> None:
    assert again(1, retry_after=MINUTE) == MINUTE
    assert again(2, retry_after=MINUTE) == 5 * MINUTE
    assert again(1, retry_after=timedelta(0)) == 5 * SECOND


def test_retry_after_is_heeded_for_a_day_at_most() -> None:
    assert again(1, retry_after=timedelta(days=400)) == 24 * HOUR


@given(st.integers(1, ATTEMPTS_MAX - 1), RANDOM, st.none() | st.timedeltas(timedelta(0)))
def test_whatever_is_drawn_and_asked_for_a_wait_has_its_bounds(
    made: int, random: float, retry_after: timedelta | None
) -> None:
    wait, even = again(made, random, retry_after), again(made)
    assert wait >= even * 0.8
    assert wait <= max(even * 1.2, min(retry_after or timedelta(0), 24 * HOUR))
    assert next_attempt(made, NOW, random, retry_after) == next_attempt(
        made, NOW, random, retry_after
    )


@pytest.mark.parametrize(("made", "random"), [(0, 0.5), (-1, 0.5), (1, 1.0), (1, -0.1)])
def test_what_makes_no_sense_is_refused(made: int, random: float) -> None:
    with pytest.raises(ValueError, match="a random number lies between"):
        next_attempt(made, NOW, random)

"""How long is waited after a failure, and what an answer's `Retry-After` asks for."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.leased_work.backoff import RETRY_AFTER_MAX, Backoff, read_retry_after

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)


def test_waits_grow_by_the_factor_from_the_shortest_to_the_longest() -> None:
    doubling = Backoff(seconds_min=0.5, seconds_max=10)
    assert [doubling.after(failures) for failures in (1, 2, 3, 6, 1_000)] == [0.5, 1, 2, 10, 10]
    by_four = Backoff(seconds_min=5, seconds_max=900, factor=4)
    assert [by_four.after(failures) for failures in range(1, 7)] == [5, 20, 80, 320, 900, 900]


@given(st.integers(min_value=0, max_value=10**6), st.floats(0, 1, exclude_max=True))
def test_jitter_keeps_a_wait_within_its_share(failures: int, random: float) -> None:
    backoff = Backoff(seconds_min=1, seconds_max=100, jitter=0.2)
    even = backoff.after(failures)
    assert 0.8 * even <= backoff.after(failures, random) <= 1.2 * even


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0),
        ("120", 120),
        (" 120 ", 120),
        ("0000000000000120", 120),
        ("86400", 86_400),
        ("86401", 86_400),
        ("9" * 64, 86_400),
        ("Mon, 15 Mar 2021 09:02:00 GMT", 120),
        ("Monday, 15-Mar-21 09:02:00 GMT", 120),
        ("Mon Mar 15 09:02:00 2021", 120),
        ("Mon, 15 Mar 2021 17:02:00 +0800", 120),
        ("Mon, 15 Mar 2021 08:59:00 GMT", 0),
        ("Sat, 01 Jan 2050 00:00:00 GMT", 86_400),
    ],
)
def test_both_forms_of_retry_after_are_heeded_within_bounds(text: str, seconds: int) -> None:
    assert read_retry_after(text, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-1", "1.5", "1e3", "٣", "9" * 65, "Mon, 99 Mar 2021 09:02:00 GMT"]
)
def test_what_is_no_retry_after_says_nothing(text: str | None) -> None:
    assert read_retry_after(text, NOW) is None


@pytest.mark.parametrize(
    "text",
    [
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
        "Mon, 01 Jan 99999 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 -2359",
        "Mon, 01 Jan 0001 00:00:00 +2359",
        "9" * 64,
        "9" * 5_000,
        "-1",
        "",
    ],
)
def test_no_retry_after_hurts_however_far_off_it_is(text: str) -> None:
    wait = read_retry_after(text, NOW)
    assert wait is None or timedelta(0) <= wait <= RETRY_AFTER_MAX


_DATE = st.from_regex(
    r"\A(Mon|x)?,? ?[0-9]{1,6} (Jan|Foo|) ?[0-9]{0,6} [0-9:]{0,12} ?([+-][0-9]{0,20}|GMT)?\Z"
)


@given(st.one_of(st.text(), _DATE), st.timedeltas(timedelta(0), timedelta(hours=48)))
def test_any_text_is_read_within_bounds(text: str, longest: timedelta) -> None:
    wait = read_retry_after(text, NOW, longest)
    assert wait is None or timedelta(0) <= wait <= longest

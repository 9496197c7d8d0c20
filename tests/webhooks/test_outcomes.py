"""What a response means, what is kept of it, and when a message is sent again."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.endpoint_rules import HEADERS_MAX, HeaderFault, find_header_fault
from app.webhooks.outcomes import (
    ATTEMPTS_MAX,
    Answer,
    Delivered,
    FailedAnswer,
    Gone,
    Redirected,
    Throttled,
    classify_response,
    next_attempt_at,
    read_answer,
    retry_after_of,
    sanitized,
    status_of,
)

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def answered(status: int) -> Answer:
    return Answer(status=status, beginning="", cut=False, encoded=False)


@pytest.mark.parametrize(
    ("statuses", "kind"),
    [
        (range(200, 300), Delivered),
        (range(300, 400), Redirected),
        ([410], Gone),
        ([429, 502, 504], Throttled),
        ([199, 400, 401, 404, 409, 411, 500, 501, 503, 505, 599, 600, 999], FailedAnswer),
    ],
)
def test_a_status_means_what_standard_webhooks_says(statuses: list[int], kind: type) -> None:
    for status in statuses:
        outcome = classify_response(answered(status), MINUTE)
        assert type(outcome) is kind
        assert status_of(outcome) == status
        assert retry_after_of(outcome) == (MINUTE if kind in {Throttled, FailedAnswer} else None)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", ""),
        (b"ok\r\n\tdone\n", "ok\n\tdone\n"),
        ("超期".encode(), "超期"),
        ("超期".encode()[:-1], "超"),
        (b"a\xff\xfeb", "a\ufffd\ufffdb"),
        (b"a\x00b\x1b[31m", "a\ufffdb\ufffd[31m"),
        ("a\u202eb".encode(), "a\ufffdb"),
    ],
)
def test_the_beginning_of_an_answer_can_be_stored_and_shown(content: bytes, text: str) -> None:
    assert sanitized(content) == text


@given(st.binary(max_size=200))
def test_whatever_was_answered_nothing_harmful_is_kept(content: bytes) -> None:
    text = sanitized(content)
    text.encode()
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", text)


def test_a_compressed_answer_is_not_shown() -> None:
    answer = read_answer(200, [(b"Content-Encoding", b"GZIP")], b"123", cut=True)
    assert answer == Answer(status=200, beginning="", cut=True, encoded=True)
    plain = read_answer(200, [(b"content-encoding", b"Identity")], b"123", cut=False)
    assert plain == Answer(status=200, beginning="123", cut=False, encoded=False)


def test_headers_of_an_endpoint_may_carry_its_credentials() -> None:
    headers = {"Authorization": "Bearer abc", "X-Api-Key": "k", "Cookie": "a=b; c=d"}
    assert find_header_fault(headers) is None


@pytest.mark.parametrize(
    "name",
    [
        *("Host", "content-length", "Content-Type", "Transfer-Encoding", "TE", "Connection"),
        *("Keep-Alive", "Upgrade", "Expect", "Proxy-Authorization", "Webhook-Id", "webhook-other"),
        *("Accept-Encoding", "Content-Encoding", "User-Agent", "Trailer"),
    ],
)
def test_headers_that_say_what_is_sent_cannot_be_set(name: str) -> None:
    assert find_header_fault({"X-Fine": "a", name: "a"}) == (HeaderFault.NOT_ALLOWED, name)


@pytest.mark.parametrize("name", ["", "X Y", "X:", "X\r\nHost", "Ü", "x" * 65, "X\0"])
def test_what_is_no_name_of_a_header_is_refused(name: str) -> None:
    assert find_header_fault({name: "a"}) == (HeaderFault.NAME_MALFORMED, name)


@pytest.mark.parametrize("value", ["", " a", "a ", "a\r\nX: b", "a\0", "ü", "a\tb", "x" * 1025])
def test_what_is_no_value_of_a_header_is_refused(value: str) -> None:
    assert find_header_fault({"X": value}) == (HeaderFault.VALUE_MALFORMED, "X")


def test_headers_are_counted_and_named_once() -> None:
    assert find_header_fault({"X-A": "1", "x-a": "2"}) == (HeaderFault.REPEATED, "x-a")
    many = {f"X-{number}": "a" for number in range(HEADERS_MAX)}
    assert find_header_fault(many) is None
    assert find_header_fault({**many, "X": "a"}) == (HeaderFault.TOO_MANY, None)


EVEN = 0.5
"""The random number that makes a wait neither shorter nor longer."""
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
RANDOM = st.floats(0, 1, exclude_max=True)


def again(made: int, random: float = EVEN, retry_after: timedelta | None = None) -> timedelta:
    found = next_attempt_at(made, NOW, random, retry_after)
    assert found is not None
    return found - NOW


def test_the_waits_are_those_of_standard_webhooks() -> None:
    waits = [again(made) for made in range(1, ATTEMPTS_MAX)]
    hours = [hours * HOUR for hours in (2, 5, 10, 14, 20, 24)]
    assert waits == [5 * SECOND, 5 * MINUTE, 30 * MINUTE, *hours]


def test_after_the_tenth_attempt_a_message_is_given_up() -> None:
    assert ATTEMPTS_MAX == 10
    assert next_attempt_at(10, NOW, EVEN) is None
    assert next_attempt_at(11, NOW, EVEN, HOUR) is None


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
    assert again(made, random, retry_after) == wait


@pytest.mark.parametrize(("made", "random"), [(0, 0.5), (-1, 0.5), (1, 1.0), (1, -0.1)])
def test_what_makes_no_sense_is_refused(made: int, random: float) -> None:
    with pytest.raises(ValueError, match="a random number lies between"):
        next_attempt_at(made, NOW, random)

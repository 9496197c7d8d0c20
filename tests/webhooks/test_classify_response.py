"""What is read in an answer, and what an endpoint's own headers may be."""

import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.leased_work.retry_after import RETRY_AFTER_MAX, read_retry_after
from app.webhooks.classify_response import harmless, judged, read_answer
from app.webhooks.custom_headers import HEADERS_MAX, HeaderFault, find_header_fault
from app.webhooks.outcomes import (
    Answer,
    Delivered,
    FailedAnswer,
    Gone,
    Redirected,
    Throttled,
    retry_after_of,
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
        outcome = judged(answered(status), MINUTE)
        assert type(outcome) is kind
        assert status_of(outcome) == status
        assert retry_after_of(outcome) == (MINUTE if kind in {Throttled, FailedAnswer} else None)


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


@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}")
)
def test_whatever_is_said_the_wait_is_within_bounds(text: str) -> None:
    wait = read_retry_after(text, NOW)
    assert wait is None or timedelta(0) <= wait <= RETRY_AFTER_MAX


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
    assert harmless(content) == text


@given(st.binary(max_size=200))
def test_whatever_was_answered_nothing_harmful_is_kept(content: bytes) -> None:
    text = harmless(content)
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

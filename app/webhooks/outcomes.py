"""Outcomes of attempts to send a webhook: what a response means, and when to send again."""

import re
from codecs import getincrementaldecoder
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar, TypeAlias

from app.leased_work.backoff import RETRY_AFTER_MAX, jittered, read_retry_after
from app.webhooks.endpoint_rules import UrlFault
from app.webhooks.ssrf_guard import TlsFault

THROTTLING = frozenset({429, 502, 504})

WAITS: tuple[timedelta, ...] = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    *(timedelta(hours=hours) for hours in (2, 5, 10, 14, 20, 24)),
)
"""The wait before the first attempt, the second, and so on: about three days in all."""

ATTEMPTS_MAX = len(WAITS)
JITTER = 0.2
"""The share by which a wait is shorter or longer, so that retries do not come all at once."""

# Control characters, which the database may refuse, and characters that reverse text on a screen.
_UNSAFE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_REPLACEMENT = "\ufffd"

Headers: TypeAlias = Iterable[tuple[bytes, bytes]]


class Phase(StrEnum):
    """The phase an attempt was in."""

    CONNECTING = "connecting"
    """Name resolution, connection, TLS handshake."""
    WAITING = "waiting"
    """Sending, and waiting for the status and headers of the response."""
    READING = "reading"
    """Reading the body of the response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An endpoint's response. ``beginning``: of its body, sanitized.

    ``cut``: the body is longer. ``encoded``: it was compressed although the request forbids it; it
    is never decompressed, and ``beginning`` is empty.
    """

    status: int
    beginning: str
    cut: bool
    encoded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answered:
    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _AnsweredWithFailure(_Answered):
    retry_after: timedelta | None
    """From zero to 24 h; None without the header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Interrupted:
    """``status``: the response's, if only its body was incomplete."""

    phase: Phase
    status: int | None = None


class Delivered(_Answered):
    """2xx."""

    code: ClassVar = "delivered"


class Redirected(_Answered):
    """3xx: a failure; redirects are not followed."""

    code: ClassVar = "redirected"


class Gone(_Answered):
    """410: the endpoint is to be disabled."""

    code: ClassVar = "gone"


class Throttled(_AnsweredWithFailure):
    """429, 502 or 504: send less."""

    code: ClassVar = "throttled"


class FailedAnswer(_AnsweredWithFailure):
    """Any other status."""

    code: ClassVar = "answered_with_failure"


class TimedOut(_Interrupted):
    """The attempt took too long."""

    code: ClassVar = "timed_out"


class ConnectionLost(_Interrupted):
    """The connection was closed early, or the response was not HTTP or had endless headers.

    The message may have been received.
    """

    code: ClassVar = "connection_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectFailed:
    """No connection could be made."""

    code: ClassVar = "connect_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFailed:
    """The TLS handshake failed."""

    code: ClassVar = "tls_failed"
    fault: TlsFault


@dataclass(frozen=True, slots=True, kw_only=True)
class NameNotResolved:
    """The name has no address, or could not be resolved."""

    code: ClassVar = "name_not_resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRefused:
    """The name resolves to a forbidden address, which is not disclosed."""

    code: ClassVar = "address_refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRefused:
    """The URL is not allowed by the present settings."""

    code: ClassVar = "url_refused"
    fault: UrlFault


Outcome: TypeAlias = (
    Delivered
    | Redirected
    | Gone
    | Throttled
    | FailedAnswer
    | TimedOut
    | ConnectionLost
    | ConnectFailed
    | TlsFailed
    | NameNotResolved
    | AddressRefused
    | UrlRefused
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One attempt. ``at``: when it began. ``latency_seconds``: until it ended, body included."""

    at: datetime
    latency_seconds: float
    outcome: Outcome


def status_of(outcome: Outcome) -> int | None:
    """Return the HTTP status of an outcome; None if none was received."""
    if isinstance(outcome, _Answered):
        return outcome.answer.status
    return outcome.status if isinstance(outcome, _Interrupted) else None


def retry_after_of(outcome: Outcome) -> timedelta | None:
    """Return the wait that the response asks for; None if it does not."""
    return outcome.retry_after if isinstance(outcome, _AnsweredWithFailure) else None


def detail_of(outcome: Outcome) -> str | None:
    """Return the phase that was interrupted, or the fault of TLS or URL."""
    if isinstance(outcome, _Interrupted):
        return outcome.phase.value
    return outcome.fault.value if isinstance(outcome, TlsFailed | UrlRefused) else None


def answer_of(outcome: Outcome) -> str | None:
    """Return the beginning of the response's body; None if there is none."""
    return outcome.answer.beginning or None if isinstance(outcome, _Answered) else None


def classify_response(
    answer: Answer, retry_after: timedelta | None
) -> Delivered | Redirected | Gone | Throttled | FailedAnswer:
    """Return the outcome of a response that was read to its end or limit."""
    status = answer.status
    if 200 <= status < 300:
        return Delivered(answer=answer)
    if 300 <= status < 400:
        return Redirected(answer=answer)
    if status == 410:
        return Gone(answer=answer)
    if status in THROTTLING:
        return Throttled(answer=answer, retry_after=retry_after)
    return FailedAnswer(answer=answer, retry_after=retry_after)


def read_answer(status: int, headers: Headers, beginning: bytes, *, cut: bool) -> Answer:
    """Return what is stored of a response; ``beginning``: of its body, as received."""
    encoding = _header(headers, b"content-encoding")
    encoded = encoding is not None and encoding.lower() != "identity"
    return Answer(
        status=status, beginning="" if encoded else sanitized(beginning), cut=cut, encoded=encoded
    )


def retry_after_in(headers: Headers, now: datetime) -> timedelta | None:
    """Return the wait that a response asks for; None if it does not."""
    return read_retry_after(_header(headers, b"retry-after"), now)


def sanitized(content: bytes) -> str:
    """Decode UTF-8; invalid bytes and control characters but tab and line feed become U+FFFD.

    A character cut off at the end is left out.
    """
    text = getincrementaldecoder("utf-8")(errors="replace").decode(content)
    return _UNSAFE.sub(_REPLACEMENT, text.replace("\r\n", "\n"))


def next_attempt_at(
    attempts_made: int, ended_at: datetime, random: float, retry_after: timedelta | None = None
) -> datetime | None:
    """Return when to send a message again after a failed attempt; None after the last one.

    ``attempts_made``: the failed one included, at least one. ``random``: from 0 up to and not
    including 1. ``retry_after``: what the response asked for; it makes a wait longer, up to 24
    hours, never shorter. Each wait counts from the end of the attempt before.
    """
    if attempts_made < 1 or not 0 <= random < 1:
        raise ValueError("a failed attempt was made, and a random number lies between 0 and 1")
    if attempts_made >= ATTEMPTS_MAX:
        return None
    wait = timedelta(seconds=jittered(WAITS[attempts_made].total_seconds(), JITTER, random))
    return ended_at + max(wait, min(retry_after or timedelta(0), RETRY_AFTER_MAX))


def _header(headers: Headers, name: bytes) -> str | None:
    found = [value for one, value in headers if one.lower() == name]
    return found[0].decode("latin-1").strip() if found else None

"""Every way an attempt to send a webhook can end."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TypeAlias

from app.webhooks.endpoint_url import UrlFault
from app.webhooks.ssrf_guard import TlsFault


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an endpoint answered. ``beginning``: of its body, made harmless to store and to show.

    ``cut``: the body is longer. ``encoded``: it was compressed, though we asked for plain; it is
    never unpacked, and ``beginning`` is empty.
    """

    status: int
    beginning: str
    cut: bool
    encoded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """2xx."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirected:
    """3xx: a failure, and not followed."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """410: the endpoint wants nothing any more, and is to be disabled."""

    answer: Answer


@dataclass(frozen=True, slots=True, kw_only=True)
class Throttled:
    """429, 502 or 504: send less. ``retry_after``: from zero to 24 h; None if it does not say."""

    answer: Answer
    retry_after: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedAnswer:
    """Any other status. ``retry_after``: as for `Throttled`."""

    answer: Answer
    retry_after: timedelta | None


class Phase(StrEnum):
    """How far an attempt had come."""

    CONNECTING = "connecting"
    """Looking up the name, connecting, beginning TLS."""
    WAITING = "waiting"
    """Sending, and waiting for the status and headers of the answer."""
    READING = "reading"
    """Reading the body of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedOut:
    """It took too long. ``status``: what was answered, if the body was too slow to end."""

    phase: Phase
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLost:
    """The connection ended early, or what came was no HTTP, or headers without end.

    The message may have been received.
    """

    phase: Phase
    status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectFailed:
    """No connection could be made: nobody listens there, or no way leads there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFailed:
    """TLS could not be begun."""

    fault: TlsFault


@dataclass(frozen=True, slots=True, kw_only=True)
class NameNotResolved:
    """The name has no address, or none could be found out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressRefused:
    """The name leads to an address that webhooks are not sent to; which one is not told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UrlRefused:
    """The URL is none that webhooks are sent to, by today's settings."""

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
    match outcome:
        case TimedOut(status=status) | ConnectionLost(status=status):
            return status
        case (
            Delivered(answer=answer)
            | Redirected(answer=answer)
            | Gone(answer=answer)
            | Throttled(answer=answer)
            | FailedAnswer(answer=answer)
        ):
            return answer.status
        case _:
            return None


def retry_after_of(outcome: Outcome) -> timedelta | None:
    """Return how long the answer asks to wait; None if it does not."""
    return outcome.retry_after if isinstance(outcome, Throttled | FailedAnswer) else None


def outcome_code(outcome: Outcome) -> str:
    """Return the stable name of how an attempt ended."""
    match outcome:
        case Delivered():
            return "delivered"
        case Redirected():
            return "redirected"
        case Gone():
            return "gone"
        case Throttled():
            return "throttled"
        case FailedAnswer():
            return "answered_with_failure"
        case TimedOut():
            return "timed_out"
        case ConnectionLost():
            return "connection_lost"
        case ConnectFailed():
            return "connect_failed"
        case TlsFailed():
            return "tls_failed"
        case NameNotResolved():
            return "name_not_resolved"
        case AddressRefused():
            return "address_refused"
        case UrlRefused():
            return "url_refused"


def detail_of(outcome: Outcome) -> str | None:
    """Return what more is said of an outcome: how far it came, or which fault it was."""
    match outcome:
        case TimedOut(phase=phase) | ConnectionLost(phase=phase):
            return phase.value
        case TlsFailed(fault=fault):
            return fault.value
        case UrlRefused(fault=url_fault):
            return url_fault.value
        case _:
            return None


def answer_of(outcome: Outcome) -> str | None:
    """Return the beginning of what was answered; None if nothing was."""
    match outcome:
        case (
            Delivered(answer=answer)
            | Redirected(answer=answer)
            | Gone(answer=answer)
            | Throttled(answer=answer)
            | FailedAnswer(answer=answer)
        ):
            return answer.beginning or None
        case _:
            return None

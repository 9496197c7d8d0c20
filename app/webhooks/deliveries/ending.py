"""What an attempt means for its delivery: delivered, again later, or given up."""

from datetime import datetime

from app.webhooks.deliveries.claims import ClaimedDelivery
from app.webhooks.deliveries.recording import EndedAttempt
from app.webhooks.outcomes import (
    AddressRefused,
    Attempt,
    ConnectFailed,
    ConnectionLost,
    Delivered,
    FailedAnswer,
    Gone,
    NameNotResolved,
    Outcome,
    Redirected,
    Throttled,
    TimedOut,
    TlsFailed,
    UrlRefused,
    status_of,
)


def ended(
    delivery: ClaimedDelivery, attempt: Attempt, now: datetime, retry_at: datetime | None
) -> EndedAttempt:
    """Return how an attempt ended. ``now``: by the owner's clock.

    ``retry_at``: None if the schedule has no more for it.
    """
    outcome, delivered = attempt.outcome, isinstance(attempt.outcome, Delivered)
    return EndedAttempt(
        delivery=delivery,
        at=now,
        outcome=outcome_code(outcome),
        detail=_detail_of(outcome),
        status=status_of(outcome),
        latency_ms=round(attempt.latency_seconds * 1_000),
        answer=_answer_of(outcome),
        delivered=delivered,
        retry_at=None if delivered else retry_at,
    )


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


def _detail_of(outcome: Outcome) -> str | None:
    match outcome:
        case TimedOut(phase=phase) | ConnectionLost(phase=phase):
            return phase.value
        case TlsFailed(fault=fault):
            return fault.value
        case UrlRefused(fault=url_fault):
            return url_fault.value
        case _:
            return None


def _answer_of(outcome: Outcome) -> str | None:
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

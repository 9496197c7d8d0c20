"""The health of an endpoint: a circuit breaker, a concurrency limit, and when it is disabled.

Consecutive failures open the circuit: nothing is sent for a while, then one message as a probe,
which closes the circuit or opens it for longer. A throttling response (429, 502, 504) halves the
concurrency and pauses the endpoint; each success raises the concurrency by one. Messages that wait
for these reasons keep all their attempts.

`disabled_reason` is the only place that decides when an endpoint is disabled. Everything here is
pure: the time and the number of messages under way are arguments.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias, assert_never

from app.domain.webhook_endpoints import DisabledReason
from app.leased_work.backoff import Backoff
from app.webhooks.outcomes import Delivered, Gone, Outcome, Throttled, retry_after_of


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthPolicy:
    """The limits. ``concurrency_max``: messages under way to a healthy endpoint."""

    concurrency_max: int = 8
    failures_to_open: int = 5
    open_min: timedelta = timedelta(seconds=30)
    open_max: timedelta = timedelta(minutes=10)
    probe_max: timedelta = timedelta(seconds=60)
    """A probe without a result by then no longer counts: its process was killed."""
    rest_min: timedelta = timedelta(seconds=1)
    rest_max: timedelta = timedelta(hours=1)
    """The shortest and the longest pause after a throttling response."""
    failing_max: timedelta = timedelta(days=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """Messages are sent. ``failures``: consecutive ones."""

    failures: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Open:
    """Nothing is sent until an instant. ``times``: how often it opened without a success."""

    until: datetime
    times: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Probing:
    """One message is sent as a probe; others wait."""

    until: datetime
    times: int


Circuit: TypeAlias = Closed | Open | Probing


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The health of an endpoint in one process.

    ``concurrency``: messages it may have under way. ``rests_until``: the end of a pause.
    ``failing``: whether its last attempt failed; since when is in the database, for all processes.
    """

    circuit: Circuit
    concurrency: int
    rests_until: datetime | None
    failing: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send one message, and store this health."""

    health: Health


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Send nothing now. ``until``: None if it waits for a message under way."""

    until: datetime | None


Authorization: TypeAlias = Send | Wait


def healthy(policy: HealthPolicy) -> Health:
    """Return the health of a new endpoint, or of one that was enabled again."""
    return Health(
        circuit=Closed(), concurrency=policy.concurrency_max, rests_until=None, failing=False
    )


def admit(health: Health, under_way: int, now: datetime, policy: HealthPolicy) -> Authorization:
    """Return whether a message may be sent; ``under_way``: the endpoint's other messages."""
    if health.rests_until is not None and now < health.rests_until:
        return Wait(until=health.rests_until)
    match health.circuit:
        case Closed():
            free = under_way < health.concurrency
            return Send(health=health) if free else Wait(until=None)
        case Open(until=until, times=times) | Probing(until=until, times=times):
            if now < until:
                return Wait(until=until)
            probing = Probing(until=now + policy.probe_max, times=times)
            return Send(health=replace(health, circuit=probing))
        case _:
            assert_never(health.circuit)


def record_outcome(health: Health, outcome: Outcome, now: datetime, policy: HealthPolicy) -> Health:
    """Return the health after an attempt that ended now."""
    if isinstance(outcome, Delivered):
        return _after_success(health, now, policy)
    if isinstance(outcome, Gone):  # it is to be disabled
        return health
    failing = replace(health, failing=True)
    if isinstance(outcome, Throttled):
        failing = _slowed(failing, retry_after_of(outcome), now, policy)
    return _after_failure(failing, now, policy)


def disabled_reason(
    outcome: Outcome, failing_since: datetime | None, now: datetime, policy: HealthPolicy
) -> DisabledReason | None:
    """Return why an attempt that ended now disables its endpoint; None if it does not.

    410 at once; any other failure if it comes ``failing_max`` or more after ``failing_since``, the
    first failure since the last success. Only an attempt disables: an endpoint that receives
    nothing is not disabled for one message that failed a week ago.
    """
    if isinstance(outcome, Gone):
        return DisabledReason.GONE
    if isinstance(outcome, Delivered) or failing_since is None:
        return None
    return DisabledReason.FAILING if now - failing_since >= policy.failing_max else None


def _after_success(health: Health, now: datetime, policy: HealthPolicy) -> Health:
    rests = health.rests_until is not None and now < health.rests_until
    return Health(
        circuit=Closed(),
        concurrency=min(health.concurrency + 1, policy.concurrency_max),
        rests_until=health.rests_until if rests else None,
        failing=False,
    )


def _after_failure(health: Health, now: datetime, policy: HealthPolicy) -> Health:
    match health.circuit:
        case Closed(failures=failures) if failures + 1 < policy.failures_to_open:
            return replace(health, circuit=Closed(failures=failures + 1))
        case Closed():
            return _opened(health, 1, now, policy)
        case Probing(times=times):
            return _opened(health, times + 1, now, policy)
        case Open():  # sent before it opened
            return health
        case _:
            assert_never(health.circuit)


def _opened(health: Health, times: int, now: datetime, policy: HealthPolicy) -> Health:
    backoff = Backoff(
        seconds_min=policy.open_min.total_seconds(), seconds_max=policy.open_max.total_seconds()
    )
    until = now + timedelta(seconds=backoff.after(times))
    # A recovering endpoint does not receive everything queued at once.
    return replace(health, circuit=Open(until=until, times=times), concurrency=1)


def _slowed(
    health: Health, retry_after: timedelta | None, now: datetime, policy: HealthPolicy
) -> Health:
    rest = min(max(retry_after or policy.rest_min, policy.rest_min), policy.rest_max)
    until = now + rest
    if health.rests_until is not None:
        until = max(until, health.rests_until)
    return replace(health, concurrency=max(health.concurrency // 2, 1), rests_until=until)

"""How an endpoint's failures spare it, and in the end disable it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.webhook_endpoints import DisabledReason
from app.webhooks.breaker import (
    Closed,
    Health,
    HealthPolicy,
    Open,
    Probing,
    Send,
    Wait,
    admit,
    disabled_reason,
    healthy,
    record_outcome,
)
from app.webhooks.outcomes import (
    Answer,
    ConnectFailed,
    Delivered,
    FailedAnswer,
    Gone,
    Outcome,
    Phase,
    Throttled,
    TimedOut,
)

POLICY = HealthPolicy()
NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
TICK = timedelta(microseconds=1)


def answer(status: int) -> Answer:
    return Answer(status=status, beginning="", cut=False, encoded=False)


OK = Delivered(answer=answer(200))
FAILED = FailedAnswer(answer=answer(500), retry_after=None)
GONE = Gone(answer=answer(410))


def throttled(retry_after: timedelta | None = None) -> Throttled:
    return Throttled(answer=answer(429), retry_after=retry_after)


def kept(health: Health, outcome: Outcome, now: datetime = NOW) -> Health:
    return record_outcome(health, outcome, now, POLICY)


def after(*outcomes: Outcome, now: datetime = NOW) -> Health:
    health = healthy(POLICY)
    for outcome in outcomes:
        health = kept(health, outcome, now)
    return health


def probed(health: Health, now: datetime) -> Health:
    admission = admit(health, 0, now, POLICY)
    assert isinstance(admission, Send)
    return admission.health


def test_a_healthy_endpoint_is_sent_as_much_as_its_concurrency_allows() -> None:
    health = healthy(POLICY)
    assert admit(health, 7, NOW, POLICY) == Send(health=health)
    assert admit(health, 8, NOW, POLICY) == Wait(until=None)


def test_a_few_failures_open_nothing_and_a_success_forgets_them() -> None:
    assert after(*[FAILED] * 4).circuit == Closed(failures=4)
    assert after(*[FAILED] * 4, OK) == healthy(POLICY)
    assert after(*[FAILED] * 4, OK, *[FAILED] * 4).circuit == Closed(failures=4)


@pytest.mark.parametrize(
    "failure", [FAILED, ConnectFailed(), TimedOut(phase=Phase.WAITING), throttled()]
)
def test_five_failures_in_a_row_open_the_circuit(failure: Outcome) -> None:
    health = after(*[failure] * 5)
    assert health.circuit == Open(until=NOW + 30 * SECOND, times=1)
    assert admit(health, 0, NOW + 30 * SECOND - TICK, POLICY) == Wait(until=NOW + 30 * SECOND)


def test_then_one_probe_is_sent_and_all_others_wait_for_it() -> None:
    then = NOW + 30 * SECOND
    health = probed(after(*[FAILED] * 5), then)
    assert health.circuit == Probing(until=then + 60 * SECOND, times=1)
    assert admit(health, 1, then, POLICY) == Wait(until=then + 60 * SECOND)


def test_a_probe_that_never_comes_back_is_replaced_after_a_while() -> None:
    then = NOW + 30 * SECOND
    health = probed(after(*[FAILED] * 5), then)
    assert isinstance(admit(health, 0, then + 60 * SECOND, POLICY), Send)


def test_a_probe_that_arrives_closes_the_circuit_and_the_rest_comes_slowly() -> None:
    then = NOW + 30 * SECOND
    health = kept(probed(after(*[FAILED] * 5), then), OK, then)
    assert health == Health(circuit=Closed(), concurrency=2, rests_until=None, failing=False)
    for expected in (3, 4, 5, 6, 7, 8, 8):
        health = kept(health, OK, then)
        assert health.concurrency == expected


def test_probes_that_fail_open_the_circuit_for_twice_as_long_up_to_ten_minutes() -> None:
    health, now, pauses = after(*[FAILED] * 5), NOW, []
    for _ in range(40):
        assert isinstance(health.circuit, Open)
        pauses.append(int((health.circuit.until - now).total_seconds()))
        now = health.circuit.until
        health = kept(probed(health, now), FAILED, now)
    assert pauses[:6] == [30, 60, 120, 240, 480, 600]
    assert set(pauses[6:]) == {600}


def test_failures_of_what_was_sent_before_the_circuit_opened_change_nothing() -> None:
    opened = after(*[FAILED] * 5)
    assert kept(opened, FAILED, NOW + SECOND) == opened


def test_an_endpoint_that_asks_for_less_gets_half_and_a_rest() -> None:
    health = after(throttled(20 * SECOND))
    assert health.concurrency == 4
    assert admit(health, 0, NOW + 20 * SECOND - TICK, POLICY) == Wait(until=NOW + 20 * SECOND)
    assert admit(health, 3, NOW + 20 * SECOND, POLICY) == Send(health=health)
    assert admit(health, 4, NOW + 20 * SECOND, POLICY) == Wait(until=None)
    assert after(*[throttled()] * 4).concurrency == 1


@pytest.mark.parametrize(
    ("asked", "rest"),
    [
        (None, SECOND),
        (timedelta(0), SECOND),
        (timedelta(hours=1), timedelta(hours=1)),
        (timedelta(hours=24), timedelta(hours=1)),
    ],
)
def test_the_rest_of_an_endpoint_has_bounds(asked: timedelta | None, rest: timedelta) -> None:
    assert after(throttled(asked)).rests_until == NOW + rest


def test_a_success_on_its_way_does_not_end_a_rest_and_a_shorter_one_does_not_shorten_it() -> None:
    health = after(throttled(20 * SECOND), OK, throttled(5 * SECOND))
    assert health.rests_until == NOW + 20 * SECOND
    assert kept(health, OK, NOW + 20 * SECOND).rests_until is None


def test_an_endpoint_that_is_gone_is_disabled_at_once() -> None:
    assert disabled_reason(GONE, None, NOW, POLICY) is DisabledReason.GONE
    assert disabled_reason(GONE, NOW, NOW, POLICY) is DisabledReason.GONE


@pytest.mark.parametrize("failure", [FAILED, ConnectFailed(), throttled()])
def test_an_endpoint_failing_for_five_days_is_disabled_by_its_next_failure(
    failure: Outcome,
) -> None:
    assert disabled_reason(failure, NOW, NOW + 5 * DAY - TICK, POLICY) is None
    assert disabled_reason(failure, NOW, NOW + 5 * DAY, POLICY) is DisabledReason.FAILING


def test_neither_a_first_failure_nor_time_alone_disables_anything() -> None:
    assert disabled_reason(FAILED, None, NOW, POLICY) is None
    assert disabled_reason(OK, NOW, NOW + 30 * DAY, POLICY) is None
    assert kept(after(FAILED), OK, NOW + 30 * DAY) == healthy(POLICY)


OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.just(OK),
    st.just(FAILED),
    st.just(ConnectFailed()),
    st.none().map(throttled),
    st.timedeltas(timedelta(0), DAY).map(throttled),
)
STEPS = st.lists(
    st.tuples(st.timedeltas(timedelta(0), timedelta(hours=2)), OUTCOMES, st.booleans()),
    max_size=60,
)
LONGEST_WAIT = max(POLICY.open_max, POLICY.probe_max, POLICY.rest_max)


@given(STEPS)
def test_whatever_happens_an_endpoint_is_spared_in_bounds_and_never_forgotten(
    steps: list[tuple[timedelta, Outcome, bool]],
) -> None:
    health, now = healthy(POLICY), NOW
    for pause, outcome, is_late in steps:
        now += pause
        admission = admit(health, 0, now, POLICY)
        if isinstance(admission, Wait):
            assert admission.until is not None
            assert now < admission.until <= now + LONGEST_WAIT
            assert isinstance(admit(health, 0, now + LONGEST_WAIT, POLICY), Send)
            if not is_late:
                continue
        else:
            health = admission.health
            if isinstance(health.circuit, Probing):
                assert isinstance(admit(health, 1, now, POLICY), Wait)
        health = record_outcome(health, outcome, now, POLICY)
        assert 1 <= health.concurrency <= POLICY.concurrency_max
        assert health.failing != isinstance(outcome, Delivered)
        if isinstance(outcome, Delivered):
            assert health.circuit == Closed()


@given(st.lists(OUTCOMES.filter(lambda one: one is not OK), min_size=5, max_size=40))
def test_an_endpoint_that_only_fails_gets_one_message_a_time_after_the_first_five(
    outcomes: list[Outcome],
) -> None:
    health, now, sent = after(*outcomes[:5]), NOW, 0
    for outcome in outcomes[5:]:
        admission = admit(health, 0, now, POLICY)
        while isinstance(admission, Wait):
            assert admission.until is not None
            now = admission.until
            admission = admit(health, 0, now, POLICY)
        health = kept(admission.health, outcome, now)
        sent += 1
    assert now - NOW >= sent * POLICY.open_min

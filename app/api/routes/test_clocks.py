"""Test clocks: a shop without orders gets one, and lives by it from then on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import IdempotencyKeyHeader, IfMatch, RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.test_clocks import (
    AdvanceTestClockBody,
    CreateTestClockBody,
    TestClock,
    test_clock_on_wire,
)
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.event_store.recorded_event import Role
from app.shop_clocks.changing import ClockRefused, advance_test_clock, create_test_clock
from app.shop_clocks.reading import ClockStatus, fetch_test_clock
from app.waiting import wait_for_any

router = APIRouter(route_class=StrictRoute, tags=["test clocks"])

ClockCreator = Annotated[RequestContext, allow(Scope.TEST_CLOCKS_WRITE, Role.PLATFORM)]
ClockMover = Annotated[RequestContext, allow(Scope.TEST_CLOCKS_WRITE, Role.MERCHANT, Role.PLATFORM)]
ClockReader = Annotated[RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM)]

WAIT_SECONDS_MAX = 30
LOOK_AGAIN_SECONDS = 0.05

_PATH = "/v1/shops/{shop_id}/test-clock"


@router.post(
    _PATH,
    name="create_test_clock",
    summary="Put a shop into test mode",
    response_model=TestClock,
    status_code=201,
    responses={
        200: {"model": TestClock, "description": "The shop has had this clock before."},
        **problems(
            *(*WITH_BODY, "idempotency_key_reused"),
            *("shop_in_production", "test_clock_exists", "clock_out_of_range"),
        ),
    },
)
async def create_clock(
    shop_id: ShopId,
    body: CreateTestClockBody,
    call: ClockCreator,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Give a shop a clock of its own, for good. Only a shop without any order can get one.

    From then on whatever is asked of its orders is decided at the clock's instant, and deadlines
    come when the clock is advanced. Asking again gives the clock there is.
    """

    async def created(connection: Connection) -> Answer:
        with _refusals_as_problems():
            clock, is_new = await create_test_clock(
                connection, shop_id, body.now, real_now=call.services.clock.now()
            )
        return call.answer(test_clock_on_wire(clock), 201 if is_new else 200, etag=clock.version)

    return await answered_once(await asked_of(call, idempotency_key, shop_id), created)


@router.get(
    _PATH,
    name="get_test_clock",
    summary="Get a shop's test clock",
    response_model=TestClock,
    responses=problems("test_clock_not_found"),
)
async def get_clock(
    shop_id: ShopId,
    call: ClockReader,
    wait_seconds: Annotated[
        int,
        Query(
            ge=0,
            le=WAIT_SECONDS_MAX,
            description="Answer when the clock is ready, or after so many seconds as it is then.",
        ),
    ] = 0,
) -> Response:
    """Show where a shop's test clock stands and whether it is ready."""
    pool, ending = call.services.resources.pool, call.services.streams.ending
    until = time.monotonic() + wait_seconds
    clock = await fetch_test_clock(pool, shop_id)
    while clock and clock.status is ClockStatus.ADVANCING and time.monotonic() < until:
        if ending.is_set():
            break
        await wait_for_any(LOOK_AGAIN_SECONDS, ending)
        clock = await fetch_test_clock(pool, shop_id)
    if clock is None:
        raise ProblemError("test_clock_not_found")
    return call.json(test_clock_on_wire(clock), etag=clock.version)


@router.post(
    f"{_PATH}/advance",
    name="advance_test_clock",
    summary="Advance a shop's test clock",
    response_model=TestClock,
    status_code=202,
    responses=problems(
        *WITH_BODY,
        "idempotency_key_reused",
        "test_clock_not_found",
        "clock_advancing",
        "clock_moved_backwards",
        "version_stale",
        "clock_advance_too_far",
        "clock_out_of_range",
    ),
)
async def advance_clock(
    shop_id: ShopId,
    body: AdvanceTestClockBody,
    call: ClockMover,
    idempotency_key: IdempotencyKeyHeader = None,
    if_match: IfMatch = None,
) -> Response:
    """Let all that falls due up to an instant happen, in order, each at its own instant.

    The clock is `advancing` meanwhile and `ready` when it is done. Commands are decided at the
    instant it shows. With a key, or with `If-Match`, asking again after a lost answer does not
    advance it twice.
    """

    async def advanced(connection: Connection) -> Answer:
        with _refusals_as_problems():
            clock = await advance_test_clock(
                connection,
                shop_id,
                body.target(),
                real_now=call.services.clock.now(),
                seen_version=None if if_match is None else int(if_match.strip('"')),
            )
        return call.answer(test_clock_on_wire(clock), 202, etag=clock.version)

    return await answered_once(await asked_of(call, idempotency_key, shop_id), advanced)


@contextmanager
def _refusals_as_problems() -> Iterator[None]:
    try:
        yield
    except ClockRefused as refused:
        raise ProblemError(refused.code, facts=refused.facts) from refused

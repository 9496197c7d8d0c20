"""Test clocks: a shop without orders gets one, and lives by it from then on."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Response
from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from app.api.idempotency import answered_once, asked_of
from app.api.problems.problem import ProblemError
from app.api.request_context import IdempotencyKeyHeader, IfMatch, RequestContext, ShopId
from app.api.resources import examples
from app.api.resources.common import Instant, RequestModel, ResponseModel, Version
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.shop_clocks import clocks
from app.shop_clocks.clocks import (
    ClockRefused,
    ClockStatus,
    advance_test_clock,
    create_test_clock,
    fetch_test_clock,
)
from app.waiting import wait_for_any

BY_SECONDS_MAX = 2**31 - 1


class CreateTestClockBody(RequestModel):
    """Where the clock stands at first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CREATE_TEST_CLOCK]})

    now: Instant | None = None
    """From 2020 to ten years from now; the real present by default."""


class AdvanceTestClockBody(RequestModel):
    """To an instant or by a duration, exactly one of the two."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [examples.ADVANCE_TO, examples.ADVANCE_BY],
            "minProperties": 1,
            "maxProperties": 1,
        }
    )

    to: Instant | SkipJsonSchema[None] = Field(default_factory=lambda: None)
    """Later than the clock's present, by up to 400 days."""
    by_seconds: (
        Annotated[int, Field(strict=True, ge=-BY_SECONDS_MAX, le=BY_SECONDS_MAX)]
        | SkipJsonSchema[None]
    ) = Field(default_factory=lambda: None)
    """More than 0, up to 400 days."""

    @model_validator(mode="after")
    def _one_of_the_two(self) -> Self:
        if len(self.model_fields_set) != 1 or (self.to is None and self.by_seconds is None):
            raise ValueError("give either `to` or `by_seconds`")
        return self

    def target(self) -> datetime | timedelta:
        """Return the instant, or the duration."""
        if self.to is not None:
            return self.to
        assert self.by_seconds is not None  # noqa: S101 - one of the two is there
        return timedelta(seconds=self.by_seconds)


class TestClock(ResponseModel):
    """The clock a shop in test mode lives by: its orders, entries, tickets and deadlines."""

    shop_id: str
    now: datetime
    """What the shop takes for the present."""
    status: str
    """`ready`, or `advancing` until all that is due by the target has happened."""
    target: datetime | None
    """Where it is going; null unless it is advancing."""
    fell_due: int
    """How often, in the latest advance so far, an order had something fall due."""
    created_at: datetime
    """In real time."""
    version: Version
    """Rises with every change; pass it back in `If-Match`."""


def test_clock_on_wire(clock: clocks.TestClock) -> TestClock:
    """Show a shop's test clock."""
    return TestClock(
        shop_id=clock.shop_id,
        now=clock.now,
        status=clock.status.value,
        target=clock.target,
        fell_due=clock.fell_due,
        created_at=clock.created_at,
        version=clock.version,
    )


WAIT_SECONDS_MAX = 30
LOOK_AGAIN_SECONDS = 0.05


async def create_clock(
    shop_id: ShopId,
    body: CreateTestClockBody,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Give a shop a test clock, permanently. Only a shop without any order can get one.

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


async def get_clock(
    shop_id: ShopId,
    call: RequestContext,
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


async def advance_clock(
    shop_id: ShopId,
    body: AdvanceTestClockBody,
    call: RequestContext,
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

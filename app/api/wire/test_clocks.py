"""Test clocks on the wire."""

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator
from pydantic.json_schema import SkipJsonSchema

from app.api.wire import examples
from app.api.wire.common import Instant, RequestModel, ResponseModel, Version
from app.shop_clocks import reading

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


def test_clock_on_wire(clock: reading.TestClock) -> TestClock:
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

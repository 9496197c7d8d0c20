"""Test clocks on the wire."""

from datetime import datetime, timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, RootModel

from app.api.wire import examples
from app.api.wire.common import Instant, RequestModel, ResponseModel, Version
from app.shop_clocks import reading

BY_SECONDS_MAX = 2**31 - 1


class CreateTestClockBody(RequestModel):
    """Where the clock stands at first."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CREATE_TEST_CLOCK]})

    now: Instant | None = None
    """From 2020 to ten years from now; the real present by default."""


class AdvanceTo(RequestModel):
    """Advance to an instant."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ADVANCE_TO]})

    to: Instant
    """Later than the clock's present, by up to 400 days."""


class AdvanceBy(RequestModel):
    """Advance by a duration."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ADVANCE_BY]})

    by_seconds: Annotated[int, Field(strict=True, ge=-BY_SECONDS_MAX, le=BY_SECONDS_MAX)]
    """More than 0, up to 400 days."""


class AdvanceTestClockBody(RootModel[AdvanceTo | AdvanceBy]):
    """To an instant or by a duration, one of the two."""

    model_config = ConfigDict(frozen=True)

    def target(self) -> datetime | timedelta:
        """Return the instant, or the duration."""
        if isinstance(self.root, AdvanceTo):
            return self.root.to
        return timedelta(seconds=self.root.by_seconds)


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

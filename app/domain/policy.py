"""The numbers of the product, in one versioned object. Every decision records its version."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""Without daylight saving since 1991, so a fixed offset is exact for every order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Durations, limits and cut-offs. The defaults are the product's rules."""

    version: int
    after_sales_period: timedelta = timedelta(days=7)
    """From confirmed receipt to the end of the ordinary after-sales period."""
    order_age_max: timedelta = timedelta(days=150)
    """How old an order may be when its entry is opened, the last instant included."""
    order_created_from: datetime = datetime(2020, 7, 1, tzinfo=SHANGHAI)
    """Orders created before this instant are excluded ("after 30 June 2020")."""
    entry_lifetime: timedelta = timedelta(days=5)
    """How long the consumer's button stays; the instant of expiry is already closed."""
    entry_reminder_before_expiry: timedelta = timedelta(hours=24)
    applications_in_period_max: int = 5
    """Applications an order takes in the period; those through an opened entry are not counted."""
    merchant_answer_within: timedelta = timedelta(hours=48)
    buyer_return_within: timedelta = timedelta(days=7)
    rejected_closes_after: timedelta = timedelta(days=7)
    fact_clock_skew_max: timedelta = timedelta(seconds=5)
    """How far ahead of our clock a reported fact may lie before it counts as in the future."""


POLICY = Policy(version=1)
"""The policy in force."""

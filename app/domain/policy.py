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
    """How long an application waits for the merchant before it is agreed to by itself."""
    buyer_return_within: timedelta = timedelta(days=7)
    return_receipt_within: timedelta = timedelta(days=10)
    """How long goods sent back wait for the merchant before they count as received."""
    replacement_within: timedelta = timedelta(hours=48)
    """How long the merchant has to ship a replacement before the platform steps in."""
    replacement_receipt_within: timedelta = timedelta(days=7)
    rejected_closes_after: timedelta = timedelta(days=7)
    arbitration_evidence_within: timedelta = timedelta(days=7)
    """How long the merchant has to give evidence before the platform rules for the buyer."""
    reminder_before_due: timedelta = timedelta(hours=24)
    """How long before a deadline of days the side concerned is reminded of it, once."""
    reminder_before_short_due: timedelta = timedelta(hours=12)
    """The same, before a deadline of no more than 48 hours."""
    short_due: timedelta = timedelta(hours=48)
    return_extension_days_max: int = 7
    """By how many days the merchant may extend the time for the return at once."""
    return_extensions_max: int = 2
    modifications_max: int = 5
    """How often the buyer may modify one application."""
    arbitrations_max: int = 3
    """How often the buyer may ask the platform to arbitrate one ticket."""
    arbitration_evidence_max: int = 20
    """Submissions of evidence each side has in one ticket."""
    remarks_max: int = 100
    """Remarks on one ticket, of all sides together."""
    arrears_max: int = 0
    """Minor units a shop may owe the platform before it can open no more entries."""
    payout_dual_control_above: int = 100_000
    """Minor units up to which one person of customer service may pay out in advance alone."""
    payouts_max: int = 20
    """Advance payouts on one ticket, those refused and declined included."""
    fact_clock_skew_max: timedelta = timedelta(seconds=5)
    """How far ahead of our clock a reported fact may lie before it counts as in the future."""


POLICY = Policy(version=3)
"""The policy in force."""

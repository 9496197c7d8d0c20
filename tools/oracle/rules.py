"""The product's rules in numbers and tables, written a second time to check the service by."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)

PERIOD = 7 * DAY
ENTRY_OPEN_FOR = 5 * DAY
ENTRY_REMINDER_BEFORE = 24 * HOUR
ORDER_AGE_MAX = 150 * DAY
CREATED_FROM = datetime(2020, 6, 30, 16, 0, tzinfo=UTC)
"""Midnight of 1 July 2020 in Shanghai."""

CLOCK_TOLERANCE = timedelta(seconds=5)
"""How far in the future a reported fact may lie."""

IN_PERIOD_MAX = 5
EXTENSION_DAYS_MAX = 7
FILES_MAX = 9
URL_LENGTH_MAX = 500

MONEY = frozenset({"refund_only", "return_and_refund"})
GOODS_BACK = frozenset({"return_and_refund", "exchange", "repair"})
FINAL = frozenset({"succeeded", "completed", "closed"})
REJECTED = frozenset({"rejected", "rejected_after_return"})

WAITS: Mapping[str, tuple[timedelta, str, str]] = {
    "pending_merchant": (48 * HOUR, "agree", "merchant"),
    "awaiting_return": (7 * DAY, "close", "consumer"),
    "awaiting_merchant_receipt": (10 * DAY, "confirm_return", "merchant"),
    "awaiting_replacement": (48 * HOUR, "escalate", "merchant"),
    "awaiting_buyer_receipt": (7 * DAY, "complete", "consumer"),
    "rejected": (7 * DAY, "close", "consumer"),
    "rejected_after_return": (7 * DAY, "close", "consumer"),
    "in_arbitration": (7 * DAY, "rule_for_buyer", "merchant"),
}
"""Of each state with a deadline: after how long, what happens then, and who must act before."""
ACTIVE = frozenset({*WAITS, "refunding"})

DOUDIAN_CODES: Mapping[str, int] = {
    "pending_merchant": 6,
    "awaiting_return": 7,
    "awaiting_merchant_receipt": 11,
    "awaiting_replacement": 8,
    "awaiting_buyer_receipt": 13,
    "refunding": 12,
    "rejected": 27,
    "rejected_after_return": 29,
    "succeeded": 12,
    "completed": 14,
    "closed": 28,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How often each of these may be done on one ticket; evidence: by each side."""

    modifications: int = 5
    extensions: int = 2
    arbitrations: int = 3
    evidence: int = 20
    remarks: int = 100


LIMITS = Limits()


def reminder_before(within: timedelta) -> timedelta:
    """Return how long before the end of a wait the side concerned is reminded."""
    return 12 * HOUR if within <= 48 * HOUR else 24 * HOUR


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


APPLICATIONS: Mapping[str, str] = {
    "request_refund": "refund-requests",
    "request_exchange": "exchange-requests",
    "request_reissue": "reissue-requests",
    "request_repair": "repair-requests",
}
"""The consumer's applications, and their paths below the order."""

REASONS: Mapping[str, frozenset[str]] = {
    kind: _words(reasons)
    for kind, reasons in {
        "refund_only": "no_longer_wanted not_as_described quality_problem damaged wrong_item "
        "missing_parts counterfeit not_received promised_after_sales agreed_with_merchant other",
        "return_and_refund": "no_longer_wanted not_as_described quality_problem damaged wrong_item "
        "missing_parts counterfeit promised_after_sales agreed_with_merchant other",
        "exchange": "no_longer_wanted not_as_described quality_problem damaged wrong_item "
        "missing_parts counterfeit promised_after_sales agreed_with_merchant other",
        "reissue": "damaged wrong_item missing_parts not_received promised_after_sales "
        "agreed_with_merchant other",
        "repair": "quality_problem damaged not_as_described promised_after_sales "
        "agreed_with_merchant other",
    }.items()
}
"""Why each type may be applied for."""

APPLICATION_REJECTIONS = _words(
    "no_evidence no_quality_problem damaged_by_buyer outside_promise amount_not_agreed "
    "already_settled_otherwise other"
)
RETURN_REJECTIONS = _words(
    "return_not_received return_incomplete return_damaged return_wrong_goods damaged_by_buyer other"
)

_UNPROCESSABLE = _words(
    "reason_not_for_type reason_not_for_decision evidence_required too_many_attachments "
    "attachment_not_https attachment_url_invalid attachment_type_not_taken "
    "attachment_too_large tracking_number_invalid return_extension_too_long "
    "ruling_contradicts_itself request_invalid idempotency_key_reused items_do_not_add_up "
    "item_repeated fact_in_future fact_before_order"
)
_OTHERS = {
    "version_stale": 412,
    "role_not_allowed": 403,
    "not_found": 404,
    "order_not_found": 404,
    "ticket_not_found": 404,
}


def status_of(code: str) -> int:
    """Return the HTTP status a refusal is answered with: 409 unless its cause is another."""
    return _OTHERS.get(code, 422 if code in _UNPROCESSABLE else 409)

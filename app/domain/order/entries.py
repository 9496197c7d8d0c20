"""The after-sales entry: closed -> open (generation n, five days) -> closed.

By the time a command is decided, an entry past its expiry has been closed (see deadlines).
"""

from dataclasses import dataclass
from datetime import datetime

from app.domain.funds.state import Funds
from app.domain.order.commission_split import cost_of_opening
from app.domain.order.eligibility import Verdict, check_eligibility
from app.domain.order.state import Entry, EntryClosed, EntryOpen, NeverOpened, Order
from app.domain.policy import Policy
from app.domain.reasons import DeclineReason
from app.domain.refunds import CostPreview
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAfterSalesEntry:
    """Open the entry of one order for five days, knowing what it may cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestEntryReopening:
    """Ask the merchant to open a closed entry again."""

    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclineEntryReopening:
    """Answer a reopening request with no."""

    reason: DeclineReason
    note: str | None


EntryCommand = OpenAfterSalesEntry | RequestEntryReopening | DeclineEntryReopening


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryOpened:
    """The merchant opened the entry, knowing the cost shown; it closes at ``expires_at``."""

    at: datetime
    buyer_id: str
    generation: int
    expires_at: datetime
    remind_at: datetime
    acknowledged_cost: CostPreview
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryExpiring:
    """The consumer is reminded once that an unused entry is about to close."""

    at: datetime
    buyer_id: str
    generation: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterSalesEntryExpired:
    """The five days are over. ``used`` says whether an application came through this opening."""

    at: datetime
    buyer_id: str
    generation: int
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReopeningRequested:
    """The consumer asked for the closed entry to be opened again."""

    at: datetime
    buyer_id: str
    generation: int
    note: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryReopeningDeclined:
    """The merchant declined to open the entry again."""

    at: datetime
    buyer_id: str
    generation: int
    reason: DeclineReason
    note: str | None


EntryEvent = (
    AfterSalesEntryOpened
    | AfterSalesEntryExpiring
    | AfterSalesEntryExpired
    | EntryReopeningRequested
    | EntryReopeningDeclined
)


def open_entry(order: Order, now: datetime, policy: Policy, funds: Funds) -> Decision[EntryEvent]:
    """Open the entry if every rule allows it; an open one stays as it is, with its own expiry.

    A shop in arrears beyond the limit opens none, whatever the order.
    """
    if isinstance(order.entry, EntryOpen):
        return ()
    if funds.restricted:
        return reject(
            RejectionCode.SHOP_RESTRICTED, arrears=funds.arrears, limit=policy.arrears_max
        )
    verdict = check_eligibility(order, now, policy)
    if not verdict.eligible:
        return Rejection(code=RejectionCode.NOT_ELIGIBLE, failed_rules=verdict.failed)
    expires_at = now + policy.entry_lifetime
    return (
        AfterSalesEntryOpened(
            at=now,
            buyer_id=order.facts.buyer_id,
            generation=generation_of(order.entry) + 1,
            expires_at=expires_at,
            remind_at=expires_at - policy.entry_reminder_before_expiry,
            acknowledged_cost=cost_of_opening(order, funds),
            verdict=verdict,
        ),
    )


def request_reopening(
    command: RequestEntryReopening, order: Order, now: datetime
) -> Decision[EntryEvent]:
    """Ask for a closed entry to be opened again; asking twice changes nothing."""
    match order.entry:
        case NeverOpened():
            return reject(RejectionCode.ENTRY_NEVER_OPENED)
        case EntryOpen(expires_at=expires_at):
            return reject(RejectionCode.ENTRY_STILL_OPEN, expires_at=expires_at.isoformat())
        case EntryClosed(reopening_requested=True):
            return ()
        case EntryClosed(generation=generation):
            return (
                EntryReopeningRequested(
                    at=now,
                    buyer_id=order.facts.buyer_id,
                    generation=generation,
                    note=command.note,
                ),
            )


def decline_reopening(
    command: DeclineEntryReopening, order: Order, now: datetime
) -> Decision[EntryEvent]:
    """Answer a waiting request with no, for a coded reason."""
    if not (isinstance(order.entry, EntryClosed) and order.entry.reopening_requested):
        return reject(RejectionCode.REOPENING_NOT_REQUESTED)
    return (
        EntryReopeningDeclined(
            at=now,
            buyer_id=order.facts.buyer_id,
            generation=order.entry.generation,
            reason=command.reason,
            note=command.note,
        ),
    )


def generation_of(entry: Entry) -> int:
    """Return how many times the entry has been opened."""
    match entry:
        case NeverOpened():
            return 0
        case EntryOpen(generation=generation) | EntryClosed(generation=generation):
            return generation

"""The after-sales entry on the wire: its state, who may open it, and what that may cost."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from app.api.resources import examples
from app.api.resources.common import (
    Amount,
    Id,
    LocalizedText,
    LongText,
    RequestModel,
    ResponseModel,
    Versioned,
    Yes,
    localized,
)
from app.api.resources.ticket_parts import CostPreview, cost_on_wire
from app.domain.funds.state import Funds
from app.domain.order.eligibility import RuleResult, Verdict, text_of
from app.domain.reasons import DeclineReason
from app.domain.refunds import CostPreview as DomainCostPreview
from app.projections.orders.view import OrderView

BULK_OPEN_MAX = 100


class OpenEntryBody(RequestModel):
    """The merchant's word that the cost shown was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OPEN_ENTRY]})

    cost_acknowledged: Yes
    """Past the period the merchant bears the whole refund; see the cost preview."""


class OpenEntriesBody(OpenEntryBody):
    """Several orders whose entries are to be opened."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OPEN_ENTRIES]})

    order_ids: Annotated[list[Id], Field(min_length=1, max_length=BULK_OPEN_MAX)]


class ReopeningRequestBody(RequestModel):
    """The consumer's wish to have the closed entry opened again."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REOPENING_REQUEST]})

    note: LongText | None = None


class DeclineReopeningBody(RequestModel):
    """The merchant's no, with its reason."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.DECLINE_REOPENING]})

    reason: DeclineReason
    note: LongText | None = None


class RuleCheck(ResponseModel):
    """One eligibility rule applied to the order."""

    code: str
    """Stable name of the rule, named for what is wrong when it fails; more may come."""
    passed: bool
    observed: str | None
    """What was seen: an instant, an amount in minor units, a code; null if there is nothing."""
    threshold: str
    """What it was compared with."""
    text: LocalizedText
    """Why it passed or failed."""


class Eligibility(ResponseModel):
    """Whether the entry may be opened, with every rule applied."""

    eligible: bool
    checked_at: datetime
    policy_version: int
    rules: list[RuleCheck]


class PendingReopeningRequest(ResponseModel):
    """The consumer waits for an answer."""

    requested_at: datetime
    note: str | None


class ReopeningDecline(ResponseModel):
    """The merchant's last no since the entry was opened."""

    declined_at: datetime
    reason: str
    reason_text: LocalizedText
    note: str | None


class AfterSalesEntry(ResponseModel):
    """The after-sales entry of one order. All but state and generation are of the last opening."""

    state: str
    """`never_opened`, `open` or `closed`; at `expires_at` an entry is closed."""
    generation: int
    """How many times the entry has been opened."""
    opened_at: datetime | None
    expires_at: datetime | None
    used: bool
    """Whether an application came through the last opening."""
    reopening_request: PendingReopeningRequest | None
    last_decline: ReopeningDecline | None
    acknowledged_cost: CostPreview | None


class ShopRestriction(ResponseModel):
    """The shop owes more than it may: no entry is opened until a top-up lifts this."""

    arrears: Amount
    """Minor units the shop owes for refunds paid in advance (先行赔付)."""
    limit: Amount
    """Minor units it may owe."""


class AfterSalesEntryDetail(AfterSalesEntry, Versioned):
    """The entry, whether it may be opened now, and what that may cost."""

    order_id: str
    eligibility: Eligibility
    shop_restriction: ShopRestriction | None
    """Why the shop opens no entry at all, whatever the order; null if it may, and to consumers."""
    cost_preview: CostPreview


class OpenedEntry(AfterSalesEntry, Versioned):
    """The entry after it was opened, or as it was if it was open."""

    order_id: str


class OpenEntryResult(ResponseModel):
    """The result of one order in a bulk open."""

    order_id: str
    status: int
    """HTTP status this order alone would have been answered with."""
    replayed: bool
    """True if this is the answer to the same request, given before under the same key."""
    code: str | None
    """Code of the problem; null if the entry is open."""
    failed_rules: list[RuleCheck]
    entry: OpenedEntry | None


class OpenEntriesResult(ResponseModel):
    """A result for each order, in the order they were named."""

    results: list[OpenEntryResult]


def entry_on_wire(view: OrderView, now: datetime, *, open_books: bool) -> AfterSalesEntry:
    """Show the entry as it stands at an instant; ``open_books``: with what the shop's money lacks.

    The shop's money is no business of its consumers.
    """
    return AfterSalesEntry(**_entry_fields(view, now, open_books=open_books))


def opened_entry_on_wire(view: OrderView, now: datetime, *, open_books: bool) -> OpenedEntry:
    """Show the entry with the order it belongs to."""
    return OpenedEntry(
        order_id=view.facts.order_id,
        version=view.version,
        **_entry_fields(view, now, open_books=open_books),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What speaks for and against opening an entry. ``open_books``: the shop's money is shown."""

    verdict: Verdict
    cost: DomainCostPreview
    funds: Funds
    arrears_max: int
    open_books: bool


def entry_detail_on_wire(view: OrderView, opening: Opening, now: datetime) -> AfterSalesEntryDetail:
    """Show the entry with its eligibility and the cost of opening it."""
    verdict = opening.verdict
    return AfterSalesEntryDetail(
        order_id=view.facts.order_id,
        version=view.version,
        eligibility=Eligibility(
            eligible=verdict.eligible,
            checked_at=verdict.at,
            policy_version=verdict.policy_version,
            rules=[rule_on_wire(rule) for rule in verdict.rules],
        ),
        shop_restriction=ShopRestriction(arrears=opening.funds.arrears, limit=opening.arrears_max)
        if opening.open_books and opening.funds.restricted
        else None,
        cost_preview=cost_on_wire(opening.cost, open_books=opening.open_books),
        **_entry_fields(view, now, open_books=opening.open_books),
    )


def rule_on_wire(rule: RuleResult) -> RuleCheck:
    """Show one rule's result with its text."""
    return RuleCheck(
        code=rule.code.value,
        passed=rule.passed,
        observed=rule.observed,
        threshold=rule.threshold,
        text=localized(text_of(rule)),
    )


def _entry_fields(view: OrderView, now: datetime, *, open_books: bool) -> dict[str, Any]:
    entry = view.entry
    cost = entry.acknowledged_cost
    return {
        "state": entry.state_at(now).value,
        "generation": entry.generation,
        "opened_at": entry.opened_at,
        "expires_at": entry.expires_at,
        "used": entry.used,
        "reopening_request": None
        if entry.reopening is None
        else PendingReopeningRequest(
            requested_at=entry.reopening.requested_at, note=entry.reopening.note
        ),
        "last_decline": None
        if entry.declined is None
        else ReopeningDecline(
            declined_at=entry.declined.at,
            reason=entry.declined.reason.value,
            reason_text=localized(entry.declined.reason.text),
            note=entry.declined.note,
        ),
        "acknowledged_cost": None if cost is None else cost_on_wire(cost, open_books=open_books),
    }

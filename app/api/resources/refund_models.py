"""Refunds on the wire, as those see them who look after a shop's money."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.api.resources.common import (
    Amount,
    LocalizedText,
    Position,
    ResponseModel,
    localized,
)
from app.api.resources.ticket_parts import REFUND_TYPES, RefundPreview, preview_on_wire
from app.domain.funds.accounts import Account
from app.domain.refunds import FundingSource, RefundRefusal, Shares, differs
from app.projections.refunds.queries import Asked
from app.projections.refunds.view import RefundProgress, ShopRefund

DOUDIAN_STATUSES: Mapping[RefundProgress, int] = MappingProxyType(
    {
        RefundProgress.REQUESTED: 1,
        RefundProgress.FUNDED: 2,
        RefundProgress.UNKNOWN: 2,
        RefundProgress.SUCCEEDED: 3,
        RefundProgress.REFUSED: 4,
    }
)
DOUDIAN_COLLECTED = 5
"""抖店's code of the status of a refund whose advance the shop has paid back (追缴成功)."""


class RefundType(ResponseModel):
    """What pays, as people see it."""

    code: str
    """`original_route`, `deposit` or `platform_advance`; clients take new ones as they come."""
    text: LocalizedText
    doudian_code: int
    """抖店's code of the refund type: 0, 3 or 5."""


class RefundStatus(ResponseModel):
    """How far a refund has come."""

    code: str
    """`requested`, `funded`, `unknown` (it is not known yet whether it was paid, and nothing else
    pays meanwhile), `refused` or `succeeded`; clients take new ones as they come."""
    text: LocalizedText
    doudian_code: int
    """抖店's code of the refund status: 1 to come, 2 under way, 3 succeeded, 4 failed, 5 collected:
    it succeeded, and the shop has paid the platform's advance back (追缴)."""


class RefundSource(ResponseModel):
    """What pays for a refund."""

    code: str
    """`escrow`, `cash`, `deposit` or `platform_advance`; clients take new ones as they come."""
    text: LocalizedText
    account: str | None
    """The account in the ledger; null in the moment before the ledger's event is read."""


class FeesKept(ResponseModel):
    """What others keep of what they earned on the money refunded, in minor units."""

    talent: Amount
    agency: Amount
    service_fee: Amount
    total: Amount


class RefundWait(ResponseModel):
    """Why a refund is not over."""

    code: str
    """`money` (a source is being found), `finance` (it was not paid online), `provider` (its
    answer, or finance's report), `outcome` (it gave no answer, and is asked again), `books` (it has
    ended, the ledger follows) or `person` (it was refused: a person must start, approve or repeat
    an advance payout; or the provider has another order under its key, and a person must look);
    clients take new ones as they come."""
    text: LocalizedText
    since: datetime | None
    asked: int
    """How often the provider was asked."""
    next_query_at: datetime | None
    """When it is asked again; null while it has not been asked, or is not to be."""
    last_answer: str | None
    """The result of the last attempt, for an operator."""


class RefundPayout(ResponseModel):
    """The latest advance payout to another account of the buyer; the ticket shows all of them."""

    payout_id: str
    status: str
    """`requested`, `declined`, `started`, `unknown`, `refused` or `paid`; more may come."""
    status_text: LocalizedText


class Refund(ResponseModel):
    """A refund, from the decision that grants it. Amounts are minor units of `currency`."""

    refund_id: str
    """Also the id of its ticket."""
    refund_key: str
    """What the provider knows it by, for life."""
    shop_id: str
    order_id: str
    ticket_id: str
    buyer_id: str
    amount: Amount
    currency: str
    overdue: bool
    """Past the after-sales period (超售后期售后)."""
    status: RefundStatus
    type: RefundType | None
    source: RefundSource | None
    fees_not_returned: FeesKept
    """Part of `borne`. Zero within the period, where they flow back, and before settlement, unless
    it was paid out in advance: then the money stays in the order and is settled with them."""
    borne: Amount | None
    """What the shop bears of `amount`: all of it past the period."""
    preview: RefundPreview | None
    """What the merchant acknowledged before; null if nothing, and before the source is known."""
    differs: bool | None
    """Whether another source paid than was previewed, or the shop bears more. Null if there is
    nothing to compare with."""
    shortfall: Amount
    """The least top-up with which the shop's own money had paid; if not 0, the platform paid in
    advance (先行赔付)."""
    arrears: Amount
    """What that brought the shop's deposit further below zero."""
    owed: Amount
    """What the shop still owes of those arrears."""
    requested_at: datetime
    funded_at: datetime | None
    unknown_since: datetime | None
    """When the provider first gave no answer; it stays once the outcome is known."""
    refused_at: datetime | None
    refusal: str | None
    """`buyer_account_closed`, `buyer_account_frozen`, ... or `other`; more may come."""
    refusal_text: LocalizedText | None
    provider_text: str | None
    """What the provider said of its refusal, in its own words."""
    succeeded_at: datetime | None
    provider_reference: str | None
    booked_at: datetime | None
    """When the ledger followed its end."""
    collected_at: datetime | None
    """When the shop had paid the platform's advance back (追缴)."""
    advance_payout: RefundPayout | None
    """Null unless the provider refused the refund and customer service pays otherwise."""
    waits_for: RefundWait | None
    """Null once nothing more is to come."""


class RefundPage(ResponseModel):
    """A shop's refunds, newest first."""

    refunds: list[Refund]
    next_cursor: str | None
    current_to: Position
    """The position in the log up to which the list is current."""


class WaitingRefundPage(ResponseModel):
    """Refunds of all shops that wait, longest first."""

    refunds: list[Refund]
    next_cursor: str | None


def shop_refund_on_wire(refund: ShopRefund, asked: Asked | None) -> Refund:
    """Show a refund; ``asked``: how often the provider was asked, while that is known."""
    return Refund(
        refund_id=refund.ticket_id,
        refund_key=refund.refund_key,
        shop_id=refund.shop_id,
        order_id=refund.order_id,
        ticket_id=refund.ticket_id,
        buyer_id=refund.buyer_id,
        amount=refund.amount,
        currency=refund.currency,
        overdue=refund.overdue,
        status=_status(refund),
        type=_type(refund.source),
        source=source_on_wire(refund.source, refund.account),
        fees_not_returned=fees_on_wire(refund.fees_kept),
        borne=refund.borne,
        preview=preview_on_wire(refund.preview),
        differs=_differs(refund),
        shortfall=refund.shortfall,
        arrears=refund.arrears,
        owed=refund.owed,
        requested_at=refund.requested_at,
        funded_at=refund.reserved_at or refund.funded_at,
        unknown_since=refund.unknown_since,
        refused_at=refund.refused_at,
        refusal=None if refund.refusal is None else refund.refusal.value,
        refusal_text=_refusal_text(refund.refusal),
        provider_text=refund.provider_text,
        succeeded_at=refund.succeeded_at,
        provider_reference=refund.provider_reference,
        booked_at=refund.booked_at,
        collected_at=refund.collected_at,
        advance_payout=_payout(refund),
        waits_for=_wait(refund, asked),
    )


def fees_on_wire(fees: Shares) -> FeesKept:
    """Show what others keep."""
    return FeesKept(
        talent=fees.talent, agency=fees.agency, service_fee=fees.service_fee, total=fees.total
    )


def _status(refund: ShopRefund) -> RefundStatus:
    progress = refund.progress
    collected = progress is RefundProgress.SUCCEEDED and refund.collected_at is not None
    return RefundStatus(
        code=progress.value,
        text=localized(progress.text),
        doudian_code=DOUDIAN_COLLECTED if collected else DOUDIAN_STATUSES[progress],
    )


def _differs(refund: ShopRefund) -> bool | None:
    if refund.source is None or refund.borne is None:
        return None
    return differs(refund.preview, refund.source, refund.borne)


def _type(source: FundingSource | None) -> RefundType | None:
    if source is None:
        return None
    code, doudian_code, text = REFUND_TYPES[source]
    return RefundType(code=code, text=localized(text), doudian_code=doudian_code)


def source_on_wire(source: FundingSource | None, account: Account | None) -> RefundSource | None:
    """Show what pays, if that is known."""
    if source is None:
        return None
    return RefundSource(
        code=source.value,
        text=localized(source.text),
        account=None if account is None else account.value,
    )


def _payout(refund: ShopRefund) -> RefundPayout | None:
    if refund.payout is None or refund.payout_key is None:
        return None
    return RefundPayout(
        payout_id=refund.payout_key.rpartition("/")[2],
        status=refund.payout.value,
        status_text=localized(refund.payout.text),
    )


def _refusal_text(refusal: RefundRefusal | None) -> LocalizedText | None:
    return None if refusal is None else localized(refusal.text)


def _wait(refund: ShopRefund, asked: Asked | None) -> RefundWait | None:
    waiting = refund.waiting
    if waiting is None:
        return None
    return RefundWait(
        code=waiting.value,
        text=localized(waiting.text),
        since=refund.waiting_since,
        asked=0 if asked is None else asked.times,
        next_query_at=None if asked is None else asked.next_at,
        last_answer=None if asked is None else asked.last_answer,
    )

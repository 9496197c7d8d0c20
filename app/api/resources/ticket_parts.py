"""Parts of a ticket as it is shown: what it costs, its money, its arbitration."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import ConfigDict

from app.api.resources import examples
from app.api.resources.common import (
    Amount,
    AttachmentOut,
    LocalizedText,
    Money,
    RequestModel,
    ResponseModel,
    Versioned,
    Yes,
    attachments_on_wire,
    localized,
)
from app.domain.refunds import CostPreview as DomainCostPreview
from app.domain.refunds import FundingSource, RefundStatus, differs
from app.domain.text import Text
from app.projections.tickets.view import ArbitrationView, EvidenceView, RefundView, RulingView


class AcknowledgeCostBody(RequestModel):
    """The merchant's word that the cost shown was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OPEN_ENTRY]})

    cost_acknowledged: Yes
    """The cost now is recorded with the decision, and compared with what is paid in the end."""


class CostPreview(ResponseModel):
    """What a refund would cost the merchant, if it were paid now."""

    currency: str
    refundable: Amount
    """Minor units: everything that may still be refunded, or what the ticket asks for."""
    source: str | None
    """What would pay right now: `escrow`, `cash`, `deposit` or `platform_advance`; more may come.
    The real source is chosen when the refund is paid. Null for cash on delivery."""
    borne: Amount
    """Minor units the merchant would bear; what is missing to `refundable` flows back from others.
    """
    talent_commission_kept: Amount
    """Minor units of commission the talent (达人) keeps."""
    agency_commission_kept: Amount
    """Minor units of commission the agency (机构) keeps."""
    service_fee_kept: Amount
    """Minor units of technical service fee the platform keeps."""
    shortfall: Amount | None
    """The least top-up, in minor units, for the shop's own money to pay; 0 if it does already. Null
    for cash on delivery, and to consumers."""


class TicketCost(Versioned):
    """What agreeing to a ticket would cost."""

    ticket_id: str
    cost_preview: CostPreview | None
    """Null if nothing is left to pay: the ticket has ended, or its money is on its way."""


def cost_on_wire(cost: DomainCostPreview, *, open_books: bool = True) -> CostPreview:
    """Show what a refund would cost; ``open_books``: with what its own money lacks."""
    return CostPreview(
        currency=cost.currency,
        refundable=cost.refundable,
        source=None if cost.source is None else cost.source.value,
        borne=cost.borne,
        talent_commission_kept=cost.talent_commission_kept,
        agency_commission_kept=cost.agency_commission_kept,
        service_fee_kept=cost.service_fee_kept,
        shortfall=cost.shortfall if open_books else None,
    )


_ORIGINAL_ROUTE = ("original_route", 0, Text(zh_cn="原路退款", en="Original route"))
REFUND_TYPES: Mapping[FundingSource, tuple[str, int, Text]] = MappingProxyType(
    {
        FundingSource.ESCROW: _ORIGINAL_ROUTE,
        FundingSource.CASH: _ORIGINAL_ROUTE,
        FundingSource.DEPOSIT: ("deposit", 3, Text(zh_cn="保证金退款", en="From the deposit")),
        FundingSource.PLATFORM_ADVANCE: (
            "platform_advance",
            5,
            Text(zh_cn="平台先行赔付", en="Paid in advance by the platform"),
        ),
    }
)
"""What pays, as people see it, with 抖店's code of the refund type (domain: money)."""

_DOUDIAN_STATUSES: Mapping[RefundStatus, int] = MappingProxyType(
    {
        RefundStatus.FUNDED: 2,
        RefundStatus.UNKNOWN: 2,
        RefundStatus.SUCCEEDED: 3,
        RefundStatus.REFUSED: 4,
    }
)


class RefundPreview(ResponseModel):
    """What the merchant was shown and acknowledged, when opening the entry or later, deciding."""

    source: str | None
    """What would have paid then; null where that was not worked out yet."""
    borne: Amount
    """What the merchant would have borne: of an entry, everything that was refundable."""


class TicketRefund(ResponseModel):
    """The money of a ticket, from the moment a source was found for it."""

    status: str
    """`funded`, `unknown` (it is not known yet whether it was paid, and nothing else pays
    meanwhile), `refused` or `succeeded`; more may come."""
    status_text: LocalizedText
    doudian_status: int
    """抖店's code of the status: 2 while it is under way, 3 succeeded, 4 failed."""
    type: str
    """`original_route`, `deposit` or `platform_advance`; more may come."""
    type_text: LocalizedText
    doudian_type: int
    """抖店's code of the type."""
    source: str
    """What pays: `escrow`, `cash`, `deposit` or `platform_advance`; more may come."""
    borne: Amount
    """What the merchant bears of it, in minor units."""
    preview: RefundPreview | None
    """Null if the merchant acknowledged no cost before."""
    differs: bool | None
    """Whether another source paid than was previewed, or the merchant bears more. Null if there is
    nothing to compare with."""
    funded_at: datetime
    unknown_since: datetime | None
    refused_at: datetime | None
    refusal: str | None
    """`buyer_account_closed`, `buyer_account_frozen`, ... or `other`; more may come."""
    refusal_text: LocalizedText | None
    provider_reference: str | None


def preview_on_wire(preview: DomainCostPreview | None) -> RefundPreview | None:
    """Show the cost that was acknowledged before; None if none was."""
    if preview is None:
        return None
    source = None if preview.source is None else preview.source.value
    return RefundPreview(source=source, borne=preview.borne)


def refund_on_wire(refund: RefundView | None) -> TicketRefund | None:
    """Show how far a ticket's money has come; None before a source was found."""
    if refund is None:
        return None
    kind, doudian_type, text = REFUND_TYPES[refund.source]
    refusal = refund.refusal
    return TicketRefund(
        status=refund.status.value,
        status_text=localized(refund.status.text),
        doudian_status=_DOUDIAN_STATUSES[refund.status],
        type=kind,
        type_text=localized(text),
        doudian_type=doudian_type,
        source=refund.source.value,
        borne=refund.shares.shop,
        preview=preview_on_wire(refund.preview),
        differs=differs(refund.preview, refund.source, refund.shares.shop),
        funded_at=refund.funded_at,
        unknown_since=refund.unknown_since,
        refused_at=refund.refused_at,
        refusal=None if refusal is None else refusal.value,
        refusal_text=None if refusal is None else localized(refusal.text),
        provider_reference=refund.provider_reference,
    )


class ArbitrationEvidence(ResponseModel):
    """What one side gave."""

    submitted_at: datetime
    side: str
    """`consumer` or `merchant`; more may come."""
    side_text: LocalizedText
    note: str | None
    evidence: list[AttachmentOut]


class ArbitrationRuling(ResponseModel):
    """How the platform ruled."""

    ruled_at: datetime
    automatic: bool
    """True if the merchant gave no evidence in time."""
    ruling: str
    """`for_buyer` or `for_merchant`; more may come."""
    ruling_text: LocalizedText
    blame: str
    """`buyer`, `merchant`, `carrier` or `nobody`; more may come."""
    blame_text: LocalizedText
    final_amount: Money
    """The money granted; 0 where goods are sent, or nothing."""
    note: str | None


class Arbitration(ResponseModel):
    """The latest arbitration of a ticket."""

    number: int
    """1 for the ticket's first."""
    cause: str
    """`buyer_request` or `replacement_not_shipped`; more may come."""
    cause_text: LocalizedText
    began_at: datetime
    evidence: list[ArbitrationEvidence]
    withdrawn_at: datetime | None
    ruling: ArbitrationRuling | None


def arbitration_on_wire(view: ArbitrationView | None, currency: str) -> Arbitration | None:
    """Show an arbitration."""
    if view is None:
        return None
    return Arbitration(
        number=view.number,
        cause=view.cause.value,
        cause_text=localized(view.cause.text),
        began_at=view.began_at,
        evidence=[_evidence(given) for given in view.evidence],
        withdrawn_at=view.withdrawn_at,
        ruling=None if view.ruling is None else _ruling(view.ruling, currency),
    )


def _evidence(given: EvidenceView) -> ArbitrationEvidence:
    return ArbitrationEvidence(
        submitted_at=given.at,
        side=given.side.value,
        side_text=localized(given.side.text),
        note=given.note,
        evidence=attachments_on_wire(given.evidence),
    )


def _ruling(ruling: RulingView, currency: str) -> ArbitrationRuling:
    return ArbitrationRuling(
        ruled_at=ruling.at,
        automatic=ruling.automatic,
        ruling=ruling.ruling.value,
        ruling_text=localized(ruling.ruling.text),
        blame=ruling.blame.value,
        blame_text=localized(ruling.blame.text),
        final_amount=Money(amount=ruling.final_amount, currency=currency),
        note=ruling.note,
    )

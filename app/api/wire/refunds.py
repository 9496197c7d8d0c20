"""The money of a ticket on the wire."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from app.api.wire.common import Amount, LocalizedText, ResponseModel, localized
from app.domain.refunds import CostPreview, FundingSource, RefundStatus, differs
from app.domain.text import Text
from app.projections.texts import REFUND_REFUSAL_TEXTS, REFUND_STATUS_TEXTS
from app.projections.tickets.view import RefundView

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
    """`funded`, `unknown` (nobody knows yet whether it was paid, and nothing else pays meanwhile),
    `refused` or `succeeded`; more may come."""
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


def preview_on_wire(preview: CostPreview | None) -> RefundPreview | None:
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
        status_text=localized(REFUND_STATUS_TEXTS[refund.status]),
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
        refusal_text=None if refusal is None else localized(REFUND_REFUSAL_TEXTS[refusal]),
        provider_reference=refund.provider_reference,
    )

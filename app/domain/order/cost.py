"""What a refund would cost the merchant, as shown and acknowledged; worked out in costing."""

from dataclasses import dataclass

from app.domain.refunds import FundingSource


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """Minor units: what would be refunded, who would pay it, and what would not come back.

    ``refundable``: all that may still be refunded, or what a ticket asks for. ``source`` would pay
    right now; which one really does is decided when it is paid. ``borne`` is the merchant's part.
    Of what was shared at settlement, talent, agency and the platform keep ``..._kept``.
    ``shortfall`` is the least top-up with which the shop's own money would pay. ``source`` and
    ``shortfall`` are None for cash on delivery, which is not ours to move, and where the cost was
    acknowledged before they were worked out.
    """

    currency: str
    refundable: int
    source: FundingSource | None
    borne: int
    talent_commission_kept: int
    agency_commission_kept: int
    service_fee_kept: int
    shortfall: int | None


def differs(preview: CostPreview | None, source: FundingSource, borne: int) -> bool | None:
    """Tell whether another source paid than was previewed, or the merchant bears more.

    None where there is nothing to compare with. Less than was previewed is no surprise: opening an
    entry previews everything that is refundable.
    """
    if preview is None or preview.source is None:
        return None
    return source is not preview.source or borne > preview.borne

"""What a refund would cost the merchant, on the wire."""

from pydantic import ConfigDict

from app.api.wire import examples
from app.api.wire.common import Amount, RequestModel, ResponseModel, Versioned, Yes
from app.domain.refunds import CostPreview as DomainCostPreview


class AcknowledgeCostBody(RequestModel):
    """The merchant's word that the cost shown was seen."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.OPEN_ENTRY]})

    cost_acknowledged: Yes
    """What it costs now is noted beside the decision, and held against what is paid in the end."""


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

"""What opening the entry may cost the merchant, shown before and acknowledged when opening."""

from dataclasses import dataclass

from app.domain.money import share_of
from app.domain.order.facts import OrderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class CostPreview:
    """Minor units: what may be refunded, and what will not come back to the merchant if it is.

    Past the period the merchant bears the whole refund; the commissions of talent and agency
    and the technical service fee already paid on it stay where they are.
    """

    currency: str
    refundable: int
    talent_commission_kept: int
    agency_commission_kept: int
    service_fee_kept: int


def cost_preview(facts: OrderFacts, refundable: int) -> CostPreview:
    """Work out the cost if everything still refundable, in minor units, were refunded."""
    terms = facts.commission
    return CostPreview(
        currency=facts.payment.amount.currency,
        refundable=refundable,
        talent_commission_kept=share_of(refundable, terms.talent_basis_points),
        agency_commission_kept=share_of(refundable, terms.agency_basis_points),
        service_fee_kept=share_of(refundable, terms.service_fee_basis_points),
    )

"""What a refund would cost and who would pay, shown before opening an entry or agreeing."""

from app.domain.funds.commands import FundRefund
from app.domain.funds.state import Funds
from app.domain.funds.waterfall import choose, shortfall
from app.domain.money import share_of
from app.domain.order.commission_split import shares_left
from app.domain.order.facts import OnlinePayment
from app.domain.order.state import Order
from app.domain.order.tickets import Ticket
from app.domain.refunds import CostPreview, FundingSource


def differs(preview: CostPreview | None, source: FundingSource, borne: int) -> bool | None:
    """Tell whether another source paid than was previewed, or the merchant bears more.

    None where there is nothing to compare with. Less than was previewed is no surprise: opening an
    entry previews everything that is refundable.
    """
    if preview is None or preview.source is None:
        return None
    return source is not preview.source or borne > preview.borne


def cost_of_opening(order: Order, funds: Funds) -> CostPreview:
    """Work out the cost if everything still refundable were refunded past the period."""
    return _cost(order, order.refundable, funds, overdue=True)


def cost_of_ticket(order: Order, ticket: Ticket, funds: Funds) -> CostPreview:
    """Work out the cost of what a ticket asks for."""
    return _cost(order, ticket.amount, funds, overdue=ticket.overdue)


def refund_of(
    order: Order,
    payment: OnlinePayment,
    *,
    amount: int,
    overdue: bool,
    refund_key: str = "",
    ticket_id: str = "",
) -> FundRefund:
    """Return what is asked of the shop's money for a refund of an order paid online."""
    return FundRefund(
        refund_key=refund_key,
        order_id=order.facts.order_id,
        ticket_id=ticket_id,
        channel=payment.channel,
        amount=amount,
        overdue=overdue,
        shares=shares_left(order),
    )


def _cost(order: Order, amount: int, funds: Funds, *, overdue: bool) -> CostPreview:
    payment, terms = order.facts.payment, order.facts.commission
    # Before settlement nobody has earned anything yet; in the period what was earned flows back.
    kept_of = amount if overdue and order.settled_shares is not None else 0
    source, borne, missing = None, amount, None
    if isinstance(payment, OnlinePayment):
        refund = refund_of(order, payment, amount=amount, overdue=overdue)
        chosen = choose(refund, funds)
        source, borne, missing = chosen.source, chosen.borne, shortfall(refund, funds)
    return CostPreview(
        currency=payment.amount.currency,
        refundable=amount,
        source=source,
        borne=borne,
        talent_commission_kept=share_of(kept_of, terms.talent_basis_points),
        agency_commission_kept=share_of(kept_of, terms.agency_basis_points),
        service_fee_kept=share_of(kept_of, terms.service_fee_basis_points),
        shortfall=missing,
    )

"""How an order's money is shared among those who earn on it, and what a refund of it would cost."""

from app.domain.funds.commands import FundRefund
from app.domain.funds.state import Funds
from app.domain.funds.waterfall import choose, shortfall
from app.domain.money import share_of, split
from app.domain.order.facts import CommissionTerms, OnlinePayment
from app.domain.order.state import Order
from app.domain.order.tickets import Payout, Refund, Ticket, TicketState
from app.domain.refunds import (
    CostPreview,
    FundingSource,
    PayoutStatus,
    RefundStatus,
    Shares,
    flowing_back,
)

_WHOLE = 10_000
_CHARGED = frozenset({PayoutStatus.STARTED, PayoutStatus.UNKNOWN, PayoutStatus.PAID})
"""Payouts the deposit stands charged with."""
_NOTHING = Shares(shop=0, talent=0, agency=0, service_fee=0)


def shares_of(amount: int, terms: CommissionTerms) -> Shares:
    """Share an amount in minor units by an order's terms, by largest remainder.

    Terms that promise more than there is are cut to what there is.
    """
    earned = (
        terms.talent_basis_points,
        terms.agency_basis_points,
        terms.service_fee_basis_points,
    )
    weights = (max(0, _WHOLE - sum(earned)), *earned)
    if amount == 0:
        return Shares(shop=0, talent=0, agency=0, service_fee=0)
    # Split is bounded by its limits; weights this large never bind.
    scaled = [weight * amount for weight in weights]
    shop, talent, agency, service_fee = split(amount, scaled)
    return Shares(shop=shop, talent=talent, agency=agency, service_fee=service_fee)


def shares_at_settlement(order: Order) -> Shares:
    """Return how what is in escrow is shared at settlement.

    What the shop paid out in the period from its deposit comes back to it whole: nobody earns on
    what was refunded in the period.
    """
    own = sum(
        ticket.amount
        for ticket in order.tickets.values()
        if not ticket.overdue and _charged(ticket.last_payout)
    )
    earned = shares_of(settled_amount(order) - own, order.facts.commission)
    return added(earned, Shares(shop=own, talent=0, agency=0, service_fee=0))


def settled_amount(order: Order) -> int:
    """Return what leaves escrow at settlement: paid, not refunded out of it, nor on its way.

    What was paid in advance came out of the deposit: its money is still in escrow.
    """
    under_way = sum(
        ticket.amount
        for ticket in order.tickets.values()
        if ticket.state is TicketState.REFUNDING and not _went_back(ticket.refund)
    )
    paid_in_advance = sum(
        ticket.amount
        for ticket in order.tickets.values()
        if ticket.state is TicketState.SUCCEEDED and _charged(ticket.last_payout)
    )
    return order.refundable - under_way + paid_in_advance


def shares_of_payout(order: Order, ticket: Ticket) -> Shares:
    """Return who bears how much of a ticket's payout: the shop, but for what flows back.

    In the period commissions and the fee of a settled order come back pro rata, as for any refund.
    """
    left = shares_left(order)
    if left is None or ticket.overdue:
        return Shares(shop=ticket.amount, talent=0, agency=0, service_fee=0)
    return flowing_back(ticket.amount, left)


def shares_left(order: Order) -> Shares | None:
    """Return how what is left of a settled order's money is shared; None before settlement."""
    if order.settled_shares is None:
        return None
    left = order.settled_shares
    for ticket in order.tickets.values():
        left = _less(left, _taken(ticket))
    return left


def fees_kept(order: Order, ticket: Ticket) -> Shares:
    """Return what others keep of what they earned on a ticket's money; the shop's share is 0.

    Nothing within the period, where it flows back, and nothing before settlement, where nobody
    has earned on that money yet. Rounded as when the cost was shown.
    """
    return fees_lost(order, ticket) if order.settled_shares is not None else _NOTHING


def fees_lost(order: Order, ticket: Ticket) -> Shares:
    """Return what others keep of a ticket's money if the platform pays it in advance.

    Settled or not: the money stays in the order, which is or will be settled with commissions on
    it. Nothing within the period.
    """
    terms = order.facts.commission
    amount = ticket.amount if ticket.overdue else 0
    return Shares(
        shop=0,
        talent=share_of(amount, terms.talent_basis_points),
        agency=share_of(amount, terms.agency_basis_points),
        service_fee=share_of(amount, terms.service_fee_basis_points),
    )


def added(one: Shares, other: Shares) -> Shares:
    """Return both shares together."""
    return Shares(
        shop=one.shop + other.shop,
        talent=one.talent + other.talent,
        agency=one.agency + other.agency,
        service_fee=one.service_fee + other.service_fee,
    )


def _taken(ticket: Ticket) -> Shares:
    """Return what a ticket's refund or payout took from those who hold the order's money."""
    refund, payout = ticket.refund, ticket.last_payout
    if payout is not None and payout.shares is not None and _charged(payout):
        return payout.shares
    if refund is None or refund.shares is None or _went_back(refund):
        return _NOTHING
    return _NOTHING if refund.source is FundingSource.ESCROW else refund.shares


def _charged(payout: Payout | None) -> bool:
    return payout is not None and payout.status in _CHARGED


def _went_back(refund: Refund | None) -> bool:
    return refund is not None and refund.status is RefundStatus.REFUSED


def _less(left: Shares, taken: Shares) -> Shares:
    return Shares(
        shop=max(0, left.shop - taken.shop),
        talent=left.talent - taken.talent,
        agency=left.agency - taken.agency,
        service_fee=left.service_fee - taken.service_fee,
    )


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

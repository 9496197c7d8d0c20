"""Decisions on a ticket as they should be: one of every class, and those the tests name."""

from typing import get_args

from app.domain.order.applications import ModifyApplication
from app.domain.order.arbitration import ArbitrationRuled, RequestArbitration, RuleArbitration
from app.domain.order.commands import TicketDecision
from app.domain.order.returns import ConfirmReturnReceipt, RejectReturnedGoods, ShipGoodsBack
from app.domain.order.tickets import (
    Blame,
    RequestedItem,
    Ruling,
    Ticket,
    TicketType,
    asks_for_money,
)
from app.domain.reasons import ApplicationReason
from app.domain.shipments import Shipment
from tests.support.orders import (
    FIRST_TICKET,
    HOUR,
    OPENED,
    History,
    agree,
    apply_for,
    order_with_open_entry,
    refuse,
    some,
)
from tools.checks.states.samples import PARCEL, samples_of

APPLIED = OPENED + HOUR


def modify(
    ticket_type: TicketType, ticket_id: str = FIRST_TICKET, *, quantity: int = 1, amount: int = 500
) -> ModifyApplication:
    """Ask for something of a type instead; ``amount`` in minor units, where it is money."""
    asked = amount if asks_for_money(ticket_type) else 0
    return ModifyApplication(
        ticket_id=ticket_id,
        type=ticket_type,
        items=(some(quantity=quantity, amount=asked),),
        reason=ApplicationReason.AGREED_WITH_MERCHANT,
        description=None,
    )


def ship_back(parcel: Shipment = PARCEL, ticket_id: str = FIRST_TICKET) -> ShipGoodsBack:
    """Send the goods back."""
    return ShipGoodsBack(ticket_id=ticket_id, shipment=parcel)


def goods_there(ticket_id: str = FIRST_TICKET) -> ConfirmReturnReceipt:
    """Confirm the goods that came back."""
    return ConfirmReturnReceipt(ticket_id=ticket_id)


SAMPLES: dict[type[TicketDecision], TicketDecision] = {
    type(sample.command): sample.command
    for sample in reversed(samples_of(FIRST_TICKET, TicketType.REFUND_ONLY))
}
"""Of each class the first sample there is: the plain one."""
assert set(SAMPLES) == set(get_args(TicketDecision)), "a sample for every decision there is"


def a_ticket(
    *decisions: TicketDecision,
    of: TicketType = TicketType.RETURN_AND_REFUND,
    items: tuple[RequestedItem, ...] | None = None,
) -> History:
    """Given a ticket of a type, applied for at `APPLIED`, and decisions on it an hour apart."""
    given = order_with_open_entry().then(apply_for(of, *(items or ())), at=APPLIED)
    for number, decision in enumerate(decisions, start=1):
        given = given.then(decision, at=APPLIED + number * HOUR)
    return given


def the_ticket(given: History) -> Ticket:
    """Return the first ticket of a history."""
    return given.tickets[FIRST_TICKET]


REQUEST = SAMPLES[RequestArbitration]
REFUSED_GOODS = (agree(), ship_back(), SAMPLES[RejectReturnedGoods])
ASKED = a_ticket(refuse(), REQUEST)
"""A rejection that is before the platform since `ASKED_AT`."""
ASKED_AT = APPLIED + 2 * HOUR
ESCALATED_AT = APPLIED + 49 * HOUR


def rule_for(ruling: Ruling, final_amount: int | None = None) -> RuleArbitration:
    """Rule, in money where an amount is named."""
    return RuleArbitration(
        ticket_id=FIRST_TICKET,
        ruling=ruling,
        blame=Blame.CARRIER,
        final_amount=final_amount,
        note="物流破损",
    )


def escalated(of: TicketType = TicketType.REISSUE, *items: RequestedItem) -> History:
    """Given goods the merchant agreed to send and did not, until the platform stepped in."""
    return a_ticket(agree(), of=of, items=items).once_timers_ran(at=ESCALATED_AT)


def ruling_of(given: History) -> ArbitrationRuled:
    """Return the ruling that was the last thing to happen."""
    ruled = given.events[-1]
    assert isinstance(ruled, ArbitrationRuled)
    return ruled

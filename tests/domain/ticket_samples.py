"""Decisions on a ticket as they should be: one of every class, and those the tests name."""

from typing import get_args

from app.domain.order.ticket_commands import (
    ConfirmReturnReceipt,
    ModifyApplication,
    ShipGoodsBack,
    TicketDecision,
)
from app.domain.order.tickets import TicketType, asks_for_money
from app.domain.reasons import ApplicationReason
from app.domain.shipments import Shipment
from scripts.states.samples import PARCEL, samples_of
from tests.support.orders import FIRST_TICKET, some


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

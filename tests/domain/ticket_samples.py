"""A sample of every decision on a ticket, each of which is granted where the table allows it."""

from typing import get_args

from app.domain.order.ticket_commands import (
    AddTicketRemark,
    AgreeToApplication,
    ApplyAssistantRule,
    ConfirmReplacementReceipt,
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    ModifyApplication,
    ProcessRejectedTicket,
    RecordRefundSuccess,
    RejectApplication,
    RejectReturnedGoods,
    RequestArbitration,
    RuleArbitration,
    ShipGoodsBack,
    ShipReplacement,
    SubmitArbitrationEvidence,
    TicketDecision,
    WithdrawApplication,
    WithdrawArbitration,
)
from app.domain.order.tickets import (
    AppliedRule,
    AssistantAction,
    Blame,
    Ruling,
    Side,
    TicketType,
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.shipments import Carrier, Shipment
from tests.support.orders import FIRST_TICKET, a_photo, some

PARCEL = Shipment(carrier=Carrier.SF, tracking_number="SF1234567890")
OTHER_PARCEL = Shipment(carrier=Carrier.YTO, tracking_number="YT0987654321")
RULE = AppliedRule(rule_id="rule-1", name="小额直接退", version=3)


def modify(ticket_type: TicketType, ticket_id: str = FIRST_TICKET) -> ModifyApplication:
    """Ask for something of a type instead, 5 yuan where it is money."""
    money = ticket_type in {TicketType.REFUND_ONLY, TicketType.RETURN_AND_REFUND}
    return ModifyApplication(
        ticket_id=ticket_id,
        type=ticket_type,
        items=(some(amount=500 if money else 0),),
        reason=ApplicationReason.AGREED_WITH_MERCHANT,
        description=None,
    )


def ship_back(parcel: Shipment = PARCEL, ticket_id: str = FIRST_TICKET) -> ShipGoodsBack:
    """Send the goods back."""
    return ShipGoodsBack(ticket_id=ticket_id, shipment=parcel)


def goods_there(ticket_id: str = FIRST_TICKET) -> ConfirmReturnReceipt:
    """Confirm the goods that came back."""
    return ConfirmReturnReceipt(ticket_id=ticket_id)


def samples_of(ticket_id: str = FIRST_TICKET) -> dict[type[TicketDecision], TicketDecision]:
    """Return one decision of each class, on a ticket."""
    photo = (a_photo(),)
    samples: list[TicketDecision] = [
        AgreeToApplication(ticket_id=ticket_id),
        RejectApplication(
            ticket_id=ticket_id, reason=RejectReason.NO_EVIDENCE, note=None, evidence=photo
        ),
        ProcessRejectedTicket(ticket_id=ticket_id),
        ApplyAssistantRule(ticket_id=ticket_id, rule=RULE, action=AssistantAction.AGREE),
        modify(TicketType.REFUND_ONLY, ticket_id),
        WithdrawApplication(ticket_id=ticket_id),
        ship_back(ticket_id=ticket_id),
        CorrectReturnShipment(ticket_id=ticket_id, shipment=OTHER_PARCEL),
        ExtendReturnDeadline(ticket_id=ticket_id, days=3),
        goods_there(ticket_id),
        RejectReturnedGoods(
            ticket_id=ticket_id, reason=RejectReason.RETURN_DAMAGED, note=None, evidence=photo
        ),
        ShipReplacement(ticket_id=ticket_id, shipment=PARCEL),
        ConfirmReplacementReceipt(ticket_id=ticket_id),
        RequestArbitration(ticket_id=ticket_id, note="商家承诺过", evidence=photo),
        SubmitArbitrationEvidence(
            ticket_id=ticket_id, side=Side.MERCHANT, note=None, evidence=photo
        ),
        RuleArbitration(
            ticket_id=ticket_id,
            ruling=Ruling.FOR_BUYER,
            blame=Blame.MERCHANT,
            final_amount=None,
            note=None,
        ),
        WithdrawArbitration(ticket_id=ticket_id),
        AddTicketRemark(ticket_id=ticket_id, side=Side.MERCHANT, text="已联系买家", pictures=photo),
        RecordRefundSuccess(ticket_id=ticket_id),
    ]
    return {type(sample): sample for sample in samples}


SAMPLES = samples_of()
assert set(SAMPLES) == set(get_args(TicketDecision)), "a sample for every decision there is"

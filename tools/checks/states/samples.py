"""What is asked of a ticket while exploring: each decision as it should be, and spoiled."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from app.domain.attachments import ATTACHMENTS_MAX, Attachment, MediaType
from app.domain.order.answers import (
    AgreeToApplication,
    ApplyAssistantRule,
    ProcessRejectedTicket,
    RejectApplication,
)
from app.domain.order.applications import AddTicketRemark, ModifyApplication, WithdrawApplication
from app.domain.order.arbitration import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
    WithdrawArbitration,
)
from app.domain.order.commands import TicketDecision
from app.domain.order.refunds import RecordRefundSuccess
from app.domain.order.replacements import ConfirmReplacementReceipt, ShipReplacement
from app.domain.order.returns import (
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    RejectReturnedGoods,
    ShipGoodsBack,
)
from app.domain.order.tickets import (
    AppliedRule,
    AssistantAction,
    Blame,
    RequestedItem,
    Ruling,
    Side,
    TicketType,
    asks_for_money,
)
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.shipments import Carrier, Shipment

ITEM_ID = "item-1"
ASKED, RULED = 1_000, 500
"""Minor units asked for, and what the platform grants of them when it names an amount."""

PHOTO = Attachment(url="https://example.com/1.jpg", media_type=MediaType.JPEG, size_bytes=200_000)
PARCEL = Shipment(carrier=Carrier.SF, tracking_number="SF1234567890")
OTHER_PARCEL = Shipment(carrier=Carrier.YTO, tracking_number="YT0987654321")
RULE = AppliedRule(rule_id="rule-1", name="小额直接退", version=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A decision that is granted wherever the table allows it, but for what ``detail`` says."""

    command: TicketDecision
    detail: str = ""

    @property
    def side(self) -> Side | None:
        """The side that takes it, where the command says so."""
        side = getattr(self.command, "side", None)
        return side if isinstance(side, Side) else None


def wanted(ticket_type: TicketType) -> tuple[RequestedItem, ...]:
    """Return one unit of the one item there is, and money where the type asks for it."""
    amount = ASKED if asks_for_money(ticket_type) else 0
    return (RequestedItem(item_id=ITEM_ID, quantity=1, amount=amount),)


def samples_of(ticket_id: str, ticket_type: TicketType) -> tuple[Sample, ...]:
    """Return decisions of every class on a ticket of a type, which none of them changes."""
    return (
        *_answers(ticket_id),
        *_wishes(ticket_id, ticket_type),
        *_parcels(ticket_id),
        *_arbitration(ticket_id),
        *_remarks(ticket_id),
        Sample(command=RecordRefundSuccess(ticket_id=ticket_id)),
    )


def _answers(ticket_id: str) -> Iterator[Sample]:
    yield Sample(command=AgreeToApplication(ticket_id=ticket_id))
    yield Sample(
        command=AgreeToApplication(ticket_id=ticket_id, without_return=True),
        detail="without return",
    )
    yield Sample(
        command=RejectApplication(
            ticket_id=ticket_id, reason=RejectReason.NO_EVIDENCE, note=None, evidence=(PHOTO,)
        )
    )
    for action in AssistantAction:
        yield Sample(
            command=ApplyAssistantRule(ticket_id=ticket_id, rule=RULE, action=action),
            detail=action.value.replace("_", " "),
        )
    yield Sample(command=ProcessRejectedTicket(ticket_id=ticket_id))


def _wishes(ticket_id: str, ticket_type: TicketType) -> Iterator[Sample]:
    yield Sample(
        command=ModifyApplication(
            ticket_id=ticket_id,
            type=ticket_type,
            items=wanted(ticket_type),
            reason=ApplicationReason.AGREED_WITH_MERCHANT,
            description=None,
        )
    )
    yield Sample(command=WithdrawApplication(ticket_id=ticket_id))


def _parcels(ticket_id: str) -> Iterator[Sample]:
    yield Sample(command=ShipGoodsBack(ticket_id=ticket_id, shipment=PARCEL))
    yield Sample(command=CorrectReturnShipment(ticket_id=ticket_id, shipment=OTHER_PARCEL))
    yield Sample(command=ExtendReturnDeadline(ticket_id=ticket_id, days=3))
    yield Sample(command=ConfirmReturnReceipt(ticket_id=ticket_id))
    yield Sample(
        command=RejectReturnedGoods(
            ticket_id=ticket_id, reason=RejectReason.RETURN_DAMAGED, note=None, evidence=(PHOTO,)
        )
    )
    yield Sample(command=ShipReplacement(ticket_id=ticket_id, shipment=PARCEL))
    yield Sample(command=ConfirmReplacementReceipt(ticket_id=ticket_id))


def _arbitration(ticket_id: str) -> Iterator[Sample]:
    yield Sample(
        command=RequestArbitration(ticket_id=ticket_id, note="商家承诺过", evidence=(PHOTO,))
    )
    for side in (Side.CONSUMER, Side.MERCHANT):
        yield Sample(
            command=SubmitArbitrationEvidence(
                ticket_id=ticket_id, side=side, note=None, evidence=(PHOTO,)
            )
        )
    for ruling, amount, detail in (
        (Ruling.FOR_BUYER, None, "for the buyer"),
        (Ruling.FOR_BUYER, RULED, "for the buyer, in money"),
        (Ruling.FOR_MERCHANT, None, "for the merchant"),
    ):
        yield Sample(
            command=RuleArbitration(
                ticket_id=ticket_id,
                ruling=ruling,
                blame=Blame.NOBODY,
                final_amount=amount,
                note=None,
            ),
            detail=detail,
        )
    yield Sample(command=WithdrawArbitration(ticket_id=ticket_id))


def _remarks(ticket_id: str) -> Iterator[Sample]:
    for side in Side:
        yield Sample(
            command=AddTicketRemark(
                ticket_id=ticket_id, side=side, text="已与对方联系", pictures=(PHOTO,)
            )
        )


def spoiled(command: TicketDecision) -> Iterator[TicketDecision]:
    """Give the decision again with each of its fields spoiled in every way there is."""
    for field in fields(command):
        for value in SPOILED.get(field.name, ()):
            yield replace(command, **{field.name: value})


_BAD_ATTACHMENTS: tuple[tuple[Attachment, ...], ...] = (
    (),
    (replace(PHOTO, url="http://example.com/1.jpg"),),
    (replace(PHOTO, url="https://me:secret@example.com/1.jpg"),),
    (replace(PHOTO, media_type="image/gif"),),
    (replace(PHOTO, size_bytes=2**31),),
    (PHOTO,) * (ATTACHMENTS_MAX + 1),
)
_BAD_ITEMS = tuple(
    (RequestedItem(item_id=item_id, quantity=quantity, amount=amount),) * times
    for item_id, quantity, amount, times in (
        (ITEM_ID, 0, 0, 1),
        (ITEM_ID, 2**31, 0, 1),
        (ITEM_ID, 1, 2**31, 1),
        (ITEM_ID, 1, 0, 2),
        ("item-of-another-order", 1, 0, 1),
    )
)
SPOILED: Mapping[str, tuple[Any, ...]] = MappingProxyType(
    {
        "evidence": _BAD_ATTACHMENTS,
        "pictures": _BAD_ATTACHMENTS,
        "items": _BAD_ITEMS,
        "reason": (*RejectReason, *ApplicationReason),
        "shipment": (Shipment(carrier=Carrier.OTHER, tracking_number="unknown"),),
        "days": (0, 2**31),
        "side": tuple(Side),
        "final_amount": (0, RULED, 2**31),
    }
)
"""By the name of a command's field: what should not be taken there, or not always."""

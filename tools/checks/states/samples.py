"""The decisions asked of a ticket while exploring: each as it should be, and with one bad field."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, dataclass, fields, replace
from types import MappingProxyType
from typing import Any

from app.domain.attachments import ATTACHMENTS_MAX, Attachment, MediaType
from app.domain.order.answers import AgreeToApplication, ApplyAssistantRule, RejectApplication
from app.domain.order.applications import ModifyApplication
from app.domain.order.arbitration import RequestArbitration, RuleArbitration
from app.domain.order.commands import TRANSITIONS, TicketDecision
from app.domain.order.returns import CorrectReturnShipment, RejectReturnedGoods
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
from app.domain.order.transitions import Transition
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
    of_ticket = {"ticket_id": ticket_id, "type": ticket_type, "items": wanted(ticket_type)}
    return tuple(
        Sample(command=command(**_filled(command, {**USUAL, **of_ticket, **given})), detail=detail)
        for command, row in TRANSITIONS.items()
        for detail, given in _variants(command, row)
    )


def _variants(
    command: type[TicketDecision], row: Transition
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Return details and fields; a command that names its side has one variant for each side."""
    if "side" in {field.name for field in fields(command)}:
        yield from (("", {"side": side}) for side in Side if side in row.sides)
    else:
        yield from VARIANTS.get(command, {"": {}}).items()


def _filled(command: type[TicketDecision], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a command's fields; a field with a default may be left out."""
    return {
        field.name: values[field.name]
        for field in fields(command)
        if field.name in values or field.default is MISSING
    }


USUAL: Mapping[str, Any] = MappingProxyType(
    {
        "shipment": PARCEL,
        "days": 3,
        "note": None,
        "description": None,
        "text": "已与对方联系",
        "evidence": (PHOTO,),
        "pictures": (PHOTO,),
        "rule": RULE,
        "blame": Blame.NOBODY,
    }
)
"""By the name of a command's field: a value that is granted wherever the table allows it."""

VARIANTS: Mapping[type[TicketDecision], Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        AgreeToApplication: {"": {}, "without return": {"without_return": True}},
        RejectApplication: {"": {"reason": RejectReason.NO_EVIDENCE}},
        ApplyAssistantRule: {
            action.value.replace("_", " "): {"action": action} for action in AssistantAction
        },
        ModifyApplication: {"": {"reason": ApplicationReason.AGREED_WITH_MERCHANT}},
        CorrectReturnShipment: {"": {"shipment": OTHER_PARCEL}},
        RejectReturnedGoods: {"": {"reason": RejectReason.RETURN_DAMAGED}},
        RequestArbitration: {"": {"note": "商家承诺过"}},
        RuleArbitration: {
            "for the buyer": {"ruling": Ruling.FOR_BUYER, "final_amount": None},
            "for the buyer, in money": {"ruling": Ruling.FOR_BUYER, "final_amount": RULED},
            "for the merchant": {"ruling": Ruling.FOR_MERCHANT, "final_amount": None},
        },
    }
)
"""Of a decision that needs other fields, or is asked in several ways: details and fields."""


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

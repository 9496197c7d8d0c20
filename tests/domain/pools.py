"""What generated tests choose from: what is sensible, and what is odd in one way or another."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any

from app.domain.attachments import Attachment, MediaType
from app.domain.order.answers import AgreeToApplication, ApplyAssistantRule, RejectApplication
from app.domain.order.applications import AddTicketRemark, Application, ModifyApplication
from app.domain.order.arbitration import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
)
from app.domain.order.commands import TicketDecision
from app.domain.order.replacements import ShipReplacement
from app.domain.order.returns import (
    CorrectReturnShipment,
    ExtendReturnDeadline,
    RejectReturnedGoods,
    ShipGoodsBack,
)
from app.domain.order.tickets import (
    AssistantAction,
    Blame,
    RequestedItem,
    Ruling,
    Side,
    TicketType,
    asks_for_money,
)
from app.domain.reasons import (
    REJECT_REASONS_OF_APPLICATION,
    REJECT_REASONS_OF_RETURNED_GOODS,
    ApplicationReason,
    RejectReason,
)
from app.domain.shipments import Carrier, Shipment
from tests.support.orders import a_photo, apply_for, some
from tools.checks.states.samples import RULE

ITEMS = {"scarf": (3, 9_000), "hat": (1, 1_000)}
"""What was bought: units and minor units of each item."""

Wanted = list[tuple[str, int, int]]
"""Of each item its id, units and minor units."""
SENSIBLE_WANTED: list[Wanted] = [
    [("scarf", 1, 3_000)],
    [("scarf", 3, 9_000)],
    [("scarf", 1, 4_501)],
    [("hat", 1, 1_000)],
    [("scarf", 3, 9_000), ("hat", 1, 1_000)],
]
_ODD_WANTED: list[Wanted] = [
    [],
    *[[("glove", 1, 1_000)]] * 5,
    *[[("scarf", 1, 1_000), ("scarf", 1, 1_000)]] * 5,
    *(
        [(item_id, units, amount)]
        for item_id, units, amount in product(
            ["scarf", "hat"], [-1, 0, 1, 2, 4], [-1, 0, 1, 1_001, 9_001, 2**63]
        )
    ),
]

_FILM = a_photo("https://example.com:8443/a.mp4", media_type=MediaType.MP4, size_bytes=50 * 2**20)
_GOOD_FILES: list[tuple[Attachment, ...]] = [(a_photo(),), (a_photo(),) * 9, (_FILM, a_photo())]
_ODD_FILES: list[tuple[Attachment, ...]] = [
    (),
    (a_photo(),) * 10,
    (a_photo("http://example.com/1.jpg"),),
    (a_photo("https://me:secret@example.com/1.jpg"),),
    (a_photo("https://example.com/a b.jpg"),),
    (a_photo("https:///1.jpg"),),
    (a_photo("https://example.com/" + "a" * 480),),
    (a_photo("https://example.com/" + "a" * 481),),
    (a_photo(), a_photo(media_type="image/gif")),
    (a_photo(media_type=None),),
    (a_photo(size_bytes=0),),
    (a_photo(size_bytes=10 * 2**20),),
    (a_photo(size_bytes=10 * 2**20 + 1),),
    (a_photo(media_type=MediaType.PDF, size_bytes=20 * 2**20 + 1),),
]
_ODD_NUMBERS = [
    "",
    "1234567",
    "AAAAAAAAAA",
    "1111111111",
    "-1234567890",
    "ABCDE-12345",
    "单号12345678",
]
_GOOD_NUMBERS = ["SF1234567890", " sf 123 456 7890", "12345678", "YT-0987654321", "7" * 30 + "89"]
_CARRIERS = [Carrier.SF, Carrier.OTHER]


def _parcels(numbers: Sequence[str]) -> list[Shipment]:
    return [
        Shipment(carrier=carrier, tracking_number=number)
        for carrier, number in product(_CARRIERS, numbers)
    ]


def items_of(kind: TicketType, wanted: Wanted) -> tuple[RequestedItem, ...]:
    """Return the items asked for; what is sensible in money is so in goods without the money."""
    goods = wanted in SENSIBLE_WANTED and not asks_for_money(kind)
    return tuple(
        some(item_id, quantity=units, amount=0 if goods else amount)
        for item_id, units, amount in wanted
    )


def wish(kind: TicketType, wanted: Wanted) -> Application:
    """Return an application of a type."""
    return replace(apply_for(kind), items=items_of(kind, wanted))


WISHES = [wish(kind, wanted) for kind, wanted in product(TicketType, SENSIBLE_WANTED)]
ODD_WISHES = [
    *(wish(kind, wanted) for kind, wanted in product(TicketType, _ODD_WANTED)),
    *(
        replace(one, reason=reason)
        for one, reason in product(WISHES[:: len(SENSIBLE_WANTED)], ApplicationReason)
    ),
    *(
        replace(one, evidence=files)
        for one, files in product(WISHES[:: len(SENSIBLE_WANTED)], [*_GOOD_FILES, *_ODD_FILES])
    ),
]


def _as_changed(wishes: Sequence[Application]) -> list[dict[str, Any]]:
    names = ("type", "items", "reason", "description", "evidence")
    return [{name: getattr(one, name) for name in names} for one in wishes]


def _each(**pools: Sequence[Any]) -> list[dict[str, Any]]:
    """Return every choice of one value from each pool."""
    return [dict(zip(pools, values, strict=True)) for values in product(*pools.values())]


_NOTES = [None, "请看照片"]
_ALL_FILES = [*_GOOD_FILES, *_ODD_FILES]
_PICTURES: list[tuple[Attachment, ...]] = [(), (a_photo(),), (a_photo(),) * 9]
Choices = dict[type[TicketDecision], list[dict[str, Any]]]
SENSIBLE: Choices = {
    AgreeToApplication: _each(without_return=[False, True]),
    ApplyAssistantRule: _each(rule=[RULE], action=list(AssistantAction)),
    RejectApplication: _each(
        reason=sorted(REJECT_REASONS_OF_APPLICATION), note=_NOTES, evidence=[(), *_GOOD_FILES]
    ),
    ModifyApplication: _as_changed(WISHES),
    RejectReturnedGoods: _each(
        reason=sorted(REJECT_REASONS_OF_RETURNED_GOODS), note=_NOTES, evidence=_GOOD_FILES
    ),
    ShipGoodsBack: _each(shipment=_parcels(_GOOD_NUMBERS)),
    CorrectReturnShipment: _each(shipment=_parcels(_GOOD_NUMBERS)),
    ShipReplacement: _each(shipment=_parcels(_GOOD_NUMBERS)),
    ExtendReturnDeadline: _each(days=range(1, 8)),
    RequestArbitration: _each(note=["商家承诺过"], evidence=[(), *_GOOD_FILES]),
    SubmitArbitrationEvidence: _each(
        side=[Side.CONSUMER, Side.CONSUMER, Side.MERCHANT], note=_NOTES, evidence=_GOOD_FILES
    ),
    RuleArbitration: _each(
        ruling=[Ruling.FOR_BUYER], blame=list(Blame), final_amount=[None, None, 1, 998], note=_NOTES
    ),
    AddTicketRemark: _each(side=list(Side), text=["已与对方联系"], pictures=_PICTURES),
}
"""Of each decision the fields, beside its ticket, with which it is refused for no fault of its own.

Decisions that are not here have no other fields.
"""
ODD: Choices = {
    RejectApplication: _each(reason=list(RejectReason), note=[None], evidence=_ALL_FILES),
    ModifyApplication: _as_changed(ODD_WISHES),
    RejectReturnedGoods: _each(reason=list(RejectReason), note=[None], evidence=_ALL_FILES),
    ShipGoodsBack: _each(shipment=_parcels(_ODD_NUMBERS)),
    CorrectReturnShipment: _each(shipment=_parcels(_ODD_NUMBERS)),
    ShipReplacement: _each(shipment=_parcels(_ODD_NUMBERS)),
    ExtendReturnDeadline: _each(days=[-1, 0, 8]),
    RequestArbitration: _each(note=["商家承诺过"], evidence=_ODD_FILES),
    SubmitArbitrationEvidence: [
        *_each(side=list(Side), note=_NOTES, evidence=_ODD_FILES),
        *_each(side=[Side.PLATFORM] * 10, note=_NOTES, evidence=_GOOD_FILES),
    ],
    RuleArbitration: _each(
        ruling=list(Ruling),
        blame=[Blame.NOBODY],
        final_amount=[None, 0, 1, 999, 3_001, 10_000, 10_001],
        note=[None],
    ),
    AddTicketRemark: _each(side=list(Side), text=["已与对方联系"], pictures=_ALL_FILES),
}
"""The same, with something in them that is not taken, or not always."""

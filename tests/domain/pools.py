"""What generated tests choose from: what is sensible, and what is odd in one way or another."""

from collections.abc import Sequence
from dataclasses import MISSING, fields, replace
from itertools import product
from typing import Any

from app.domain.attachments import Attachment, MediaType
from app.domain.order.answers import RejectApplication
from app.domain.order.applications import Application, ModifyApplication
from app.domain.order.arbitration import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
)
from app.domain.order.commands import TRANSITIONS, TicketDecision
from app.domain.order.returns import RejectReturnedGoods
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

_USUAL: dict[str, Sequence[Any]] = {
    "note": _NOTES,
    "text": ["已与对方联系"],
    "evidence": _GOOD_FILES,
    "pictures": _PICTURES,
    "shipment": _parcels(_GOOD_NUMBERS),
    "days": range(1, 8),
    "side": list(Side),
    "rule": [RULE],
    "action": list(AssistantAction),
    "without_return": [False, True],
    "cost_acknowledged": [False],
    "blame": list(Blame),
}
"""By the name of a command's field: what is not refused for itself."""
_ODD: dict[str, Sequence[Any]] = {
    "note": [None],
    "reason": list(RejectReason),
    "evidence": _ALL_FILES,
    "pictures": _ALL_FILES,
    "shipment": _parcels(_ODD_NUMBERS),
    "days": [-1, 0, 8],
}
"""The same, with values that are refused, or not always allowed."""


def _filled(kind: type[TicketDecision], pools: dict[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return the fields of a class from pools; one with a default may be left out."""
    needed = [field for field in fields(kind) if field.name != "ticket_id"]
    return _each(
        **{
            field.name: pools[field.name]
            for field in needed
            if field.name in pools or field.default is MISSING
        }
    )


_REQUEST_NOTE = {"note": ["商家承诺过"]}
_OF_CLASS: Choices = {ModifyApplication: _as_changed(WISHES)}
_FIELDS_OF_CLASS: dict[type[TicketDecision], dict[str, Sequence[Any]]] = {
    RejectApplication: {
        "reason": sorted(REJECT_REASONS_OF_APPLICATION),
        "evidence": [(), *_GOOD_FILES],
    },
    RejectReturnedGoods: {"reason": sorted(REJECT_REASONS_OF_RETURNED_GOODS)},
    RequestArbitration: {**_REQUEST_NOTE, "evidence": [(), *_GOOD_FILES]},
    SubmitArbitrationEvidence: {"side": [Side.CONSUMER, Side.CONSUMER, Side.MERCHANT]},
    RuleArbitration: {"ruling": [Ruling.FOR_BUYER], "final_amount": [None, None, 1, 998]},
}
SENSIBLE: Choices = {
    kind: _OF_CLASS[kind]
    if kind in _OF_CLASS
    else _filled(kind, {**_USUAL, **_FIELDS_OF_CLASS.get(kind, {})})
    for kind in TRANSITIONS
}
"""Of each decision the fields, beside its ticket, with which it is not refused for themselves."""
_ODD_FIELDS_OF_CLASS: dict[type[TicketDecision], dict[str, Sequence[Any]]] = {
    RequestArbitration: {**_REQUEST_NOTE, "evidence": _ODD_FILES},
    RuleArbitration: {
        "ruling": list(Ruling),
        "blame": [Blame.NOBODY],
        "final_amount": [None, 0, 1, 999, 3_001, 10_000, 10_001],
    },
}
ODD: Choices = {
    **{
        kind: _filled(kind, {**_USUAL, **_ODD, **_ODD_FIELDS_OF_CLASS.get(kind, {})})
        for kind in TRANSITIONS
        if kind not in {ModifyApplication, SubmitArbitrationEvidence}
    },
    ModifyApplication: _as_changed(ODD_WISHES),
    SubmitArbitrationEvidence: [
        *_each(side=list(Side), note=_NOTES, evidence=_ODD_FILES),
        *_each(side=[Side.PLATFORM] * 10, note=_NOTES, evidence=_GOOD_FILES),
    ],
}
"""The same, with values among them that are refused, or not always allowed."""

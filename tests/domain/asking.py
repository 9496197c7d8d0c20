"""What a generated test asks of an order: most often sensible, now and then anything."""

from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

from hypothesis import strategies as st

from app.domain.attachments import Attachment, MediaType
from app.domain.order.commands import Application
from app.domain.order.ticket_commands import (
    AddTicketRemark,
    AgreeToApplication,
    ApplyAssistantRule,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    ModifyApplication,
    RejectApplication,
    RejectReturnedGoods,
    RequestArbitration,
    RuleArbitration,
    ShipGoodsBack,
    ShipReplacement,
    SubmitArbitrationEvidence,
    TicketDecision,
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
from scripts.states.samples import RULE
from tests.support.orders import DAY, HOUR, INSTANT, a_photo, apply_for, some

T = TypeVar("T")

ITEMS = {"scarf": (3, 9_000), "hat": (1, 1_000)}
"""What was bought: units and minor units of each item."""

Move = tuple[int | None, timedelta]
"""To which of the next boundaries, and how far from it; None: from where the clock stands."""
STAY: Move = (None, timedelta(0))
JUMPS = [timedelta(seconds=1), HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY, -INSTANT, -HOUR, -3 * DAY]
MOVES: st.SearchStrategy[Move] = st.one_of(
    st.just(STAY),
    st.just(STAY),
    st.tuples(st.none(), st.sampled_from(JUMPS)),
    st.tuples(st.sampled_from([0, 0, 0, 1, 2]), st.sampled_from([-INSTANT, timedelta(0), INSTANT])),
)


def _mostly(usual: st.SearchStrategy[T], odd: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    return st.one_of(usual, usual, usual, odd)


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
_PICTURES = st.sampled_from([(), (a_photo(),), (a_photo(),) * 9])
_SOME_FILES = st.sampled_from(_GOOD_FILES)
_FEW_FILES = st.sampled_from([(), *_GOOD_FILES])
FILES = _mostly(st.sampled_from(_GOOD_FILES), st.sampled_from(_ODD_FILES))

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
_CARRIERS = st.sampled_from([Carrier.SF, Carrier.SF, Carrier.OTHER])
_GOOD_PARCELS = st.builds(
    Shipment, carrier=_CARRIERS, tracking_number=st.sampled_from(_GOOD_NUMBERS)
)
PARCELS = st.builds(
    Shipment,
    carrier=_CARRIERS,
    tracking_number=_mostly(st.sampled_from(_GOOD_NUMBERS), st.sampled_from(_ODD_NUMBERS)),
)

Wanted = list[tuple[str, int, int]]
"""Of each item its id, units and minor units."""
_SENSIBLE: list[Wanted] = [
    [("scarf", 1, 3_000)],
    [("scarf", 3, 9_000)],
    [("scarf", 1, 4_501)],
    [("hat", 1, 1_000)],
    [("scarf", 3, 9_000), ("hat", 1, 1_000)],
]
_ODD_ITEM = st.tuples(
    st.sampled_from(["scarf", "hat", "glove"]),
    st.integers(-1, 4),
    st.sampled_from([-1, 0, 1, 1_000, 1_001, 9_000, 9_001, 2**63]),
)
WANTED: st.SearchStrategy[Wanted] = _mostly(
    st.sampled_from(_SENSIBLE), st.lists(_ODD_ITEM, max_size=2)
)
AMOUNTS = st.sampled_from([None, None, None, 1, 999, 1_000, 3_001, 10_000, 0, 10_001])
_REASONS = _mostly(
    st.just(ApplicationReason.PROMISED_AFTER_SALES), st.sampled_from(ApplicationReason)
)
_KINDS = st.sampled_from(TicketType)
_NO_FILES: tuple[Attachment, ...] = ()
_NOTES = st.sampled_from([None, "请看照片"])


def items_of(kind: TicketType, wanted: Wanted) -> tuple[RequestedItem, ...]:
    """Return the items asked for; what is sensible in money is so in goods without the money."""
    goods = wanted in _SENSIBLE and not asks_for_money(kind)
    return tuple(
        some(item_id, quantity=units, amount=0 if goods else amount)
        for item_id, units, amount in wanted
    )


@st.composite
def applications(draw: st.DrawFn) -> Application:
    """Draw an application."""
    kind = draw(_KINDS)
    return replace(
        apply_for(kind),
        items=items_of(kind, draw(WANTED)),
        reason=draw(_REASONS),
        evidence=draw(_mostly(st.just(_NO_FILES), FILES)),
    )


def _better_wish(ticket_id: str, kind: TicketType, wanted: Wanted) -> ModifyApplication:
    return ModifyApplication(
        ticket_id=ticket_id,
        type=kind,
        items=items_of(kind, wanted),
        reason=ApplicationReason.PROMISED_AFTER_SALES,
        description=None,
    )


@st.composite
def _modifications(draw: st.DrawFn, ticket_id: str) -> ModifyApplication:
    wish = draw(applications())
    return ModifyApplication(
        ticket_id=ticket_id,
        type=wish.type,
        items=wish.items,
        reason=wish.reason,
        description=None,
        evidence=wish.evidence,
    )


def decisions(kind: type[TicketDecision], ticket_id: str) -> st.SearchStrategy[TicketDecision]:
    """Return decisions of a class on a ticket, some of them odd."""
    if kind is ModifyApplication:
        return _modifications(ticket_id)
    return st.builds(kind, ticket_id=st.just(ticket_id), **_ALL_FIELDS.get(kind, {}))


def sensible(kind: type[TicketDecision], ticket_id: str) -> st.SearchStrategy[TicketDecision]:
    """Return decisions of a class on a ticket that are refused for no fault of their own."""
    if kind is ModifyApplication:
        return st.builds(partial(_better_wish, ticket_id), _KINDS, st.sampled_from(_SENSIBLE))
    return st.builds(kind, ticket_id=st.just(ticket_id), **_SENSIBLE_FIELDS.get(kind, {}))


_Fields = dict[type[TicketDecision], dict[str, st.SearchStrategy[Any]]]
_SENSIBLE_FIELDS: _Fields = {
    AgreeToApplication: {"without_return": st.booleans()},
    ApplyAssistantRule: {"rule": st.just(RULE), "action": st.sampled_from(AssistantAction)},
    RejectApplication: {
        "reason": st.sampled_from(sorted(REJECT_REASONS_OF_APPLICATION)),
        "note": _NOTES,
        "evidence": _FEW_FILES,
    },
    RejectReturnedGoods: {
        "reason": st.sampled_from(sorted(REJECT_REASONS_OF_RETURNED_GOODS)),
        "note": _NOTES,
        "evidence": _SOME_FILES,
    },
    ShipGoodsBack: {"shipment": _GOOD_PARCELS},
    CorrectReturnShipment: {"shipment": _GOOD_PARCELS},
    ShipReplacement: {"shipment": _GOOD_PARCELS},
    ExtendReturnDeadline: {"days": st.integers(1, 7)},
    RequestArbitration: {"note": st.just("商家承诺过"), "evidence": _FEW_FILES},
    SubmitArbitrationEvidence: {
        "side": st.sampled_from([Side.CONSUMER, Side.CONSUMER, Side.MERCHANT]),
        "note": _NOTES,
        "evidence": _SOME_FILES,
    },
    RuleArbitration: {
        "ruling": st.just(Ruling.FOR_BUYER),
        "blame": st.sampled_from(Blame),
        "final_amount": st.sampled_from([None, None, 1, 999]),
        "note": _NOTES,
    },
    AddTicketRemark: {
        "side": st.sampled_from(Side),
        "text": st.just("已与对方联系"),
        "pictures": _PICTURES,
    },
}
_ODD_FIELDS: _Fields = {
    RejectApplication: {
        "reason": st.sampled_from(RejectReason),
        "note": _NOTES,
        "evidence": FILES,
    },
    RejectReturnedGoods: {
        "reason": st.sampled_from(RejectReason),
        "note": _NOTES,
        "evidence": FILES,
    },
    ShipGoodsBack: {"shipment": PARCELS},
    CorrectReturnShipment: {"shipment": PARCELS},
    ShipReplacement: {"shipment": PARCELS},
    ExtendReturnDeadline: {"days": st.sampled_from([-1, 0, 1, 7, 8])},
    RequestArbitration: {"note": st.just("商家承诺过"), "evidence": FILES},
    SubmitArbitrationEvidence: {
        "side": st.sampled_from(Side),
        "note": _NOTES,
        "evidence": FILES,
    },
    RuleArbitration: {
        "ruling": st.sampled_from(Ruling),
        "blame": st.sampled_from(Blame),
        "final_amount": AMOUNTS,
        "note": _NOTES,
    },
    AddTicketRemark: {
        "side": st.sampled_from(Side),
        "text": st.just("已与对方联系"),
        "pictures": FILES,
    },
}
_ALL_FIELDS = {**_SENSIBLE_FIELDS, **_ODD_FIELDS}

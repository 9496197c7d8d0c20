"""Tickets (售后单) and applications on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.api.wire import examples
from app.api.wire.common import (
    Amount,
    Id,
    LocalizedText,
    LongText,
    Money,
    RequestModel,
    ResponseModel,
    Version,
    Versioned,
    YesOrNo,
    localized,
)
from app.domain.order.tickets import DOUDIAN_CODES, RequestedItem
from app.domain.reasons import (
    APPLICATION_REASON_TEXTS,
    REJECT_REASON_TEXTS,
    ApplicationReason,
    RejectReason,
)
from app.read_models.order_view import TicketRejection, TicketView
from app.read_models.texts import LABEL_TEXTS
from app.read_models.ticket_list import labels_of

REQUESTED_ITEMS_MAX = 100
EVIDENCE_MAX = 10

EvidenceUrl = Annotated[
    str, StringConstraints(max_length=500, pattern=r"^https://[A-Za-z0-9.-]+(:[0-9]{1,5})?/[!-~]*$")
]
"""Where a picture or document lies; https only."""

Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class RefundItemIn(RequestModel):
    """Units of one item concerned, and the money asked back for them."""

    item_id: Id
    quantity: Quantity
    amount: Amount
    """Minor units, in the order's currency."""


class GoodsItemIn(RequestModel):
    """Units of one item to be exchanged, reissued or repaired."""

    item_id: Id
    quantity: Quantity


class RequestRefundBody(RequestModel):
    """An application for money back."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST_REFUND]})

    items: Annotated[list[RefundItemIn], Field(min_length=1, max_length=REQUESTED_ITEMS_MAX)]
    return_goods: YesOrNo
    """Whether the goods go back first: return and refund, or refund only."""
    reason: ApplicationReason
    description: LongText | None = None


class RequestGoodsBody(RequestModel):
    """An application for an exchange, a reissue or a repair."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST_GOODS]})

    items: Annotated[list[GoodsItemIn], Field(min_length=1, max_length=REQUESTED_ITEMS_MAX)]
    reason: ApplicationReason
    description: LongText | None = None


class RejectApplicationBody(RequestModel):
    """The merchant's no, with its reason and what proves it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REJECT_APPLICATION]})

    reason: RejectReason
    note: LongText | None = None
    evidence: Annotated[list[EvidenceUrl], Field(max_length=EVIDENCE_MAX, default_factory=list)]


class TicketItem(ResponseModel):
    """Units of one item concerned, and the money asked for them in minor units."""

    item_id: str
    quantity: int
    amount: Amount


class TicketDue(ResponseModel):
    """What happens by itself if nobody acts."""

    at: datetime
    action: str
    """`agree` or `close`; more may come."""


class TicketRejected(ResponseModel):
    """The merchant's no."""

    rejected_at: datetime
    reason: str
    reason_text: LocalizedText
    note: str | None
    evidence: list[str]


class TicketLabel(ResponseModel):
    """A label shown on the ticket."""

    code: str
    """`overdue`; more may come."""
    text: LocalizedText


class Ticket(Versioned):
    """A ticket: one application and what became of it."""

    ticket_id: str
    shop_id: str
    order_id: str
    buyer_id: str
    type: str
    """`refund_only`, `return_and_refund`, `exchange`, `reissue` or `repair`; more may come."""
    state: str
    """`pending_merchant`, `awaiting_return`, `awaiting_replacement`, `refunding`, `rejected`,
    `succeeded` or `closed`; more may come."""
    doudian_code: int
    """抖店's code of the state."""
    items: list[TicketItem]
    amount: Money
    reason: str
    reason_text: LocalizedText
    description: str | None
    overdue: bool
    """True if the application came through an opened entry: the label 超期售后."""
    labels: list[TicketLabel]
    entry_generation: int | None
    due: TicketDue | None
    agreed_at: datetime | None
    agreed_automatically: bool | None
    rejection: TicketRejected | None
    closed_at: datetime | None
    close_cause: str | None
    """`withdrawn`, `not_returned_in_time` or `rejection_not_contested`; more may come."""
    refunded: Money
    created_at: datetime
    updated_at: datetime


class TicketPage(ResponseModel):
    """A page of tickets, newest first."""

    tickets: list[Ticket]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to."""


def requested_items(items: list[RefundItemIn] | list[GoodsItemIn]) -> tuple[RequestedItem, ...]:
    """Make the domain's items of those asked for; goods ask for no money."""
    return tuple(
        RequestedItem(
            item_id=item.item_id,
            quantity=item.quantity,
            amount=item.amount if isinstance(item, RefundItemIn) else 0,
        )
        for item in items
    )


def ticket_on_wire(view: TicketView) -> Ticket:
    """Show a ticket."""
    return Ticket(
        ticket_id=view.ticket_id,
        shop_id=view.shop_id,
        order_id=view.order_id,
        buyer_id=view.buyer_id,
        type=view.type.value,
        state=view.state.value,
        doudian_code=DOUDIAN_CODES[view.state],
        items=[
            TicketItem(item_id=item.item_id, quantity=item.quantity, amount=item.amount)
            for item in view.items
        ],
        amount=Money(amount=view.amount, currency=view.currency),
        reason=view.reason.value,
        reason_text=localized(APPLICATION_REASON_TEXTS[view.reason]),
        description=view.description,
        overdue=view.overdue,
        labels=_labels(view),
        entry_generation=view.entry_generation,
        due=None if view.due is None else TicketDue(at=view.due.at, action=view.due.action.value),
        agreed_at=view.agreed_at,
        agreed_automatically=view.agreed_automatically,
        rejection=None if view.rejected is None else _rejection(view.rejected),
        closed_at=view.closed_at,
        close_cause=None if view.close_cause is None else view.close_cause.value,
        refunded=Money(amount=view.refunded_amount, currency=view.currency),
        created_at=view.created_at,
        updated_at=view.updated_at,
        version=view.version,
    )


def _labels(view: TicketView) -> list[TicketLabel]:
    return [TicketLabel(code=code, text=localized(LABEL_TEXTS[code])) for code in labels_of(view)]


def _rejection(rejected: TicketRejection) -> TicketRejected:
    return TicketRejected(
        rejected_at=rejected.at,
        reason=rejected.reason.value,
        reason_text=localized(REJECT_REASON_TEXTS[rejected.reason]),
        note=rejected.note,
        evidence=list(rejected.evidence),
    )

"""Why what comes with an application or a decision is refused: files, parcels, reasons, items."""

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from app.domain.attachments import (
    ATTACHMENTS_MAX,
    PICTURE_TYPES,
    SIZE_BYTES_MAX,
    URL_LENGTH_MAX,
    Attachment,
    MediaType,
)
from app.domain.order.facts import Item
from app.domain.order.state import ItemRefunds, Order
from app.domain.order.tickets import RequestedItem, TicketType, asks_for_money
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.rejections import Rejection, RejectionCode, reject
from app.domain.shipments import Shipment

# A host name, a port if need be, a path: no user and password, no spaces, nothing but ASCII.
_URL = re.compile(r"https://[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(:[0-9]{1,5})?(/[!-~]*)?")

# What the carriers above print has 8 to 32 letters, digits and hyphens, most of them digits.
_TRACKING_NUMBER = re.compile(r"[A-Z0-9](?:[A-Z0-9-]{6,30})[A-Z0-9]")
_DIGITS_MIN = 6
_DISTINCT_MIN = 3


_R = ApplicationReason
_AGREED = frozenset({_R.PROMISED_AFTER_SALES, _R.AGREED_WITH_MERCHANT, _R.OTHER})
REASONS_OF_TYPE: Mapping[TicketType, frozenset[ApplicationReason]] = MappingProxyType(
    {
        TicketType.REFUND_ONLY: frozenset(_R),
        TicketType.RETURN_AND_REFUND: frozenset(_R) - {_R.NOT_RECEIVED},
        TicketType.EXCHANGE: frozenset(_R) - {_R.NOT_RECEIVED},
        TicketType.REISSUE: _AGREED
        | {_R.DAMAGED, _R.WRONG_ITEM, _R.MISSING_PARTS, _R.NOT_RECEIVED},
        TicketType.REPAIR: _AGREED | {_R.QUALITY_PROBLEM, _R.DAMAGED, _R.NOT_AS_DESCRIBED},
    }
)
"""The reasons each type may be applied for: goods never received cannot go back."""


def refuse_attachments(
    attachments: Sequence[Attachment], *, pictures_only: bool = False
) -> Rejection | None:
    """Return why attachments are not taken, or None."""
    if len(attachments) > ATTACHMENTS_MAX:
        return reject(RejectionCode.TOO_MANY_ATTACHMENTS, limit=ATTACHMENTS_MAX)
    for number, attachment in enumerate(attachments):
        refusal = _refuse(attachment, number, pictures_only=pictures_only)
        if refusal is not None:
            return refusal
    return None


def _refuse(attachment: Attachment, number: int, *, pictures_only: bool) -> Rejection | None:
    if not attachment.url.startswith("https://"):
        return reject(RejectionCode.ATTACHMENT_NOT_HTTPS, number=number)
    if len(attachment.url) > URL_LENGTH_MAX or _URL.fullmatch(attachment.url) is None:
        return reject(RejectionCode.ATTACHMENT_URL_INVALID, number=number)
    taken = PICTURE_TYPES if pictures_only else frozenset(MediaType)
    if attachment.media_type not in taken:
        return reject(
            RejectionCode.ATTACHMENT_TYPE_NOT_TAKEN,
            number=number,
            media_type=attachment.media_type,
            taken=", ".join(sorted(taken)),
        )
    size_max = SIZE_BYTES_MAX[MediaType(attachment.media_type)]
    size = attachment.size_bytes
    if size is None or not 1 <= size <= size_max:
        return reject(
            RejectionCode.ATTACHMENT_TOO_LARGE, number=number, size_bytes=size, limit=size_max
        )
    return None


def refuse_shipment(shipment: Shipment) -> Rejection | None:
    """Return why a shipment's normalized tracking number cannot be one, or None."""
    return refuse_tracking_number(shipment.tracking_number)


def refuse_tracking_number(number: str) -> Rejection | None:
    """Return why a normalized tracking number cannot be one, or None."""
    digits = sum(character.isdigit() for character in number)
    plausible = digits >= _DIGITS_MIN and len(set(number)) >= _DISTINCT_MIN
    if plausible and _TRACKING_NUMBER.fullmatch(number) is not None:
        return None
    return reject(RejectionCode.TRACKING_NUMBER_INVALID, tracking_number=number[:64])


def refuse_reason(reason: ApplicationReason, ticket_type: TicketType) -> Rejection | None:
    """Return why nobody can apply for a type of after-sales with a reason, or None."""
    if reason in REASONS_OF_TYPE[ticket_type]:
        return None
    return reject(RejectionCode.REASON_NOT_FOR_TYPE, reason=reason.value, type=ticket_type.value)


def refuse_reject_reason(reason: RejectReason, given: frozenset[RejectReason]) -> Rejection | None:
    """Return why a reason does not go with what is rejected, or None."""
    if reason in given:
        return None
    return reject(
        RejectionCode.REASON_NOT_FOR_DECISION,
        reason=reason.value,
        taken=", ".join(sorted(given)),
    )


def refuse_items(
    items: Sequence[RequestedItem], ticket_type: TicketType, order: Order
) -> Rejection | None:
    """Return why an application cannot ask for these items, or None."""
    ids = [item.item_id for item in items]
    repeated = next((item_id for item_id in ids if ids.count(item_id) > 1), None)
    if repeated is not None:
        return reject(RejectionCode.ITEM_REPEATED, item_id=repeated)
    wants_money = asks_for_money(ticket_type)
    for requested in items:
        refunds = order.refunds.get(requested.item_id, ItemRefunds())
        refusal = _refuse_item(requested, order.facts.items, refunds, wants_money=wants_money)
        if refusal is not None:
            return refusal
    if not any(item.amount > 0 or not wants_money for item in items):
        return reject(RejectionCode.NOTHING_REQUESTED)
    return None


def _refuse_item(
    requested: RequestedItem, items: Sequence[Item], done: ItemRefunds, *, wants_money: bool
) -> Rejection | None:
    item_id = requested.item_id
    item = next((item for item in items if item.item_id == item_id), None)
    if item is None:
        return reject(RejectionCode.ITEM_NOT_IN_ORDER, item_id=item_id)
    if requested.quantity < 1 or requested.amount < 0:
        return reject(RejectionCode.NOTHING_REQUESTED, item_id=item_id)
    quantity_left = item.quantity - done.quantity_returned
    if requested.quantity > quantity_left:
        return reject(RejectionCode.QUANTITY_EXCEEDED, item_id=item_id, left=quantity_left)
    amount_left = item.amount_paid - done.amount if wants_money else 0
    if requested.amount > amount_left:
        return reject(
            RejectionCode.AMOUNT_EXCEEDS_REFUNDABLE, item_id=item_id, refundable=str(amount_left)
        )
    return None

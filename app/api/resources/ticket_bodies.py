"""Applications and decisions on tickets, as they come in."""

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.api.resources import examples
from app.api.resources.common import Amount, Attachments, Id, LongText, RequestModel, YesOrNo
from app.domain.order.tickets import Blame, RequestedItem, Ruling, TicketType
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.shipments import Carrier, Shipment

REQUESTED_ITEMS_MAX = 100

Quantity = Annotated[int, Field(strict=True, ge=1, le=1_000_000)]


class RefundItemIn(RequestModel):
    """Units of one item concerned, and the money asked back for them."""

    item_id: Id
    quantity: Quantity
    amount: Amount
    """Minor units, in the order's currency."""

    def in_domain(self) -> RequestedItem:
        """Return it as the domain has it."""
        return RequestedItem(item_id=self.item_id, quantity=self.quantity, amount=self.amount)


class GoodsItemIn(RequestModel):
    """Units of one item to be exchanged, reissued or repaired."""

    item_id: Id
    quantity: Quantity

    def in_domain(self) -> RequestedItem:
        """Return it as the domain has it: goods ask for no money."""
        return RequestedItem(item_id=self.item_id, quantity=self.quantity, amount=0)


class RequestRefundBody(RequestModel):
    """An application for money back."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST_REFUND]})

    items: Annotated[list[RefundItemIn], Field(min_length=1, max_length=REQUESTED_ITEMS_MAX)]
    return_goods: YesOrNo
    """Whether the goods go back first: return and refund, or refund only."""
    reason: ApplicationReason
    description: LongText | None = None
    evidence: Attachments


class RequestGoodsBody(RequestModel):
    """An application for an exchange, a reissue or a repair."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST_GOODS]})

    items: Annotated[list[GoodsItemIn], Field(min_length=1, max_length=REQUESTED_ITEMS_MAX)]
    reason: ApplicationReason
    description: LongText | None = None
    evidence: Attachments


class ModifyApplicationBody(RequestModel):
    """What the application asks for from now on: all of it, not only what changes."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.MODIFY_APPLICATION]})

    type: TicketType
    items: Annotated[list[RefundItemIn], Field(min_length=1, max_length=REQUESTED_ITEMS_MAX)]
    """`amount` is 0 where goods are asked for: exchange, reissue, repair."""
    reason: ApplicationReason
    description: LongText | None = None
    evidence: Attachments


TrackingNumber = Annotated[str, StringConstraints(min_length=1, max_length=100)]

ExtensionDays = Annotated[int, Field(strict=True, ge=1, le=1000)]


class RejectApplicationBody(RequestModel):
    """The merchant's no, with its reason and what proves it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REJECT_APPLICATION]})

    reason: RejectReason
    note: LongText | None = None
    evidence: Attachments


class RejectReturnedGoodsBody(RequestModel):
    """The merchant's no to what came back; at least one piece of evidence."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REJECT_RETURNED_GOODS]})

    reason: RejectReason
    """One of those for returned goods, see `GET /v1/reasons`."""
    note: LongText | None = None
    evidence: Attachments


class ParcelBody(RequestModel):
    """A parcel."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.PARCEL]})

    carrier: Carrier
    tracking_number: TrackingNumber
    """8 to 32 letters, digits and hyphens; kept in capitals and without spaces."""

    @property
    def shipment(self) -> Shipment:
        """The parcel as the domain has it."""
        return Shipment(carrier=self.carrier, tracking_number=self.tracking_number)


class ExtendReturnDeadlineBody(RequestModel):
    """More time for the buyer."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.EXTEND_RETURN]})

    days: ExtensionDays
    """1 to 7, twice at most."""


class AddTicketRemarkBody(RequestModel):
    """A remark, with pictures if need be."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REMARK]})

    text: LongText
    pictures: Attachments


class RequestArbitrationBody(RequestModel):
    """Why the platform should arbitrate."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REQUEST_ARBITRATION]})

    note: LongText
    evidence: Attachments


class SubmitArbitrationEvidenceBody(RequestModel):
    """Evidence of one side: files, a note, or both."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.ARBITRATION_EVIDENCE]})

    note: LongText | None = None
    evidence: Attachments


class RuleArbitrationBody(RequestModel):
    """The platform's ruling."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RULE_ARBITRATION]})

    ruling: Ruling
    blame: Blame
    final_amount: Amount | None = None
    """Minor units, for the buyer only. Null grants what was asked for, goods included; an amount on
    a ticket that asks for goods is paid in their place."""
    note: LongText | None = None

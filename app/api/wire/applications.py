"""Applications as they come in."""

from typing import Annotated

from pydantic import ConfigDict, Field

from app.api.wire import examples
from app.api.wire.attachments import Attachments
from app.api.wire.common import Amount, Id, LongText, RequestModel, YesOrNo
from app.domain.order.tickets import RequestedItem, TicketType
from app.domain.reasons import ApplicationReason

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

"""The data of public events in version 2026-11-01: ids, codes, amounts, and the order's state.

The state is as of after the event and before the next one of its stream. Of persons there are only
ids; texts, URLs and tracking numbers are in `personal` (personal.py), for endpoints that include
it. Everything is bounded (`BODY_BYTES_MAX`).

A released version is only extended. Any other change needs a new `ApiVersion` with its own models.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.webhooks.catalog.payload import Int64, Payload
from app.webhooks.catalog.personal import EntryPersonalData, TicketPersonalData


def _without_default(schema: dict[str, Any]) -> None:
    """Describe a field as optional, not as null by default."""
    schema.pop("default", None)


_ONLY_IF_ASKED = Field(
    exclude_if=lambda personal: personal is None, json_schema_extra=_without_default
)


class EventMoney(Payload):
    """An amount of money: minor units and an ISO 4217 code."""

    amount: Int64
    currency: str


class EventEntry(Payload):
    """The after-sales entry of an order after the event."""

    state: str
    """`never_opened`, `open` or `closed`; more may come."""
    generation: int
    """Which opening this is; 0 before the first."""
    opened_at: datetime | None
    expires_at: datetime | None
    used: bool
    """Whether an application was made through this opening."""
    closed_at: datetime | None
    reopening_requested: bool
    """Whether the buyer waits for an answer to a request to reopen it."""
    decline_reason: str | None
    """Why the merchant last declined that since the opening; codes as in `GET /v1/reasons`."""


class EventOrder(Payload):
    """An order after the event."""

    order_id: str
    buyer_id: str
    paid: EventMoney
    refunded: EventMoney
    """What the buyer has received so far, over all tickets."""
    shipped_at: datetime | None
    receipt_confirmed_at: datetime | None
    settled_at: datetime | None
    entry: EventEntry
    active_ticket_id: str | None
    """The ticket under way, if there is one."""


class EventTicketItem(Payload):
    """Units of one item, and the amount requested for them in minor units."""

    item_id: str
    quantity: int
    amount: Int64


class EventDue(Payload):
    """What happens to a ticket automatically at a deadline."""

    at: datetime
    action: str
    """`agree`, `close`, `confirm_return`, `escalate`, `complete` or `rule_for_buyer`; more may
    come."""


class EventArbitration(Payload):
    """The latest arbitration of a ticket, and how the platform ruled."""

    number: int
    """The number of this arbitration, from 1."""
    cause: str
    """`buyer_request` or `replacement_not_shipped`; more may come."""
    withdrawn: bool
    ruling: str | None
    """`for_buyer` or `for_merchant`; more may come. Null while there is none."""
    blame: str | None
    """`merchant`, `buyer`, `carrier`, `nobody`, ...; more may come."""
    granted: EventMoney | None


class EventRefund(Payload):
    """The refund of a ticket."""

    refund_key: str
    """Constant over all attempts."""
    status: str
    """`funded`, `unknown`, `refused` or `succeeded`; more may come."""
    source: str
    """`escrow`, `cash`, `deposit` or `platform_advance`; more may come."""
    funds_insufficient: bool
    """Whether neither cash nor deposit covered it, so that the platform pays in advance."""
    refusal: str | None
    """Why the provider refuses to pay: `buyer_account_closed`, `buyer_account_frozen`, ...; more
    may come."""


class EventPayout(Payload):
    """The latest advance payout of a ticket (先行赔付), without its payee."""

    payout_key: str
    """Constant; the next payout has another."""
    status: str
    """`requested`, `declined`, `started`, `unknown`, `refused` or `paid`; more may come."""
    refusal: str | None
    """Why the provider refuses to pay to that account; codes as of `refund`."""


class EventTicket(Payload):
    """A ticket after the event."""

    ticket_id: str
    version: Int64
    """The order's stream version at the ticket's last change: what `If-Match` names."""
    type: str
    """`refund_only`, `return_and_refund`, `exchange`, `reissue` or `repair`; more may come."""
    state: str
    """`pending_merchant`, `awaiting_return`, `awaiting_merchant_receipt`, `awaiting_replacement`,
    `awaiting_buyer_receipt`, `refunding`, `rejected`, `rejected_after_return`, `in_arbitration`,
    `succeeded`, `completed` or `closed`; more may come."""
    waiting_for: str | None
    """Who has to act: `consumer`, `merchant` or `platform`; more may come. Null at the end."""
    overdue: bool
    """True if the application came through an opened entry: the label 超期售后."""
    entry_generation: int | None
    reason: str
    """Why the buyer applied; codes as in `GET /v1/reasons`."""
    items: list[EventTicketItem]
    amount: EventMoney
    modifications: int
    due: EventDue | None
    agreed_automatically: bool | None
    """Null before agreement."""
    agreed_without_return: bool | None
    rejection_reason: str | None
    """Why the merchant rejected the application; codes as in `GET /v1/reasons`."""
    returned_goods_rejection_reason: str | None
    return_carrier: str | None
    """`sf`, `zto`, `yto`, ..., `other`, see `GET /v1/reasons`; more may come."""
    replacement_carrier: str | None
    arbitration: EventArbitration | None
    close_cause: str | None
    """`withdrawn`, `not_returned_in_time`, `rejection_not_contested`, `ruled_for_merchant` or
    `nothing_left_to_refund`; more may come."""
    refund: EventRefund | None
    """Null until the refund is funded, and where finance reports refunds manually."""
    advance_payout: EventPayout | None
    """Null unless customer service pays to another account of the buyer."""
    refunded: EventMoney


class EntryEventData(Payload):
    """Data of events of an after-sales entry."""

    order: EventOrder
    personal: Annotated[EntryPersonalData | SkipJsonSchema[None], _ONLY_IF_ASKED] = None
    """Only sent to webhook endpoints whose `include` has `personal_data`."""


class TicketEventData(Payload):
    """Data of events of a ticket and its refund."""

    order: EventOrder
    ticket: EventTicket
    personal: Annotated[TicketPersonalData | SkipJsonSchema[None], _ONLY_IF_ASKED] = None
    """Only sent to webhook endpoints whose `include` has `personal_data`."""


class FundsInsufficientData(Payload):
    """A refund that neither cash nor deposit covered. Minor units in the shop's currency."""

    refund_key: str
    order_id: str
    ticket_id: str
    amount: Int64
    cash_available: Int64
    deposit_available: Int64


class DepositEventData(Payload):
    """A shop's deposit (保证金). Minor units in the shop's currency."""

    deposit: Int64
    """Below zero if the shop is in arrears."""
    required: Int64


class RestrictionEventData(Payload):
    """A shop that may not open entries, or may again. Minor units in the shop's currency."""

    arrears: Int64
    """What the shop owes for what was paid in advance."""
    arrears_limit: Int64 | None
    """Above which it is restricted; null where the event does not say."""


class WebhookEndpointEventData(Payload):
    """A webhook endpoint."""

    endpoint_id: str
    url: str
    """Its URL without the query, which may be secret."""
    disabled_reason: str | None
    """`by_owner`, `gone` (it answered 410) or `failing_too_long`; more may come. Null: enabled."""


EventData = (
    EntryEventData
    | TicketEventData
    | FundsInsufficientData
    | DepositEventData
    | RestrictionEventData
    | WebhookEndpointEventData
)
"""Everything a public event can carry."""

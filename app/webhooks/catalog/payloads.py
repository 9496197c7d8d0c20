"""What public events carry, in the form 2026-11-01: ids, codes, amounts, and how things stand now.

"Now" is after the event and before the next of its stream. Of persons nothing is told but ids: no
text that people wrote, no address, no parcel's number, but to endpoints that ask for it and in
`personal` (personal_payloads.py). Everything is bounded (`BODY_BYTES_MAX`).

A released form is only ever added to. What cannot be added wants a new `ApiVersion`, and models of
its own beside these.
"""

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field
from pydantic.json_schema import SkipJsonSchema

from app.webhooks.catalog.payload import Int64, Payload
from app.webhooks.catalog.personal import EntryPersonalData, TicketPersonalData


def _without_default(schema: dict[str, Any]) -> None:
    """Let the document say that a field may be missing, and not that it is null then."""
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
    """Whether an application came through this opening."""
    closed_at: datetime | None
    reopening_requested: bool
    """Whether the buyer waits for an answer to their wish to have it opened again."""
    decline_reason: str | None
    """Why the merchant last said no to that since the opening; codes as in `GET /v1/reasons`."""


class EventOrder(Payload):
    """An order after the event."""

    order_id: str
    buyer_id: str
    paid: EventMoney
    refunded: EventMoney
    """What has reached the buyer so far, over all tickets."""
    shipped_at: datetime | None
    receipt_confirmed_at: datetime | None
    settled_at: datetime | None
    entry: EventEntry
    active_ticket_id: str | None
    """The ticket under way, if there is one."""


class EventTicketItem(Payload):
    """Units of one item concerned, and the money asked for them in minor units."""

    item_id: str
    quantity: int
    amount: Int64


class EventDue(Payload):
    """What happens to a ticket by itself if nobody acts."""

    at: datetime
    action: str
    """`agree`, `close`, `confirm_return`, `escalate`, `complete` or `rule_for_buyer`; more may
    come."""


class EventArbitration(Payload):
    """The latest arbitration of a ticket, and how the platform ruled."""

    number: int
    """How many there have been."""
    cause: str
    """`buyer_request` or `replacement_not_shipped`; more may come."""
    withdrawn: bool
    ruling: str | None
    """`for_buyer` or `for_merchant`; more may come. Null while there is none."""
    blame: str | None
    """`merchant`, `buyer`, `carrier`, `nobody`, ...; more may come."""
    granted: EventMoney | None


class EventRefund(Payload):
    """The money of a ticket on its way."""

    refund_key: str
    """The same for life, whatever is tried."""
    status: str
    """`funded`, `unknown`, `refused` or `succeeded`; more may come."""
    source: str
    """`escrow`, `cash`, `deposit` or `platform_advance`; more may come."""
    funds_insufficient: bool
    """Whether neither cash nor deposit covered it, so that the platform pays in advance."""
    refusal: str | None
    """Why the provider will not pay: `buyer_account_closed`, `buyer_account_frozen`, ...; more may
    come."""


class EventPayout(Payload):
    """The latest advance payout of a ticket (先行赔付). The payee is not told of."""

    payout_key: str
    """The same for life; the next payout has another."""
    status: str
    """`requested`, `declined`, `started`, `unknown`, `refused` or `paid`; more may come."""
    refusal: str | None
    """Why the provider will not pay to that account; codes as of `refund`."""


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
    """Who has to act now: `consumer`, `merchant` or `platform`; more may come. Null once nobody."""
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
    """Null while it was not agreed to."""
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
    """Null until a source was found for the money, and where finance reports refunds by hand."""
    advance_payout: EventPayout | None
    """Null unless customer service pays to another account of the buyer."""
    refunded: EventMoney


class EntryEventData(Payload):
    """Of events of an after-sales entry."""

    order: EventOrder
    personal: Annotated[EntryPersonalData | SkipJsonSchema[None], _ONLY_IF_ASKED] = None
    """Only sent to webhook endpoints that ask for it: `include` has `personal_data`."""


class TicketEventData(Payload):
    """Of events of a ticket and its money."""

    order: EventOrder
    ticket: EventTicket
    personal: Annotated[TicketPersonalData | SkipJsonSchema[None], _ONLY_IF_ASKED] = None
    """Only sent to webhook endpoints that ask for it: `include` has `personal_data`."""


class FundsInsufficientData(Payload):
    """Of a refund neither cash nor deposit covered. Minor units in the shop's currency."""

    refund_key: str
    order_id: str
    ticket_id: str
    amount: Int64
    cash_available: Int64
    deposit_available: Int64


class DepositEventData(Payload):
    """Of a shop's deposit (保证金). Minor units in the shop's currency."""

    deposit: Int64
    """Below zero if the shop is in arrears."""
    required: Int64


class RestrictionEventData(Payload):
    """Of a shop that may not open entries, or may again. Minor units in the shop's currency."""

    arrears: Int64
    """What the shop owes for what was paid in advance."""
    arrears_limit: Int64 | None
    """Above which it is restricted; null where the event does not say."""


class WebhookEndpointEventData(Payload):
    """Of a webhook endpoint."""

    endpoint_id: str
    url: str
    """Where it is sent to; without the query, which may be secret."""
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

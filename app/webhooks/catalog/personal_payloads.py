"""What public events carry of persons, for endpoints that ask for it: texts, pictures, parcels.

How it is all made to fit into a body: personal.py. Of a payee, and of what the provider writes of
one, nothing is ever told, masked or not.
"""

from datetime import datetime

from app.webhooks.catalog.payload import Int64, Payload


class EventAttachment(Payload):
    """A picture or a document by its address. Type and size are null in very old ones."""

    url: str
    media_type: str | None
    size_bytes: Int64 | None


class EventParcel(Payload):
    """A parcel on its way."""

    carrier: str
    """`sf`, `zto`, `yto`, ..., `other`, see `GET /v1/reasons`; more may come."""
    tracking_number: str


class EventGrounds(Payload):
    """What the merchant wrote and showed when saying no."""

    note: str | None
    evidence: list[EventAttachment]


class EventRemark(Payload):
    """What one side added to the ticket."""

    at: datetime
    side: str
    """`consumer`, `merchant` or `platform`; more may come."""
    text: str
    pictures: list[EventAttachment]


class EventEvidence(Payload):
    """What one side gave in the latest arbitration."""

    at: datetime
    side: str
    """`consumer` or `merchant`; more may come."""
    note: str | None
    evidence: list[EventAttachment]


class EntryPersonalData(Payload):
    """What people wrote about an entry, as it stands after the event."""

    reopening_note: str | None
    """What the buyer who waits for the entry to be opened again wrote."""
    decline_note: str | None
    """What the merchant last wrote when saying no to that, since the opening."""
    truncated: bool
    """Whether something was cut to fit into the body: then read the entry."""


class TicketPersonalData(Payload):
    """What people wrote and showed on a ticket, and its parcels, as they are after the event."""

    description: str | None
    evidence: list[EventAttachment]
    """What the buyer showed with the application."""
    rejection: EventGrounds | None
    returned_goods_rejection: EventGrounds | None
    return_parcel: EventParcel | None
    replacement_parcel: EventParcel | None
    remarks: list[EventRemark]
    """The oldest first; where some are left out, the latest are kept."""
    arbitration_evidence: list[EventEvidence]
    """Likewise."""
    ruling_note: str | None
    truncated: bool
    """Whether texts were cut (they end in `…`) or lists shortened to fit into the body: then read
    the ticket."""

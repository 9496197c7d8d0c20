"""Personal data in public events, for endpoints that include it: texts, pictures, parcels.

Texts and lists are cut to the largest measure that fits into the rest of a body; `truncated` says
that something was cut. Payees, and what the provider writes about them, are never included, masked
or not.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.domain.attachments import ATTACHMENTS_MAX, Attachment
from app.projections.orders.view import EntryView, OrderView
from app.projections.tickets import view
from app.webhooks.catalog.payload import Int64, Payload


class EventAttachment(Payload):
    """A picture or a document by its URL. Type and size are null in very old ones."""

    url: str
    media_type: str | None
    size_bytes: Int64 | None


class EventParcel(Payload):
    """A parcel."""

    carrier: str
    """`sf`, `zto`, `yto`, ..., `other`, see `GET /v1/reasons`; more may come."""
    tracking_number: str


class EventGrounds(Payload):
    """The merchant's note and evidence of a rejection."""

    note: str | None
    evidence: list[EventAttachment]


class EventRemark(Payload):
    """A remark of one side on the ticket."""

    at: datetime
    side: str
    """`consumer`, `merchant` or `platform`; more may come."""
    text: str
    pictures: list[EventAttachment]


class EventEvidence(Payload):
    """Evidence of one side in the latest arbitration."""

    at: datetime
    side: str
    """`consumer` or `merchant`; more may come."""
    note: str | None
    evidence: list[EventAttachment]


class EntryPersonalData(Payload):
    """Texts about an entry, as of after the event."""

    reopening_note: str | None
    """The buyer's note with a pending request to reopen the entry."""
    decline_note: str | None
    """The merchant's note with the latest decline since the opening."""
    truncated: bool
    """Whether something was cut to fit into the body; the entry has all of it."""


class TicketPersonalData(Payload):
    """Texts, files and parcels of a ticket, as of after the event."""

    description: str | None
    evidence: list[EventAttachment]
    """The buyer's evidence with the application."""
    rejection: EventGrounds | None
    returned_goods_rejection: EventGrounds | None
    return_parcel: EventParcel | None
    replacement_parcel: EventParcel | None
    remarks: list[EventRemark]
    """Oldest first; if some are left out, the latest are kept."""
    arbitration_evidence: list[EventEvidence]
    """Likewise."""
    ruling_note: str | None
    truncated: bool
    """Whether texts were cut (they end in `…`) or lists shortened to fit into the body; the ticket
    has all of it."""


T = TypeVar("T")
P = TypeVar("P", EntryPersonalData, TicketPersonalData)

CUT = "…"
"""Marks the end of a cut text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The maximum length of texts, and how many latest members and files are kept."""

    characters: int
    latest: int
    files: int


MEASURES = (
    Measure(characters=1_000, latest=20, files=ATTACHMENTS_MAX),
    Measure(characters=500, latest=20, files=3),
    Measure(characters=500, latest=10, files=3),
    Measure(characters=500, latest=3, files=1),
    Measure(characters=200, latest=2, files=1),
    Measure(characters=200, latest=1, files=0),
    Measure(characters=50, latest=1, files=0),
)
"""From everything down to what fits beside the largest event (checked by a test)."""


def personal_data_of(
    order: OrderView, ticket_id: str | None, free_bytes: int
) -> EntryPersonalData | TicketPersonalData:
    """Return the personal data of an order's ticket, or of its entry, within so many bytes."""
    ticket = None if ticket_id is None else order.ticket(ticket_id)
    if ticket is None:
        return _largest_within(free_bytes, lambda cut: _of_entry(order.entry, cut))
    return _largest_within(free_bytes, lambda cut: _of_ticket(ticket, cut))


@dataclass(slots=True)
class _Cutting:
    """Cuts texts and lists to a measure, and records whether anything was cut."""

    measure: Measure
    truncated: bool = False

    def text(self, text: str) -> str:
        longest = self.measure.characters
        if len(text) <= longest:
            return text
        self.truncated = True
        return f"{text[: longest - 1]}{CUT}"

    def note(self, note: str | None) -> str | None:
        return None if note is None else self.text(note)

    def latest(self, members: Sequence[T]) -> Sequence[T]:
        return self._kept(members[max(len(members) - self.measure.latest, 0) :], members)

    def files(self, files: Sequence[Attachment]) -> list[EventAttachment]:
        return [
            EventAttachment(url=one.url, media_type=one.media_type, size_bytes=one.size_bytes)
            for one in self._kept(files[: self.measure.files], files)
        ]

    def _kept(self, kept: Sequence[T], members: Sequence[T]) -> Sequence[T]:
        self.truncated = self.truncated or len(kept) < len(members)
        return kept


def _largest_within(free_bytes: int, cut_to: Callable[[_Cutting], P]) -> P:
    for measure in MEASURES:
        cutting = _Cutting(measure)
        shown = cut_to(cutting)
        shown = shown.model_copy(update={"truncated": cutting.truncated})
        if len(shown.model_dump_json().encode()) <= free_bytes:
            break
    return shown


def _of_entry(entry: EntryView, cut: _Cutting) -> EntryPersonalData:
    return EntryPersonalData(
        reopening_note=None if entry.reopening is None else cut.note(entry.reopening.note),
        decline_note=None if entry.declined is None else cut.note(entry.declined.note),
        truncated=False,
    )


def _of_ticket(ticket: view.TicketView, cut: _Cutting) -> TicketPersonalData:
    arbitration = ticket.arbitration
    ruling = None if arbitration is None else arbitration.ruling
    given = () if arbitration is None else arbitration.evidence
    return TicketPersonalData(
        description=cut.note(ticket.description),
        evidence=cut.files(ticket.evidence),
        rejection=_grounds(ticket.rejected, cut),
        returned_goods_rejection=_grounds(ticket.returned_goods_rejected, cut),
        return_parcel=_parcel(ticket.return_shipment),
        replacement_parcel=_parcel(ticket.replacement),
        remarks=[_remark(one, cut) for one in cut.latest(ticket.remarks)],
        arbitration_evidence=[_evidence(one, cut) for one in cut.latest(given)],
        ruling_note=None if ruling is None else cut.note(ruling.note),
        truncated=False,
    )


def _grounds(rejected: view.TicketRejection | None, cut: _Cutting) -> EventGrounds | None:
    if rejected is None:
        return None
    return EventGrounds(note=cut.note(rejected.note), evidence=cut.files(rejected.evidence))


def _parcel(parcel: view.ShipmentView | None) -> EventParcel | None:
    if parcel is None:
        return None
    return EventParcel(
        carrier=parcel.shipment.carrier.value, tracking_number=parcel.shipment.tracking_number
    )


def _remark(remark: view.RemarkView, cut: _Cutting) -> EventRemark:
    return EventRemark(
        at=remark.at,
        side=remark.side.value,
        text=cut.text(remark.text),
        pictures=cut.files(remark.pictures),
    )


def _evidence(given: view.EvidenceView, cut: _Cutting) -> EventEvidence:
    return EventEvidence(
        at=given.at,
        side=given.side.value,
        note=cut.note(given.note),
        evidence=cut.files(given.evidence),
    )

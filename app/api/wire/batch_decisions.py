"""Decisions on many tickets on the wire, each told from the others by its `decision`."""

from typing import Annotated, Literal, assert_never

from pydantic import ConfigDict, Field, StringConstraints
from typing_extensions import TypeAliasType

from app.api.problems.problem import Problem
from app.api.wire import examples
from app.api.wire.attachments import Attachments, attachments_in
from app.api.wire.common import (
    TICKET_ID_PATTERN,
    InOneLanguage,
    LongText,
    RequestModel,
    ResponseModel,
)
from app.api.wire.decisions import ExtensionDays, TrackingNumber
from app.api.wire.tickets import Ticket
from app.domain.order.answers import AgreeToApplication, ProcessRejectedTicket, RejectApplication
from app.domain.order.commands import TicketDecision
from app.domain.order.replacements import ShipReplacement
from app.domain.order.returns import ConfirmReturnReceipt, ExtendReturnDeadline, RejectReturnedGoods
from app.domain.reasons import RejectReason
from app.domain.shipments import Carrier, Shipment

BATCH_DECISIONS_MAX = 100


SeenVersion = Annotated[
    int, Field(strict=True, ge=0, le=2**53, json_schema_extra={"format": "int64"})
]


class _OnTicket(RequestModel):
    ticket_id: Annotated[str, StringConstraints(pattern=TICKET_ID_PATTERN)]
    seen_version: SeenVersion | None = None
    """`version` of the ticket the decision was made on; 412 in its result if it has changed."""


class AgreeDecision(_OnTicket):
    """As `agree_to_application`."""

    decision: Literal["agree"]


class AgreeWithoutReturnDecision(_OnTicket):
    """As `agree_without_return`."""

    decision: Literal["agree_without_return"]


class RejectDecision(_OnTicket):
    """As `reject_application`."""

    decision: Literal["reject"]
    reason: RejectReason
    note: LongText | None = None
    evidence: Attachments


class ProcessAgainDecision(_OnTicket):
    """As `process_rejected_ticket`."""

    decision: Literal["process_again"]


class ConfirmReturnDecision(_OnTicket):
    """As `confirm_return_receipt`."""

    decision: Literal["confirm_return"]


class RejectReturnDecision(_OnTicket):
    """As `reject_returned_goods`."""

    decision: Literal["reject_return"]
    reason: RejectReason
    note: LongText | None = None
    evidence: Attachments


class ExtendReturnDecision(_OnTicket):
    """As `extend_return_deadline`."""

    decision: Literal["extend_return"]
    days: ExtensionDays


class ShipReplacementDecision(_OnTicket):
    """As `ship_replacement`."""

    decision: Literal["ship_replacement"]
    carrier: Carrier
    tracking_number: TrackingNumber


AnyBatchDecision = (
    AgreeDecision
    | AgreeWithoutReturnDecision
    | RejectDecision
    | ProcessAgainDecision
    | ConfirmReturnDecision
    | RejectReturnDecision
    | ExtendReturnDecision
    | ShipReplacementDecision
)
BatchDecision = TypeAliasType(
    "BatchDecision", Annotated[AnyBatchDecision, Field(discriminator="decision")]
)
"""One decision; the document knows it by this name."""


class BatchDecisionsBody(RequestModel):
    """Decisions on several tickets, one for each."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH_DECISIONS]})

    items: Annotated[list[BatchDecision], Field(min_length=1, max_length=BATCH_DECISIONS_MAX)]


class BatchDecisionResult(ResponseModel):
    """What came of one decision: the ticket, or the problem it alone would have met."""

    ticket_id: str
    status: int
    """HTTP status the decision alone would have been answered with."""
    replayed: bool
    """True if this is the answer to the same decision, given before under the same key."""
    ticket: Ticket | None
    problem: Problem | None


class BatchDecisionsResult(InOneLanguage):
    """A result for each decision, in the order they were given."""

    results: list[BatchDecisionResult]


def command_of(item: AnyBatchDecision) -> TicketDecision:
    """Make the domain's decision of the one given."""
    ticket_id = item.ticket_id
    match item:
        case AgreeDecision():
            return AgreeToApplication(ticket_id=ticket_id)
        case AgreeWithoutReturnDecision():
            return AgreeToApplication(ticket_id=ticket_id, without_return=True)
        case RejectDecision():
            evidence = attachments_in(item.evidence)
            return RejectApplication(
                ticket_id=ticket_id, reason=item.reason, note=item.note, evidence=evidence
            )
        case ProcessAgainDecision():
            return ProcessRejectedTicket(ticket_id=ticket_id)
        case ConfirmReturnDecision():
            return ConfirmReturnReceipt(ticket_id=ticket_id)
        case RejectReturnDecision():
            evidence = attachments_in(item.evidence)
            return RejectReturnedGoods(
                ticket_id=ticket_id, reason=item.reason, note=item.note, evidence=evidence
            )
        case ExtendReturnDecision():
            return ExtendReturnDeadline(ticket_id=ticket_id, days=item.days)
        case ShipReplacementDecision():
            parcel = Shipment(carrier=item.carrier, tracking_number=item.tracking_number)
            return ShipReplacement(ticket_id=ticket_id, shipment=parcel)
        case _:
            assert_never(item)

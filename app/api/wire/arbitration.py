"""Arbitrations on the wire."""

from datetime import datetime

from app.api.wire.attachments import AttachmentOut, attachments_on_wire
from app.api.wire.common import LocalizedText, Money, ResponseModel, localized
from app.projections.texts import ARBITRATION_CAUSE_TEXTS, BLAME_TEXTS, RULING_TEXTS, SIDE_TEXTS
from app.projections.tickets.view import ArbitrationView, EvidenceView, RulingView


class ArbitrationEvidence(ResponseModel):
    """What one side gave."""

    submitted_at: datetime
    side: str
    """`consumer` or `merchant`; more may come."""
    side_text: LocalizedText
    note: str | None
    evidence: list[AttachmentOut]


class ArbitrationRuling(ResponseModel):
    """How the platform ruled."""

    ruled_at: datetime
    automatic: bool
    """True if the merchant gave no evidence in time."""
    ruling: str
    """`for_buyer` or `for_merchant`; more may come."""
    ruling_text: LocalizedText
    blame: str
    """`buyer`, `merchant`, `carrier` or `nobody`; more may come."""
    blame_text: LocalizedText
    final_amount: Money
    """The money granted; 0 where goods are sent, or nothing."""
    note: str | None


class Arbitration(ResponseModel):
    """The latest arbitration of a ticket."""

    number: int
    """1 for the ticket's first."""
    cause: str
    """`buyer_request` or `replacement_not_shipped`; more may come."""
    cause_text: LocalizedText
    began_at: datetime
    evidence: list[ArbitrationEvidence]
    withdrawn_at: datetime | None
    ruling: ArbitrationRuling | None


def arbitration_on_wire(view: ArbitrationView | None, currency: str) -> Arbitration | None:
    """Show an arbitration."""
    if view is None:
        return None
    return Arbitration(
        number=view.number,
        cause=view.cause.value,
        cause_text=localized(ARBITRATION_CAUSE_TEXTS[view.cause]),
        began_at=view.began_at,
        evidence=[_evidence(given) for given in view.evidence],
        withdrawn_at=view.withdrawn_at,
        ruling=None if view.ruling is None else _ruling(view.ruling, currency),
    )


def _evidence(given: EvidenceView) -> ArbitrationEvidence:
    return ArbitrationEvidence(
        submitted_at=given.at,
        side=given.side.value,
        side_text=localized(SIDE_TEXTS[given.side]),
        note=given.note,
        evidence=attachments_on_wire(given.evidence),
    )


def _ruling(ruling: RulingView, currency: str) -> ArbitrationRuling:
    return ArbitrationRuling(
        ruled_at=ruling.at,
        automatic=ruling.automatic,
        ruling=ruling.ruling.value,
        ruling_text=localized(RULING_TEXTS[ruling.ruling]),
        blame=ruling.blame.value,
        blame_text=localized(BLAME_TEXTS[ruling.blame]),
        final_amount=Money(amount=ruling.final_amount, currency=currency),
        note=ruling.note,
    )

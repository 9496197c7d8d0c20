"""The coded reasons people choose from."""

from collections.abc import Iterable

from fastapi import Response

from app.api.request_context import RequestContext
from app.api.resources.common import LocalizedText, ResponseModel, localized
from app.domain.order.input_rules import REASONS_OF_TYPE
from app.domain.order.tickets import TicketType
from app.domain.reasons import (
    REJECT_REASONS_OF_APPLICATION,
    REJECT_REASONS_OF_RETURNED_GOODS,
    ApplicationReason,
    DeclineReason,
    RejectReason,
)
from app.domain.shipments import Carrier
from app.domain.text import TextEnum


class CodedReason(ResponseModel):
    """A reason: its stable code and its text."""

    code: str
    text: LocalizedText


class ApplicationReasonOut(CodedReason):
    """A reason to apply, and the types of ticket it goes with."""

    types: list[str]


class RejectReasonOut(CodedReason):
    """A reason to reject, and what may be rejected for it."""

    of_application: bool
    of_returned_goods: bool


class Reasons(ResponseModel):
    """Every coded list; the lists only grow."""

    application: list[ApplicationReasonOut]
    rejection: list[RejectReasonOut]
    reopening_decline: list[CodedReason]
    carriers: list[CodedReason]
    """Who carries parcels."""


async def list_reasons(
    call: RequestContext,
) -> Response:
    """List the reasons for applying, rejecting and declining, and the carriers."""
    return call.json(
        Reasons(
            application=[_application(reason) for reason in ApplicationReason],
            rejection=[_rejection(reason) for reason in RejectReason],
            reopening_decline=_coded(DeclineReason),
            carriers=_coded(Carrier),
        )
    )


def _application(reason: ApplicationReason) -> ApplicationReasonOut:
    return ApplicationReasonOut(
        code=reason.value,
        text=localized(reason.text),
        types=[kind.value for kind in TicketType if reason in REASONS_OF_TYPE[kind]],
    )


def _rejection(reason: RejectReason) -> RejectReasonOut:
    return RejectReasonOut(
        code=reason.value,
        text=localized(reason.text),
        of_application=reason in REJECT_REASONS_OF_APPLICATION,
        of_returned_goods=reason in REJECT_REASONS_OF_RETURNED_GOODS,
    )


def _coded(codes: Iterable[TextEnum]) -> list[CodedReason]:
    return [CodedReason(code=code.value, text=localized(code.text)) for code in codes]

"""The coded reasons people choose from."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Response

from app.access.scopes import Scope
from app.api.calls import Call, allow
from app.api.declared import problems
from app.api.strict_request import StrictRoute
from app.api.wire.common import LocalizedText, ResponseModel, localized
from app.domain.reasons import (
    APPLICATION_REASON_TEXTS,
    DECLINE_REASON_TEXTS,
    REJECT_REASON_TEXTS,
)
from app.domain.text import Text
from app.event_store.recorded import Role

router = APIRouter(route_class=StrictRoute, tags=["reasons"])


class CodedReason(ResponseModel):
    """A reason: its stable code and its text."""

    code: str
    text: LocalizedText


class Reasons(ResponseModel):
    """Every list of reasons; the lists only grow."""

    application: list[CodedReason]
    rejection: list[CodedReason]
    reopening_decline: list[CodedReason]


@router.get(
    "/v1/reasons",
    name="list_reasons",
    summary="List the coded reasons",
    response_model=Reasons,
    responses=problems(),
)
async def list_reasons(
    call: Annotated[Call, allow(Scope.ORDERS_READ, Role.MERCHANT, Role.PLATFORM, Role.CONSUMER)],
) -> Response:
    """List the reasons for applying, rejecting and declining, in both languages."""
    return call.json(
        Reasons(
            application=_coded(APPLICATION_REASON_TEXTS),
            rejection=_coded(REJECT_REASON_TEXTS),
            reopening_decline=_coded(DECLINE_REASON_TEXTS),
        )
    )


def _coded(texts: Mapping[Any, Text]) -> list[CodedReason]:
    return [CodedReason(code=code.value, text=localized(text)) for code, text in texts.items()]

"""Decisions on many tickets in one request, each taken by itself."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from pydantic_core import from_json

from app.api.bounded_gather import each_by_itself
from app.api.problems.exception_handlers import code_of_failure
from app.api.problems.problem import ProblemError
from app.api.request_context import CommandPresenter, RequestContext
from app.api.ticket_calls import showing
from app.api.wire.batch_decisions import AnyBatchDecision, command_of
from app.command_handling.requests import Answer
from app.projections.tickets.list import order_id_of

AT_ONCE_MAX = 32
"""Enough to fill the lanes' batches; a shop's decisions still leave room for others'."""

_log = structlog.get_logger(__name__)


async def decide_each(
    call: RequestContext, shop_id: str, items: Sequence[AnyBatchDecision], key: str
) -> list[dict[str, Any]]:
    """Take each decision and return a `BatchDecisionResult` for each, as JSON has it.

    A ticket named again is not decided on again: what was decided on it first is what counts.
    """
    named: dict[str, int] = {}
    for number, item in enumerate(items):
        named.setdefault(item.ticket_id, number)

    async def answered(numbered: tuple[int, AnyBatchDecision]) -> dict[str, Any]:
        number, item = numbered
        first = named[item.ticket_id]
        if number == first:
            return _result(item, await _decided(call, shop_id, item, key))
        repeated = ProblemError("ticket_repeated", facts={"first": first})
        return _result(item, _responder(call, shop_id, item).problem(repeated))

    return await each_by_itself(list(enumerate(items)), answered, at_once_max=AT_ONCE_MAX)


async def _decided(call: RequestContext, shop_id: str, item: AnyBatchDecision, key: str) -> Answer:
    # The version seen is no part of what is asked, as If-Match is none.
    asked = item.model_dump_json(exclude={"seen_version"}).encode()
    request = replace(
        call.order_request(shop_id, order_id_of(item.ticket_id), command_of(item)),
        seen_version=item.seen_version,
        idempotency=call.key_of_part(shop_id, key, item.ticket_id, asked),
    )
    responder = _responder(call, shop_id, item)
    try:
        return await call.services.handler.handle(request, responder)
    except Exception as failure:  # noqa: BLE001 - every decision gets a result, whatever became of it
        code = code_of_failure(failure)
        if code == "internal_error":
            _log.exception(
                "batch_decision_failed", request_id=call.request_id, ticket_id=item.ticket_id
            )
        return responder.problem(ProblemError(code))


def _responder(call: RequestContext, shop_id: str, item: AnyBatchDecision) -> CommandPresenter:
    return CommandPresenter(
        call=call,
        render=showing(item.ticket_id),
        instance=f"/v1/shops/{shop_id}/tickets/{item.ticket_id}",
        not_found="ticket_not_found",
    )


def _result(item: AnyBatchDecision, answer: Answer) -> dict[str, Any]:
    """Tell what came of a decision; an answer kept from before is told as it was given."""
    told, granted = from_json(answer.body), answer.status < 400
    return {
        "ticket_id": item.ticket_id,
        "status": answer.status,
        "replayed": answer.replayed,
        "ticket": told if granted else None,
        "problem": None if granted else told,
    }

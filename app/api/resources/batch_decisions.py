"""Decisions on many tickets in one request, each made independently of the others.

What can be decided so, and what a decision then takes, follows from the table of decisions.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union

import structlog
from fastapi import Response
from pydantic import ConfigDict, Field, StringConstraints, create_model
from pydantic_core import from_json, to_json
from typing_extensions import TypeAliasType

from app.api.command_operation import command_of
from app.api.operation import Operation
from app.api.operations.decisions import DECISIONS, show_ticket
from app.api.problems.exception_handlers import code_of_failure
from app.api.problems.problem import Problem, ProblemError
from app.api.request_context import (
    CommandPresenter,
    RequestContext,
    RequiredIdempotencyKey,
    ShopId,
)
from app.api.resources import examples
from app.api.resources.common import TICKET_ID_PATTERN, InOneLanguage, RequestModel, ResponseModel
from app.api.resources.ticket_models import Ticket
from app.command_handling.requests import Answer
from app.projections.tickets.list import order_id_of
from app.waiting import each_by_itself

BATCH_DECISIONS_MAX = 100
CONCURRENT_MAX = 32
"""Enough to fill batches of appends; a shop's decisions still leave room for others'."""

_log = structlog.get_logger(__name__)

SeenVersion = Annotated[
    int, Field(strict=True, ge=0, le=2**53, json_schema_extra={"format": "int64"})
]


class BatchItem(RequestModel):
    """A decision on one of many tickets."""

    decision: str
    """The name of the operation it is."""
    ticket_id: Annotated[str, StringConstraints(pattern=TICKET_ID_PATTERN)]
    seen_version: SeenVersion | None = None
    """`version` of the ticket the decision was made on; 412 in its result if it has changed."""


_OPERATIONS = {operation.name: operation for operation in DECISIONS if operation.batch}


def _item_model(operation: Operation) -> type[BatchItem]:
    """Return the model of a decision in a batch: with its body, unless that may be left out."""
    bases = (BatchItem,)
    if operation.body is not None and not operation.optional_body:
        bases = (BatchItem, operation.body)  # type: ignore[assignment] # of both
    fields: dict[str, Any] = {"decision": Literal[operation.name]}
    name = "".join(word.capitalize() for word in operation.name.split("_"))
    return create_model(
        f"{name}Decision",
        __base__=bases,
        __module__=__name__,
        __doc__=f"As `{operation.name}`.",
        # It has no source file to look for docstrings in, which takes a second.
        __cls_kwargs__={"json_schema_extra": None, "use_attribute_docstrings": False},
        **fields,
    )


if TYPE_CHECKING:
    BatchDecision = BatchItem
else:
    BatchDecision = TypeAliasType(
        "BatchDecision",
        Annotated[
            Union[tuple(map(_item_model, _OPERATIONS.values()))],  # noqa: UP007 - as many as rows
            Field(discriminator="decision"),
        ],
    )
    """One decision; the document knows it by this name."""


class BatchDecisionsBody(RequestModel):
    """Decisions on several tickets, one for each."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.BATCH_DECISIONS]})

    items: Annotated[list[BatchDecision], Field(min_length=1, max_length=BATCH_DECISIONS_MAX)]


class BatchDecisionResult(ResponseModel):
    """The result of one decision: the ticket, or the problem it alone would have met."""

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


async def decide_tickets(
    shop_id: ShopId, body: BatchDecisionsBody, call: RequestContext, key: RequiredIdempotencyKey
) -> Response:
    """Decide on several tickets; each has its own result, and none fails because of another.

    A result has the ticket, or the problem its decision would have met alone, with the same codes.
    A ticket may be named once: a second decision on it is refused with `ticket_repeated`, 422.

    The key counts for each ticket separately. Repeating the batch under it gives what was done, and
    what was refused for good, as it was (`replayed`); what was stale, not found or failed is tried
    again. Another decision on the same ticket under the same key is `idempotency_key_reused`. The
    answer as a whole is `Idempotency-Replayed` if every result in it is.
    """
    results = await _decide_each(call, shop_id, body.items, key)
    headers = {"Content-Language": call.language.value}
    if all(result["replayed"] for result in results):
        headers["Idempotency-Replayed"] = "true"
    return Response(to_json({"results": results}), 200, headers, "application/json")


async def _decide_each(
    call: RequestContext, shop_id: str, items: Sequence[BatchItem], key: str
) -> list[dict[str, Any]]:
    """Make each decision and return a `BatchDecisionResult` for each, as JSON has it.

    A ticket named again is not decided on again: what was decided on it first is what counts.
    """
    first_of: dict[str, int] = {}
    for number, item in enumerate(items):
        first_of.setdefault(item.ticket_id, number)

    async def result(numbered: tuple[int, BatchItem]) -> dict[str, Any]:
        number, item = numbered
        first = first_of[item.ticket_id]
        if number == first:
            return _result(item, await _decided(call, shop_id, item, key))
        repeated = ProblemError("ticket_repeated", facts={"first": first})
        return _result(item, _presenter(call, shop_id, item).problem(repeated))

    return await each_by_itself(list(enumerate(items)), result, at_once_max=CONCURRENT_MAX)


async def _decided(call: RequestContext, shop_id: str, item: BatchItem, key: str) -> Answer:
    operation = _OPERATIONS[item.decision]
    assert operation.command is not None  # noqa: S101 - as of every decision
    given = {"ticket_id": item.ticket_id, **operation.values}
    command = command_of(operation.command, item, given)
    # The version seen is no part of what is asked, as If-Match is none.
    asked = item.model_dump_json(exclude={"seen_version"}).encode()
    request = replace(
        call.order_request(shop_id, order_id_of(item.ticket_id), command),
        seen_version=item.seen_version,
        idempotency=call.key_of_part(shop_id, key, item.ticket_id, asked),
    )
    presenter = _presenter(call, shop_id, item)
    try:
        return await call.services.handler.handle(request, presenter)
    except Exception as failure:  # noqa: BLE001 - every decision has a result, whatever fails
        code = code_of_failure(failure)
        if code == "internal_error":
            _log.exception(
                "batch_decision_failed", request_id=call.request_id, ticket_id=item.ticket_id
            )
        return presenter.problem(ProblemError(code))


def _presenter(call: RequestContext, shop_id: str, item: BatchItem) -> CommandPresenter:
    return CommandPresenter(
        call=call,
        render=show_ticket(item.ticket_id),
        instance=f"/v1/shops/{shop_id}/tickets/{item.ticket_id}",
        not_found="ticket_not_found",
    )


def _result(item: BatchItem, answer: Answer) -> dict[str, Any]:
    """Return the result of a decision; an answer kept from before is given as it was."""
    content, granted = from_json(answer.body), answer.status < 400
    return {
        "ticket_id": item.ticket_id,
        "status": answer.status,
        "replayed": answer.replayed,
        "ticket": content if granted else None,
        "problem": None if granted else content,
    }

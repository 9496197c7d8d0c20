"""What the routes of decisions on a ticket share."""

from datetime import datetime
from typing import Any

from fastapi import Response

from app.api.problems.problem_responses import command_problems
from app.api.request_context import Presenter, RequestContext
from app.api.wire.tickets import Ticket, ticket_on_wire
from app.domain.order.commands import TicketDecision
from app.domain.order.tickets import Side
from app.event_store.recorded_event import Role
from app.projections.orders.view import OrderView
from app.projections.tickets.list import order_id_of

TICKET_PATH = "/v1/shops/{shop_id}/tickets/{ticket_id}"

_SIDES = {
    Role.CONSUMER: Side.CONSUMER,
    Role.MERCHANT: Side.MERCHANT,
    Role.PLATFORM: Side.PLATFORM,
}


def side_of(call: RequestContext) -> Side:
    """Return for which side the caller speaks."""
    return _SIDES[call.caller.actor.role]


def decision_problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Declare the problems of a decision on a ticket."""
    return command_problems("ticket_final", "version_stale", *codes, not_found="ticket_not_found")


async def decide(
    call: RequestContext,
    shop_id: str,
    command: TicketDecision,
    *,
    key: str | None,
    if_match: str | None,
    created: bool = False,
) -> Response:
    """Issue a decision and answer with the ticket it made."""
    return await call.command(
        shop_id,
        order_id_of(command.ticket_id),
        command,
        render=showing(command.ticket_id),
        key=key,
        if_match=if_match,
        created=created,
        not_found="ticket_not_found",
    )


def showing(ticket_id: str) -> Presenter:
    """Return what shows a ticket a decision was taken on."""

    def render(view: OrderView, _now: datetime) -> Ticket:
        ticket = view.ticket(ticket_id)
        assert ticket is not None  # noqa: S101 - a decision was taken on it
        return ticket_on_wire(ticket)

    return render

"""Telling a ticket what became of its money, on nobody's behalf but the service's own."""

from datetime import datetime

from app.command_handling.handler import CommandHandler
from app.command_handling.requests import Answer, History, OrderRequest, Refusal
from app.domain.order.payouts import PayoutReport
from app.domain.order.refunds import RefundCommand
from app.event_store.recorded_event import Actor, Role

REFUNDS = Actor(role=Role.SYSTEM, id="refunds")
"""In whose name refunds and payouts are carried out."""

PaymentCommand = RefundCommand | PayoutReport
"""What a ticket is told of its money."""


class Outcome:
    """Keeps what came of a command: the order's history, or why it was refused."""

    def __init__(self) -> None:
        self.history: History = ()
        self.refusal: Refusal | None = None

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        """Keep the history."""
        self.history = history
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        """Keep the refusal."""
        self.refusal = refusal
        return Answer(status=409, body=b"")


async def command_order(
    handler: CommandHandler,
    shop_id: str,
    order_id: str,
    command: PaymentCommand,
    *,
    correlation_id: str,
) -> Outcome:
    """Issue a command and return what came of it. Raises what the command handler raises."""
    outcome = Outcome()
    request = OrderRequest(
        shop_id=shop_id,
        order_id=order_id,
        commands=(command,),
        actor=REFUNDS,
        correlation_id=correlation_id,
    )
    await handler.handle(request, outcome)
    return outcome

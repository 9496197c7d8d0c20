"""Applications to be judged, rules to judge them by, and what came of it."""

from datetime import datetime

from app.command_handling.handler import CommandHandler
from app.command_handling.requests import Answer, History, OrderRequest, Refusal
from app.domain.assistant import Rule
from app.domain.order.applications import ModifyApplication
from app.domain.order.commands import OrderCommand
from app.domain.order.events import OrderEvent
from app.domain.order.tickets import TicketType
from app.domain.reasons import ApplicationReason
from app.event_store.recorded_event import Actor, Recorded, Role
from app.processes.assistant.rule_sets import save_rules
from tests.projections.event_log import Logged
from tests.support.orders import (
    BUYER,
    FIRST_TICKET,
    HOUR,
    OPENED,
    ORDER,
    SHOP,
    apply_for,
    order_facts,
    order_with_open_entry,
    some,
)

APPLIED = OPENED + HOUR
NOW = APPLIED + HOUR
MERCHANT = Actor(role=Role.MERCHANT, id="key-1")
CONSUMER = Actor(role=Role.CONSUMER, id=BUYER)


async def saved(logged: Logged, *rules: Rule, shop_id: str = SHOP) -> None:
    """Put rules in force."""
    await save_rules(
        logged.pool, shop_id, rules, seen_version=None, saved_by=MERCHANT, saved_at=NOW
    )


async def applied(
    logged: Logged,
    order_id: str = ORDER,
    *,
    ticket_type: TicketType = TicketType.REFUND_ONLY,
    at: datetime = APPLIED,
    follow: bool = True,
) -> None:
    """Write an order whose buyer applied through the opened entry."""
    opened = order_with_open_entry(order_facts(order_id=order_id))
    events = opened.then(apply_for(ticket_type), at=at).events
    await logged.write(events, order_id=order_id)
    if follow:
        await logged.follow()


async def do(
    handler: CommandHandler, command: OrderCommand, actor: Actor, *, order_id: str = ORDER
) -> None:
    """Have somebody decide something."""
    request = OrderRequest(
        shop_id=SHOP, order_id=order_id, commands=(command,), actor=actor, correlation_id="c"
    )
    await handler.handle(request, Silent())


async def last(logged: Logged, order_id: str = ORDER) -> Recorded[OrderEvent]:
    """Return what happened last to an order."""
    return (await logged.history(SHOP, order_id))[-1]


async def waiting(logged: Logged) -> int:
    """Return how many applications wait to be judged."""
    count: int = await logged.pool.fetchval("SELECT count(*) FROM after_sales.assistant_work")
    return count


def modification(*, amount: int, ticket_id: str = FIRST_TICKET) -> ModifyApplication:
    """Ask for another amount."""
    return ModifyApplication(
        ticket_id=ticket_id,
        type=TicketType.REFUND_ONLY,
        items=(some(amount=amount),),
        reason=ApplicationReason.PROMISED_AFTER_SALES,
        description=None,
    )


class Silent:
    """Waits for no answer, but insists on being granted."""

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        """Take note of nothing."""
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        """Insist."""
        raise AssertionError(refusal)

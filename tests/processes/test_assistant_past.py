"""A buyer's past, as the assistant counts it: up to the application, and in one shop."""

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.domain.assistant import HistoryKind
from app.domain.order.answers import ApplicationAgreed
from app.domain.order.arbitration import RequestArbitration, RuleArbitration
from app.domain.order.commands import TicketDecision
from app.domain.order.tickets import Blame, Ruling
from app.processes.assistant.worker import AssistantWorker
from tests.processes.assistant_cases import (
    APPLIED,
    CONSUMER,
    NOW,
    applied,
    do,
    last,
    modification,
    saved,
)
from tests.projections.event_log import Logged
from tests.support.orders import (
    BUYER,
    DAY,
    HOUR,
    INSTANT,
    agree,
    order_facts,
    order_with_open_entry,
    refund_arrived,
    refuse,
    request_refund,
    withdraw,
)
from tests.support.rules import K, a_rule, at_most


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands an hour after the applications here."""
    return ManualClock(NOW)


async def past_of_buyer(logged: Logged, buyer_id: str = BUYER) -> None:
    """Write what happened at APPLIED to three other orders: one refund, one loss, one of nothing.

    The lost one was rejected before.
    """
    for name in ("refunded", "lost", "taken-back"):
        order_id = f"{name}-{buyer_id}"
        history = order_with_open_entry(order_facts(order_id=order_id, buyer_id=buyer_id))
        history = history.then(request_refund(), at=APPLIED)
        for command in decisions(name, f"{order_id}-1"):
            history = history.then(command, at=APPLIED)
        await logged.write(history.events, order_id=order_id)


def decisions(name: str, ticket_id: str) -> list[TicketDecision]:
    """Return how one of the tickets went."""
    ruling = RuleArbitration(
        ticket_id=ticket_id,
        ruling=Ruling.FOR_MERCHANT,
        blame=Blame.BUYER,
        final_amount=None,
        note=None,
    )
    plea = RequestArbitration(ticket_id=ticket_id, note="不服", evidence=())
    went: dict[str, list[TicketDecision]] = {
        "refunded": [agree(ticket_id), refund_arrived(ticket_id)],
        "lost": [refuse(ticket_id), plea, ruling],
        "taken-back": [withdraw(ticket_id)],
    }
    return went[name]


@pytest.mark.parametrize(
    ("kind", "had"),
    [(K.REFUNDS_SUCCEEDED, 1), (K.REJECTIONS, 1), (K.APPLICATIONS, 3), (K.ARBITRATIONS_LOST, 1)],
)
@pytest.mark.parametrize("one_too_many", [False, True])
async def test_a_buyers_past_before_the_application_is_counted_and_nothing_else(
    logged: Logged, worker: AssistantWorker, kind: HistoryKind, had: int, one_too_many: bool
) -> None:
    await saved(logged, a_rule("known", history=(at_most(kind, had - one_too_many),)))
    await past_of_buyer(logged)
    await past_of_buyer(logged, "buyer-2")
    await applied(logged, follow=False)
    await past_of_buyer(logged, "buyer-3")
    later = order_with_open_entry(order_facts(order_id="later")).then(request_refund(), at=APPLIED)
    await logged.write(later.then(refuse("later-1"), at=APPLIED).events, order_id="later")
    await logged.follow()
    await worker.run_once(NOW)
    agreed = isinstance((await last(logged)).event, ApplicationAgreed)
    assert agreed is not one_too_many


async def test_the_past_counts_back_from_the_application_however_late_it_is_judged(
    logged: Logged, clock: ManualClock, worker: AssistantWorker
) -> None:
    await past_of_buyer(logged)
    window = (at_most(K.REJECTIONS, 0, days=1),)
    await saved(logged, a_rule("clean", history=window))
    await applied(logged, "within", at=APPLIED + DAY - INSTANT)
    await applied(logged, "after", at=APPLIED + DAY)
    clock.advance(DAY + 12 * HOUR)
    await worker.run_once(clock.now())
    assert not isinstance((await last(logged, "within")).event, ApplicationAgreed)
    assert isinstance((await last(logged, "after")).event, ApplicationAgreed)


async def test_a_modified_application_is_no_past_of_its_own(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("first", history=(at_most(K.APPLICATIONS, 0),)))
    await applied(logged, follow=False)
    await do(handler, modification(amount=900), CONSUMER)
    await logged.follow()
    await worker.run_once(NOW)
    assert isinstance((await last(logged)).event, ApplicationAgreed)


async def test_a_modification_is_not_judged_before_the_past_before_it_is_known(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("clean", history=(at_most(K.REJECTIONS, 0),)))
    await applied(logged)
    await past_of_buyer(logged)
    await do(handler, modification(amount=900), CONSUMER)
    modified = await last(logged)
    for _ in range(2):
        assert await worker.run_once(NOW) == 1
        assert await last(logged) == modified, "there was a rejection before"
        await logged.follow()

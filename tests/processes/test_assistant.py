"""The assistant: every application judged, once, by the rules in force and the buyer's past."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.command_handling.opening import open_command_handler
from app.command_handling.requests import Answer, History, OrderRequest, Refusal
from app.domain.assistant import HistoryKind, Rule
from app.domain.order.commands import OrderCommand
from app.domain.order.events import OrderEvent
from app.domain.order.ticket_commands import AddTicketRemark, ModifyApplication
from app.domain.order.ticket_events import ApplicationAgreed, AssistantNotified
from app.domain.order.tickets import AppliedRule, Side, TicketType
from app.domain.reasons import ApplicationReason
from app.event_store.partitions import partition_of
from app.event_store.recorded import Actor, Recorded, Role
from app.event_store.topology import Topology
from app.processes.assistant.judging import ASSISTANT, Assistant, Work
from app.processes.assistant.reader import AssistantReader
from app.processes.assistant.rule_sets import save_rules
from app.processes.assistant.worker import AssistantLimits, AssistantWorker, Judge
from app.readers.rebuild import Rebuild
from app.resources import Resources
from tests.read_models.logged import CODEC, Logged
from tests.support.orders import (
    BUYER,
    DAY,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    OPENED,
    ORDER,
    SHOP,
    agree,
    apply_for,
    order_facts,
    order_with_open_entry,
    refund_arrived,
    refuse,
    request_refund,
    some,
    withdraw,
)
from tests.support.rules import A, K, T, a_rule, at_most, yuan

APPLIED = OPENED + HOUR
NOW = APPLIED + HOUR
SAVED_BY = Actor(role=Role.MERCHANT, id="key-1")
MERCHANT = Actor(role=Role.MERCHANT, id="key-1")
CONSUMER = Actor(role=Role.CONSUMER, id=BUYER)


class Silent:
    """Waits for no answer, but insists on being granted."""

    def accepted(self, history: History, *, changed: bool) -> Answer:
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        raise AssertionError(refusal)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands an hour after the applications here."""
    return ManualClock(NOW)


@pytest.fixture
async def handler(resources: Resources, clock: ManualClock) -> AsyncIterator[CommandHandler]:
    """Return what commands are really handled by."""
    async with open_command_handler(resources, clock) as opened:
        yield opened


@pytest.fixture
def judge(resources: Resources, handler: CommandHandler) -> Judge:
    """Return what really judges."""
    return Assistant(resources.pool, CODEC, handler).judge


@pytest.fixture
def worker(resources: Resources, judge: Judge, clock: ManualClock) -> AssistantWorker:
    """Return the worker as it is run."""
    return AssistantWorker(resources.pool, judge, clock)


async def saved(logged: Logged, *rules: Rule, shop_id: str = SHOP) -> None:
    """Put rules in force."""
    await save_rules(
        logged.pool, shop_id, rules, seen_version=None, saved_by=SAVED_BY, saved_at=NOW
    )


async def applied(
    logged: Logged,
    order_id: str = ORDER,
    *,
    ticket_type: TicketType = T.REFUND_ONLY,
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


@pytest.mark.parametrize("topology", list(Topology))
async def test_an_application_a_rule_agrees_to_is_agreed_to_in_its_name(
    resources: Resources, logged: Logged, clock: ManualClock, judge: Judge, topology: Topology
) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(1_000)))
    await applied(logged)
    made = await last(logged)
    worker = AssistantWorker(resources.pool, judge, clock, topology=topology)
    assert await worker.run_once(NOW) == 1
    agreed = await last(logged)
    assert isinstance(agreed.event, ApplicationAgreed)
    assert agreed.event.automatic
    assert agreed.event.rule == AppliedRule(rule_id="small", name="small", version=1)
    assert agreed.metadata.actor == ASSISTANT
    assert agreed.metadata.causation_id == made.event_id
    assert agreed.metadata.correlation_id == made.metadata.correlation_id
    assert await waiting(logged) == 0
    assert await worker.run_once(NOW) == 0


@pytest.mark.parametrize(
    ("ticket_type", "without_return"), [(T.RETURN_AND_REFUND, True), (T.REFUND_ONLY, False)]
)
async def test_goods_stay_with_the_buyer_only_where_some_would_have_gone_back(
    logged: Logged, worker: AssistantWorker, ticket_type: TicketType, without_return: bool
) -> None:
    await saved(logged, a_rule(action=A.AGREE_WITHOUT_RETURN))
    await applied(logged, ticket_type=ticket_type)
    await worker.run_once(NOW)
    agreed = (await last(logged)).event
    assert isinstance(agreed, ApplicationAgreed)
    assert agreed.without_return is without_return


async def test_a_merchant_is_pointed_to_an_application_once_and_decides_alone(
    logged: Logged, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("look", A.NOTIFY_ONLY))
    await applied(logged)
    await worker.run_once(NOW)
    notified = await last(logged)
    assert isinstance(notified.event, AssistantNotified)
    assert notified.event.rule.rule_id == "look"
    await logged.follow()
    assert await worker.run_once(NOW) == 0


async def test_what_no_rule_takes_is_left_to_the_merchant(
    logged: Logged, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule(amount_max=yuan(999)))
    await applied(logged)
    before = await last(logged)
    assert await worker.run_once(NOW) == 1
    assert await last(logged) == before
    assert await waiting(logged) == 0


async def test_shops_without_enabled_rules_cause_no_work(logged: Logged) -> None:
    await applied(logged, "a")
    await saved(logged, replace(a_rule(), enabled=False))
    await applied(logged, "b")
    await saved(logged, a_rule(), shop_id="shop-2")
    await applied(logged, "c")
    assert await waiting(logged) == 0
    await saved(logged, a_rule())
    await applied(logged, "d")
    assert await waiting(logged) == 1


async def test_the_rules_in_force_when_judged_are_the_ones_that_count(
    logged: Logged, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("one"))
    await applied(logged, "a")
    await applied(logged, "b")
    await saved(logged, a_rule("two", A.NOTIFY_ONLY))
    await worker.run_once(NOW)
    for order_id in ("a", "b"):
        event = (await last(logged, order_id)).event
        assert isinstance(event, AssistantNotified)
        assert event.rule == AppliedRule(rule_id="two", name="two", version=2)


async def test_a_modified_application_is_judged_anew_as_it_is_now(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(500)), a_rule("look", A.NOTIFY_ONLY))
    await applied(logged)
    await worker.run_once(NOW)
    assert isinstance((await last(logged)).event, AssistantNotified)
    await do(handler, modification(amount=500), CONSUMER)
    modified = await last(logged)
    await logged.follow()
    assert await worker.run_once(NOW) == 1
    agreed = await last(logged)
    assert isinstance(agreed.event, ApplicationAgreed)
    assert agreed.metadata.causation_id == modified.event_id


async def test_an_application_modified_before_it_was_judged_is_judged_once_as_it_is_now(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("large", amount_max=yuan(1_000)))
    await applied(logged)
    await do(handler, modification(amount=1_001), CONSUMER)
    modified = await last(logged)
    assert await worker.run_once(NOW) == 1, "the work of the application as it was"
    assert await last(logged) == modified
    await logged.follow()
    assert await worker.run_once(NOW) == 1
    assert await last(logged) == modified, "too much for the rule by now"


def modification(*, amount: int) -> ModifyApplication:
    """Ask for another amount."""
    return ModifyApplication(
        ticket_id=FIRST_TICKET,
        type=T.REFUND_ONLY,
        items=(some(amount=amount),),
        reason=ApplicationReason.PROMISED_AFTER_SALES,
        description=None,
    )


async def test_a_remark_before_the_judgement_changes_nothing_about_it(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule())
    await applied(logged)
    remark = AddTicketRemark(ticket_id=FIRST_TICKET, side=Side.CONSUMER, text="please", pictures=())
    await do(handler, remark, CONSUMER)
    await worker.run_once(NOW)
    assert isinstance((await last(logged)).event, ApplicationAgreed)


@pytest.mark.parametrize("faster", [agree(), refuse(), withdraw()])
async def test_whoever_is_faster_than_the_assistant_has_decided(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker, faster: OrderCommand
) -> None:
    await saved(logged, a_rule())
    await applied(logged)
    await do(handler, faster, MERCHANT)
    decided = await last(logged)
    assert await worker.run_once(NOW) == 1
    assert await last(logged) == decided
    assert await waiting(logged) == 0


async def test_what_fell_due_before_it_was_judged_is_what_happened(
    logged: Logged, clock: ManualClock, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule())
    await applied(logged)
    clock.advance(3 * DAY)
    assert await worker.run_once(clock.now()) == 1
    agreed = (await last(logged)).event
    assert isinstance(agreed, ApplicationAgreed)
    assert agreed.rule is None
    assert agreed.at == APPLIED + 2 * DAY
    assert await waiting(logged) == 0


async def past_of_buyer(logged: Logged) -> None:
    """Write the buyer's past: a refund at APPLIED, a rejection after it, both of other orders."""
    opened = order_with_open_entry(order_facts(order_id="refunded"))
    asked = opened.then(request_refund(), at=APPLIED).then(agree("refunded-1"), at=APPLIED)
    await logged.write(
        asked.then(refund_arrived("refunded-1"), at=APPLIED).events, order_id="refunded"
    )
    opened = order_with_open_entry(order_facts(order_id="rejected"))
    asked = opened.then(request_refund(), at=APPLIED).then(refuse("rejected-1"), at=APPLIED)
    await logged.write(asked.events, order_id="rejected")


@pytest.mark.parametrize(
    ("kind", "had"),
    [
        (K.REFUNDS_SUCCEEDED, 1),
        (K.REJECTIONS, 1),
        (K.APPLICATIONS, 2),
        (K.ARBITRATIONS_LOST, 0),
    ],
)
async def test_a_buyers_past_before_the_application_is_counted_and_nothing_else(
    logged: Logged, worker: AssistantWorker, kind: HistoryKind, had: int
) -> None:
    limit = at_most(kind, had)
    await past_of_buyer(logged)
    await saved(logged, a_rule("known", history=(limit,)))
    await applied(logged, "later", at=APPLIED + HOUR, follow=False)
    stranger = order_with_open_entry(order_facts(order_id="stranger", buyer_id="buyer-2"))
    strange = stranger.then(request_refund(), at=APPLIED).then(refuse("stranger-1"), at=APPLIED)
    await logged.write(strange.events, order_id="stranger")
    await applied(logged, "much-later", at=APPLIED + HOUR)
    if had:
        await saved(logged, a_rule("known", history=(replace(limit, at_most=had - 1),)))
        await worker.run_once(NOW)
        assert not isinstance((await last(logged, "later")).event, ApplicationAgreed)
    else:
        await worker.run_once(NOW)
        assert isinstance((await last(logged, "later")).event, ApplicationAgreed)


async def test_a_past_within_the_limit_lets_the_rule_speak(
    logged: Logged, worker: AssistantWorker
) -> None:
    await past_of_buyer(logged)
    limits = (at_most(K.REFUNDS_SUCCEEDED, 1), at_most(K.REJECTIONS, 1), at_most(K.APPLICATIONS, 2))
    await saved(logged, a_rule("known", history=limits))
    await applied(logged, "later", at=APPLIED + HOUR)
    await applied(logged, "much-later", at=APPLIED + HOUR)
    await worker.run_once(NOW)
    assert isinstance((await last(logged, "later")).event, ApplicationAgreed)
    assert not isinstance((await last(logged, "much-later")).event, ApplicationAgreed), "a third"


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


async def test_one_that_dies_after_deciding_decides_nothing_twice(
    resources: Resources, logged: Logged, clock: ManualClock, judge: Judge
) -> None:
    await saved(
        logged, a_rule("agree", overdue=True, amount_max=yuan(5_000)), a_rule("look", A.NOTIFY_ONLY)
    )
    await applied(logged, "a")
    await applied(logged, "b", ticket_type=T.EXCHANGE)

    async def die_after(work: Work) -> None:
        await judge(work)
        raise ConnectionResetError("gone")

    lease = timedelta(seconds=30)
    limits = AssistantLimits(lease=lease)
    dying = AssistantWorker(resources.pool, die_after, clock, limits=limits)
    assert await dying.run_once(NOW) == 2
    once = [await logged.history(SHOP, order_id) for order_id in ("a", "b")]
    assert [type(history[-1].event) for history in once] == [ApplicationAgreed, AssistantNotified]
    assert await waiting(logged) == 2
    living = AssistantWorker(resources.pool, judge, clock, limits=limits)
    assert await living.run_once(NOW + lease - INSTANT) == 0
    assert await living.run_once(NOW + lease) == 2
    assert [await logged.history(SHOP, order_id) for order_id in ("a", "b")] == once
    assert await waiting(logged) == 0


async def test_two_workers_side_by_side_decide_each_once(
    resources: Resources, logged: Logged, clock: ManualClock, judge: Judge
) -> None:
    await saved(logged, a_rule("look", A.NOTIFY_ONLY))
    order_ids = [f"order-{number}" for number in range(12)]
    for order_id in order_ids:
        await applied(logged, order_id, follow=False)
    await logged.follow()
    limits = AssistantLimits(claim_rows_max=3)
    workers = [AssistantWorker(resources.pool, judge, clock, limits=limits) for _ in range(2)]

    async def work(worker: AssistantWorker) -> None:
        while await worker.run_once(NOW):
            pass

    await asyncio.gather(*(work(worker) for worker in workers))
    for order_id in order_ids:
        events = [recorded.event for recorded in await logged.history(SHOP, order_id)]
        assert sum(isinstance(event, AssistantNotified) for event in events) == 1
    assert await waiting(logged) == 0


async def test_a_rebuild_gives_the_same_past_and_work_only_for_what_is_still_undecided(
    resources: Resources, logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(5_000)), a_rule("look", A.NOTIFY_ONLY))
    await applied(logged, "agreed")
    await applied(logged, "pointed-to", ticket_type=T.EXCHANGE)
    await worker.run_once(NOW)
    await saved(logged, a_rule("none", amount_max=yuan(1)))
    await applied(logged, "nobodys")
    await worker.run_once(NOW)
    await logged.follow()
    kept = (await logged.tables())["buyer_history"]
    before = [await last(logged, order_id) for order_id in ("agreed", "pointed-to", "nobodys")]
    await Rebuild(pool=logged.pool, codec=CODEC, reader=AssistantReader()).run()
    assert (await logged.tables())["buyer_history"] == kept
    assert await waiting(logged) == 1
    assert await worker.run_once(NOW) == 1
    after = [await last(logged, order_id) for order_id in ("agreed", "pointed-to", "nobodys")]
    assert after == before


async def test_old_work_on_what_was_decided_or_judged_changes_nothing(
    logged: Logged, worker: AssistantWorker, judge: Judge
) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(5_000)), a_rule("look", A.NOTIFY_ONLY))
    await applied(logged, "agreed")
    await applied(logged, "pointed-to", ticket_type=T.EXCHANGE)
    await worker.run_once(NOW)
    for order_id in ("agreed", "pointed-to"):
        history = await logged.history(SHOP, order_id)
        work = Work(
            partition_id=partition_of(SHOP),
            stream_id=history[0].stream_id,
            ticket_id=f"{order_id}-1",
            ticket_version=history[-2].version,
        )
        await judge(work)
        assert await logged.history(SHOP, order_id) == history


async def test_work_that_fails_keeps_no_other_waiting(
    resources: Resources, logged: Logged, clock: ManualClock, judge: Judge
) -> None:
    await saved(logged, a_rule())
    await applied(logged, "a")
    await applied(logged, "b")

    async def fail_for_a(work: Work) -> None:
        if work.ticket_id == "a-1":
            raise RuntimeError("it cannot be judged")
        await judge(work)

    assert await AssistantWorker(resources.pool, fail_for_a, clock).run_once(NOW) == 2
    assert isinstance((await last(logged, "b")).event, ApplicationAgreed)
    assert await waiting(logged) == 1

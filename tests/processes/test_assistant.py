"""The assistant: every application judged, once, by the rules in force."""

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import ManualClock
from app.command_handling.handler import CommandHandler
from app.command_handling.requests import Answer, OrderRequest, Responder
from app.domain.order.answers import ApplicationAgreed, AssistantNotified
from app.domain.order.applications import AddTicketRemark, ApplicationModified
from app.domain.order.commands import OrderCommand
from app.domain.order.tickets import AppliedRule, Side, TicketType
from app.event_store.streams import partition_of
from app.processes.assistant.reader import AssistantReader
from app.processes.assistant.rule_evaluation import ASSISTANT, Assistant, Work
from app.processes.assistant.worker import AssistantLimits, AssistantWorker, Judge
from app.projections.rebuild import Rebuild
from app.resources import Resources
from app.topology import Topology
from tests.processes.assistant_cases import (
    APPLIED,
    CONSUMER,
    MERCHANT,
    NOW,
    applied,
    do,
    last,
    modification,
    saved,
    waiting,
)
from tests.projections.event_log import CODEC, Logged
from tests.support.orders import DAY, FIRST_TICKET, INSTANT, SHOP, agree, refuse, withdraw
from tests.support.rules import A, T, a_rule, yuan


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands an hour after the applications here."""
    return ManualClock(NOW)


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


async def test_what_was_judged_before_it_changed_is_judged_again(
    resources: Resources, logged: Logged, handler: CommandHandler
) -> None:
    await saved(logged, a_rule("large", amount_max=yuan(1_000)), a_rule("look", A.NOTIFY_ONLY))
    await applied(logged)
    interruptions: list[OrderCommand] = [remark(), remark(), modification(amount=1_001)]

    async def handle_after_another(request: OrderRequest, responder: Responder) -> Answer:
        if interruptions:
            await do(handler, interruptions.pop(0), CONSUMER)
        return await handler.handle(request, responder)

    made = await last(logged)
    work = Work(
        partition_id=made.partition_id,
        stream_id=made.stream_id,
        ticket_id=FIRST_TICKET,
        ticket_version=made.version,
    )
    await Assistant(resources.pool, CODEC, handle_after_another).judge(work)
    assert interruptions == []
    assert isinstance((await last(logged)).event, ApplicationModified), "too much for the rule"


async def test_an_application_modified_while_it_is_judged_stays_to_be_judged(
    resources: Resources, logged: Logged, clock: ManualClock, handler: CommandHandler
) -> None:
    await saved(logged, a_rule("small", amount_max=yuan(500)))
    await applied(logged)
    judge = Assistant(resources.pool, CODEC, handler.handle).judge

    async def judge_slowly(work: Work) -> None:
        await judge(work)
        await do(handler, modification(amount=500), CONSUMER)
        await logged.follow()

    await AssistantWorker(resources.pool, judge_slowly, clock).run_once(NOW)
    assert await AssistantWorker(resources.pool, judge, clock).run_once(NOW) == 1
    assert isinstance((await last(logged)).event, ApplicationAgreed)


async def test_a_remark_before_the_judgement_changes_nothing_about_it(
    logged: Logged, handler: CommandHandler, worker: AssistantWorker
) -> None:
    await saved(logged, a_rule())
    await applied(logged)
    await do(handler, remark(), CONSUMER)
    await worker.run_once(NOW)
    assert isinstance((await last(logged)).event, ApplicationAgreed)


def remark() -> AddTicketRemark:
    """Say something."""
    return AddTicketRemark(ticket_id=FIRST_TICKET, side=Side.CONSUMER, text="请", pictures=())


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


# An application to be judged in each partition.
SPREAD = """
INSERT INTO after_sales.assistant_work
    (partition_id, stream_id, ticket_id, ticket_version, position)
SELECT n, 'order/shop-' || n || '/order', 'order-1', 1, n FROM generate_series(0, 63) AS n
"""
WORK = "SELECT ticket_version, claimed_until FROM after_sales.assistant_work"


@pytest.mark.parametrize("topology", list(Topology))
async def test_a_claim_is_bounded_by_what_the_worker_can_start_in_however_many_partitions(
    resources: Resources, logged: Logged, clock: ManualClock, topology: Topology
) -> None:
    await resources.pool.execute(SPREAD)
    judged: list[Work] = []

    async def judge(work: Work) -> None:
        judged.append(work)

    limits = AssistantLimits(concurrency_max=3)
    worker = AssistantWorker(resources.pool, judge, clock, topology=topology, limits=limits)
    assert await worker.run_once(NOW) == 3
    assert await waiting(logged) == 61
    assert await worker.run_once(NOW) == 3
    assert len({work.partition_id for work in judged}) == 6


async def test_a_worker_past_its_lease_does_not_take_away_what_the_next_one_works_on(
    resources: Resources, logged: Logged, clock: ManualClock
) -> None:
    await saved(logged, a_rule())
    await applied(logged)
    started = [asyncio.Event(), asyncio.Event()]
    go_on = [asyncio.Event(), asyncio.Event()]

    def held_back(number: int) -> Judge:
        async def judge(_work: Work) -> None:
            started[number].set()
            await go_on[number].wait()

        return judge

    workers = [AssistantWorker(resources.pool, held_back(n), clock) for n in range(2)]
    late = asyncio.create_task(workers[0].run_once(NOW))
    await started[0].wait()
    clock.advance(AssistantLimits().lease)
    timely = asyncio.create_task(workers[1].run_once(clock.now()))
    await started[1].wait()
    claimed = await resources.pool.fetch(WORK)
    go_on[0].set()
    assert await late == 1
    assert await resources.pool.fetch(WORK) == claimed != []
    go_on[1].set()
    assert await timely == 1
    assert await waiting(logged) == 0


async def test_two_workers_side_by_side_decide_each_once(
    resources: Resources, logged: Logged, clock: ManualClock, judge: Judge
) -> None:
    await saved(logged, a_rule("look", A.NOTIFY_ONLY))
    order_ids = [f"order-{number}" for number in range(12)]
    for order_id in order_ids:
        await applied(logged, order_id, follow=False)
    await logged.follow()
    limits = AssistantLimits(concurrency_max=3)
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
    await saved(logged, a_rule("everything"))
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

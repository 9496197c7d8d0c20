"""Handling a command while others change the same order."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime

import pytest

from app.clock import ManualClock
from app.command_handling.funds_states import FundsStates
from app.command_handling.handler import ATTEMPTS_MAX, CommandHandler
from app.command_handling.requests import (
    Answer,
    History,
    IdempotencyKey,
    KeyReused,
    OrderRequest,
    Refusal,
    StaleVersion,
    TooManyConflicts,
)
from app.domain.order.commands import OrderCommand
from app.domain.order.registration import (
    RecordReceiptConfirmation,
    RecordSettlement,
    RecordShipment,
    RegisterOrder,
)
from app.domain.policy import POLICY
from app.domain.rejections import Rejection, RejectionCode
from app.event_store.append import Append, Outcome
from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import OwnConnection
from app.event_store.recorded_event import Actor, Role
from app.event_store.stream_loader import StreamLoader
from app.event_types.registry import funds_codec, order_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.shop_clocks.clocks import ShopClocks
from tests.conftest import START
from tests.support.orders import (
    BUYER,
    DAY,
    ORDER,
    RECEIVED,
    SHIPPED,
    SHOP,
    order_facts,
    request_refund,
    withdraw,
)

SETTLED = RECEIVED + DAY


@dataclass
class Heard:
    """Answers with a running number, and keeps what it was given to answer to."""

    histories: list[History] = field(default_factory=list)
    instants: list[datetime] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:
        self.histories.append(history)
        self.instants.append(now)
        return Answer(status=201 if changed else 200, body=str(len(history)).encode())

    def refused(self, refusal: Refusal) -> Answer:
        self.refusals.append(refusal)
        return Answer(status=409, body=str(refusal).encode())


class OvertakenBatcher(AppendBatcher):
    """A batcher overtaken by another append a number of times, just before each of its own."""

    overtake: Callable[[], Awaitable[object]]
    times = 0

    async def append(self, item: Append) -> Outcome:
        if self.times:
            left, self.times = self.times - 1, 0  # whoever overtakes is not overtaken
            await self.overtake()
            self.times = left
        return await super().append(item)


@pytest.fixture
async def overtaken(resources: Resources) -> AsyncIterator[OvertakenBatcher]:
    """Open a batcher that is not overtaken yet."""

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    batcher = OvertakenBatcher(own_connection)
    async with batcher:
        yield batcher


@pytest.fixture
async def handler(
    resources: Resources, clock: ManualClock, overtaken: OvertakenBatcher
) -> CommandHandler:
    """Handle commands through the overtaken batcher."""
    codec, loads = order_codec(), StreamLoader(resources.pool)
    return CommandHandler(
        loads=loads,
        batcher=overtaken,
        codec=codec,
        funds=FundsStates(resources.pool, loads, funds_codec()),
        clocks=ShopClocks(resources.pool, clock),
        policy=POLICY,
    )


def asking(*commands: OrderCommand, **given: object) -> OrderRequest:
    """Ask for commands on the one order of these tests."""
    return OrderRequest(
        shop_id=SHOP,
        order_id=ORDER,
        commands=commands,
        actor=Actor(role=Role.PLATFORM, id="tests"),
        correlation_id="correlation",
        **given,  # type: ignore[arg-type]
    )


def keyed(key: str, body: bytes = b"") -> IdempotencyKey:
    """Return a key of a caller for a body."""
    return IdempotencyKey(scope="platform/tests", key=key, fingerprint=body)


async def registered(handler: CommandHandler) -> None:
    """Register the order."""
    await handler.handle(asking(RegisterOrder(facts=order_facts())), Heard())


def taking_turns(handler: CommandHandler) -> Callable[[], Awaitable[Answer]]:
    """Return what changes the order each time: the buyer applies, withdraws, applies again."""
    done = 0

    async def change() -> Answer:
        nonlocal done
        done += 1
        command = request_refund() if done % 2 else withdraw(f"{ORDER}-{(done + 1) // 2}")
        heard = Heard()
        answer = await handler.handle(asking(command, buyer_id=BUYER), heard)
        assert heard.refusals == []
        return answer

    return change


async def test_a_command_overtaken_is_decided_again_on_what_is_there_now(
    handler: CommandHandler, overtaken: OvertakenBatcher
) -> None:
    await registered(handler)
    overtaken.overtake, overtaken.times = taking_turns(handler), ATTEMPTS_MAX - 1
    heard = Heard()
    answer = await handler.handle(asking(RecordShipment(shipped_at=SHIPPED)), heard)
    assert answer.status == 201
    assert len(heard.histories) == ATTEMPTS_MAX
    assert [event.version for event in heard.histories[-1]] == list(range(1, ATTEMPTS_MAX + 2))


async def test_a_command_overtaken_again_and_again_is_given_up(
    handler: CommandHandler, overtaken: OvertakenBatcher
) -> None:
    await registered(handler)
    overtaken.overtake, overtaken.times = taking_turns(handler), ATTEMPTS_MAX
    with pytest.raises(TooManyConflicts):
        await handler.handle(asking(RecordShipment(shipped_at=SHIPPED)), Heard())
    heard = Heard()
    await handler.handle(asking(RecordSettlement(settled_at=SETTLED)), heard)
    kinds = [type(recorded.event).__name__ for recorded in heard.histories[-1]]
    assert "OrderShipped" not in kinds
    assert len(kinds) == ATTEMPTS_MAX + 2


async def test_a_decision_that_names_its_version_is_not_taken_on_another(
    handler: CommandHandler, overtaken: OvertakenBatcher
) -> None:
    await registered(handler)
    overtaken.overtake, overtaken.times = taking_turns(handler), 1
    heard = Heard()
    command = RecordShipment(shipped_at=SHIPPED)
    await handler.handle(asking(command, seen_version=1), heard)
    assert heard.refusals == [StaleVersion(current_version=2)]


async def test_commands_asked_together_are_done_together_or_not_at_all(
    handler: CommandHandler,
) -> None:
    together = (
        RegisterOrder(facts=order_facts()),
        RecordShipment(shipped_at=SHIPPED),
        RecordReceiptConfirmation(confirmed_at=SHIPPED - DAY * 2),
    )
    heard = Heard()
    await handler.handle(asking(*together, assumed_new=True), heard)
    (refusal,) = heard.refusals
    assert isinstance(refusal, Rejection)
    assert refusal.code is RejectionCode.FACT_BEFORE_ORDER
    missing = Heard()
    await handler.handle(asking(RecordShipment(shipped_at=SHIPPED)), missing)
    (not_there,) = missing.refusals
    assert isinstance(not_there, Rejection)
    assert not_there.code is RejectionCode.ORDER_NOT_FOUND


async def test_an_order_wrongly_assumed_to_be_new_is_loaded_after_all(
    handler: CommandHandler,
) -> None:
    request = asking(RegisterOrder(facts=order_facts()), assumed_new=True)
    assert (await handler.handle(request, Heard())).status == 201
    assert (await handler.handle(request, Heard())).status == 200
    other = asking(RegisterOrder(facts=order_facts(buyer_id="another")), assumed_new=True)
    heard = Heard()
    await handler.handle(other, heard)
    (refusal,) = heard.refusals
    assert isinstance(refusal, Rejection)
    assert refusal.code is RejectionCode.ORDER_FACTS_CONFLICT


async def test_a_key_answers_again_without_deciding_and_refuses_another_request(
    handler: CommandHandler,
) -> None:
    await registered(handler)
    command, heard = RecordShipment(shipped_at=SHIPPED), Heard()
    first = await handler.handle(asking(command, idempotency=keyed("k")), heard)
    again = await handler.handle(asking(command, idempotency=keyed("k")), heard)
    assert (first.replayed, again.replayed) == (False, True)
    assert (again.status, again.body) == (first.status, first.body)
    assert len(heard.histories) == 1
    with pytest.raises(KeyReused):
        await handler.handle(asking(command, idempotency=keyed("k", b"other")), heard)


async def test_a_key_found_used_only_when_writing_is_answered_the_same(
    handler: CommandHandler, overtaken: OvertakenBatcher
) -> None:
    await registered(handler)
    request = asking(RecordShipment(shipped_at=SHIPPED), idempotency=keyed("k"))

    async def same_request() -> None:
        await handler.handle(request, Heard())

    overtaken.overtake, overtaken.times = same_request, 1
    answer = await handler.handle(request, Heard())
    assert answer.replayed
    assert answer.body == b"2"

    async def another_body() -> None:
        await handler.handle(asking(command, idempotency=keyed("l", b"other")), Heard())

    command = RecordSettlement(settled_at=SETTLED)
    overtaken.overtake, overtaken.times = another_body, 1
    with pytest.raises(KeyReused):
        await handler.handle(asking(command, idempotency=keyed("l")), Heard())


async def test_what_falls_due_is_recorded_as_the_systems_doing_before_the_command(
    handler: CommandHandler, clock: ManualClock
) -> None:
    await registered(handler)
    await handler.handle(asking(request_refund(), buyer_id=BUYER), Heard())
    clock.advance(POLICY.merchant_answer_within)
    heard = Heard()
    await handler.handle(asking(RecordShipment(shipped_at=SHIPPED)), heard)
    agreed, shipped = heard.histories[-1][-2:]
    assert type(agreed.event).__name__ == "ApplicationAgreed"
    assert agreed.metadata.actor.role is Role.SYSTEM
    assert agreed.occurred_at == START + POLICY.merchant_answer_within
    assert shipped.metadata.actor.role is Role.PLATFORM


async def test_of_many_racing_commands_each_is_decided_on_what_the_others_left(
    handler: CommandHandler,
) -> None:
    await registered(handler)
    heard = [Heard() for _ in range(20)]
    request = asking(request_refund(), buyer_id=BUYER)
    answers = await asyncio.gather(*(handler.handle(request, one) for one in heard))
    assert sorted(answer.status for answer in answers) == [201, *[409] * 19]
    codes = {
        refusal.code for one in heard for refusal in one.refusals if isinstance(refusal, Rejection)
    }
    assert codes == {RejectionCode.TICKET_ALREADY_ACTIVE}

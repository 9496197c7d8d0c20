"""Handles what is asked of a shop's money: a round trip to load, one for the clock, one to append.

Whether a payment's reference is booked already is asked beside the clock.

The funding reader writes to the same streams. Whoever comes second decides again.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from uuid_utils.compat import uuid7

from app.command_handling.funds_states import FundsStates
from app.command_handling.requests import Answer, IdempotencyKey, TooManyConflicts
from app.command_handling.shop_time import ShopTime
from app.command_handling.stored_answer import answer_after, remembered, replayed
from app.domain.funds.commands import FundsCommand, TopUp, WithdrawCash
from app.domain.funds.decide import decide
from app.domain.funds.events import FundsEvent
from app.domain.funds.state import Funds, fold
from app.domain.policy import Policy
from app.domain.rejections import Rejection
from app.event_store.append import Append, NewEvent, new_event
from app.event_store.append_batcher import AppendBatcher
from app.event_store.codec import Codec
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata
from app.event_store.streams import funds_stream, partition_of
from app.shop_clocks.clocks import ShopClocks

ATTEMPTS_MAX = 20
"""More than for an order: all refunds and top-ups of a shop share its one stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FundsRequest:
    """A command for a shop's money, and who asks."""

    shop_id: str
    command: FundsCommand
    actor: Actor
    correlation_id: str
    idempotency: IdempotencyKey | None = None


class FundsResponder(Protocol):
    """Renders answers. Called before the append, so that answer and events are stored together."""

    def accepted(self, funds: Funds) -> Answer:
        """Render the money as the command leaves it."""
        ...

    def refused(self, refusal: Rejection) -> Answer:
        """Render a refusal."""
        ...


class FundsHandler:
    """Loads a shop's money, decides, appends; on a conflict once more, within bounds."""

    def __init__(
        self,
        *,
        states: FundsStates,
        batcher: AppendBatcher,
        codec: Codec[FundsEvent],
        clocks: ShopClocks,
        policy: Policy,
    ) -> None:
        self._states = states
        self._batcher = batcher
        self._codec = codec
        self._clocks = clocks
        self._policy = policy

    async def current(self, shop_id: str) -> Funds:
        """Return a shop's money as its last event left it."""
        return (await self._states.load(shop_id)).funds

    async def handle(self, request: FundsRequest, responder: FundsResponder) -> Answer:
        """Handle one request and return the answer rendered, or the stored one if it is a repeat.

        Raises KeyReused, TooManyConflicts, and AppendFailed if the log gives no outcome.
        """
        key = request.idempotency
        for _ in range(ATTEMPTS_MAX):
            loaded = await self._states.load(request.shop_id, key)
            if loaded.request is not None:
                return replayed(loaded.request, key)
            # After the load: whoever books the same reference later changes the version.
            present, booked = await asyncio.gather(
                self._present(request.shop_id), self._is_booked(request)
            )
            decision = decide(
                request.command,
                loaded.funds,
                present.now,
                self._policy,
                reference_booked=booked,
            )
            if isinstance(decision, Rejection):
                events: tuple[FundsEvent, ...] = ()
                answer = responder.refused(decision)
            else:
                events = decision
                answer = responder.accepted(fold(loaded.funds, events))
            if not events and key is None:
                return answer
            item = Append(
                partition_id=partition_of(request.shop_id),
                stream_id=funds_stream(request.shop_id),
                expected_version=loaded.funds.version,
                events=tuple(self._encoded(event, request, present.clock) for event in events),
                idempotency=remembered(key, answer),
            )
            appended = answer_after(await self._batcher.append(item), answer)
            if appended is not None:
                return appended
        raise TooManyConflicts(request.shop_id)

    async def _is_booked(self, request: FundsRequest) -> bool:
        match request.command:
            case TopUp(reference=reference) | WithdrawCash(reference=reference):
                return await self._states.is_booked(request.shop_id, reference)
            case _:
                return False

    async def _present(self, shop_id: str) -> ShopTime:
        """Look at the shop's clock every time: what is asked here is asked seldom."""
        test_now: datetime | None = await self._clocks.test_now(shop_id)
        if test_now is not None:
            return ShopTime(now=test_now, clock=ClockKind.TEST)
        return ShopTime(now=self._clocks.system.now())

    def _encoded(self, event: FundsEvent, request: FundsRequest, clock: ClockKind) -> NewEvent:
        metadata = EventMetadata(
            actor=request.actor,
            correlation_id=request.correlation_id,
            causation_id=None,
            policy_version=self._policy.version,
            clock=clock,
        )
        return new_event(self._codec, event, metadata, event_id=uuid7(), occurred_at=event.at)

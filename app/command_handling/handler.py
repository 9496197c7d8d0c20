"""Handles one command: two round trips, one to load and one to append.

What looks at the shop's money, as opening an entry does, loads it in the same query as the order.
A shop with a test clock costs two more, to look at it before and after. A shop in production costs
none for being told from those: its orders' events say what clock they are of, and an order's first
event is refused by the log if it was decided by the wrong one.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime

from uuid_utils.compat import uuid7

from app.command_handling.apply_due_deadlines import Silent, deadlines_request
from app.command_handling.funds_states import FundsStates
from app.command_handling.requests import (
    DEADLINES,
    Answer,
    History,
    OrderRequest,
    Refusal,
    Responder,
    StaleVersion,
    TooManyConflicts,
)
from app.command_handling.shop_time import ShopTime, present_of
from app.command_handling.stored_answer import answer_after, remembered, replayed
from app.domain.funds.state import NO_FUNDS, Funds
from app.domain.order.commands import ActOnDeadlines, TicketDecision
from app.domain.order.decide import decide_current, due_events, looks_at_funds
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, OrderState, Unregistered
from app.domain.policy import Policy
from app.domain.rejections import Rejection, RejectionCode, reject
from app.event_store.append import Append, NewEvent, new_event
from app.event_store.append_batcher import AppendBatcher
from app.event_store.codec import Codec
from app.event_store.log import Loaded
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata, Recorded
from app.event_store.stream_loader import StreamLoader, Wanted
from app.event_store.streams import order_stream, partition_of
from app.shop_clocks.clocks import ShopClocks

ATTEMPTS_MAX = 5

KEPT_REFUSALS_EXCLUDE = frozenset({RejectionCode.ORDER_NOT_FOUND, RejectionCode.TICKET_NOT_FOUND})
"""Refusals not remembered under an idempotency key: what is missing now may be there later."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The answer, and what is to be appended for it to hold, if anything."""

    item: Append | None
    answer: Answer
    refused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """The events to append, each with whose doing it is, and the refusal if there is one.

    ``changed``: whether the commands led to any of them.
    """

    by_actor: tuple[tuple[Actor, OrderEvent], ...] = ()
    changed: bool = False
    refusal: Refusal | None = None


class CommandHandler:
    """Loads an order, decides, appends; on a conflict loads and decides again, within bounds."""

    def __init__(
        self,
        *,
        loads: StreamLoader,
        batcher: AppendBatcher,
        codec: Codec[OrderEvent],
        funds: FundsStates,
        clocks: ShopClocks,
        policy: Policy,
    ) -> None:
        self._loads = loads
        self._batcher = batcher
        self._codec = codec
        self._funds = funds
        self._clocks = clocks
        self._policy = policy

    async def handle(self, request: OrderRequest, responder: Responder) -> Answer:
        """Handle one request and return the answer rendered, or the stored one if it is a repeat.

        Raises KeyReused, TooManyConflicts, and AppendFailed if the log gives no outcome.
        """
        wanted = _wanted(request)
        for attempt in range(ATTEMPTS_MAX):
            skip = request.assumed_new and attempt == 0
            loaded, funds = await self._load(request, wanted, skip=skip)
            if loaded.request is not None:
                return replayed(loaded.request, request.idempotency)
            present = await present_of(
                request.shop_id, self._clocks, loaded.events, assume_production=attempt == 0
            )
            prepared = self._prepared(
                request, wanted, loaded.events, present, responder, funds=funds
            )
            if present.assumed and prepared.refused and await self._test_now(request) is not None:
                continue
            if prepared.item is None:
                return prepared.answer
            outcome = await self._batcher.append(prepared.item)
            appended = answer_after(outcome, prepared.answer)
            if appended is not None:
                if present.clock is ClockKind.TEST:
                    await self._catch_up(request, present.now)
                return appended
        raise TooManyConflicts(request.order_id)

    async def _load(
        self, request: OrderRequest, wanted: Wanted, *, skip: bool
    ) -> tuple[Loaded[OrderEvent], Funds]:
        """Load the order, and in the same query its shop's money if a command looks at that."""
        if skip:
            return Loaded(request=None, events=[]), NO_FUNDS
        order = self._loads.load(wanted, self._codec)
        if not any(map(looks_at_funds, request.commands)):
            return await order, NO_FUNDS
        loaded, money = await asyncio.gather(order, self._funds.load(request.shop_id))
        return loaded, money.funds

    async def _catch_up(self, request: OrderRequest, decided_at: datetime) -> None:
        """Let happen what has fallen due since, if the clock moved while a command was decided.

        The worker that moved it may have been done with this order before the command came.
        """
        if request.commands == (ActOnDeadlines(),):
            return
        test_now = await self._test_now(request)
        if test_now is not None and test_now > decided_at:
            again = deadlines_request(request.shop_id, request.order_id, request.correlation_id)
            await self.handle(again, Silent())

    async def _test_now(self, request: OrderRequest) -> datetime | None:
        return await self._clocks.test_now(request.shop_id)

    def _prepared(
        self,
        request: OrderRequest,
        wanted: Wanted,
        history: History,
        present: ShopTime,
        responder: Responder,
        *,
        funds: Funds,
    ) -> Prepared:
        """Decide, render the answer, and say what is to be appended for it to hold, if anything."""
        state = fold(Unregistered(), [recorded.event for recorded in history])
        decided = self._decide(request, state, funds, present.now)
        new = self._recorded(request, wanted, decided, state.version, present.clock)
        refusal = decided.refusal
        if refusal is None:
            answer = responder.accepted([*history, *new], changed=decided.changed, now=present.now)
        else:
            answer = responder.refused(refusal)
        key = request.idempotency
        is_kept = refusal is None or _is_kept(refusal)
        if not new and (key is None or not is_kept):
            return Prepared(item=None, answer=answer, refused=refusal is not None)
        item = Append(
            partition_id=wanted.partition_id,
            stream_id=wanted.stream_id,
            expected_version=state.version,
            events=tuple(self._encoded(recorded) for recorded in new),
            idempotency=remembered(key, answer) if is_kept else None,
        )
        return Prepared(item=item, answer=answer, refused=refusal is not None)

    def _decide(
        self, request: OrderRequest, state: OrderState, funds: Funds, now: datetime
    ) -> Decided:
        """Let happen what has fallen due, then decide the commands on what that leaves.

        What fell due stands even if the commands are refused: a refusal that names a state, or a
        version, must be what the next look at the order shows.
        """
        if request.buyer_id is not None and not _belongs_to(state, request.buyer_id):
            return Decided(refusal=reject(RejectionCode.ORDER_NOT_FOUND))
        fell_due = due_events(state, now, self._policy)
        by_actor = [(DEADLINES, event) for event in fell_due]
        state = fold(state, fell_due)
        first = request.commands[0]
        ticket_id = first.ticket_id if isinstance(first, TicketDecision) else None
        if stale := _stale(state, ticket_id, request.seen_version):
            return Decided(by_actor=tuple(by_actor), refusal=stale)
        caused: list[tuple[Actor, OrderEvent]] = []
        for command in request.commands:
            decision = decide_current(command, state, now, self._policy, funds)
            if isinstance(decision, Rejection):
                return Decided(by_actor=tuple(by_actor), refusal=decision)
            state = fold(state, decision)
            caused += [(request.actor, event) for event in decision]
        return Decided(by_actor=(*by_actor, *caused), changed=bool(caused))

    def _recorded(
        self,
        request: OrderRequest,
        wanted: Wanted,
        decided: Decided,
        version: int,
        clock: ClockKind,
    ) -> list[Recorded[OrderEvent]]:
        """Put envelopes around new events; their positions are known only to the log (0 here)."""
        recorded_at = self._clocks.system.now()
        return [
            Recorded(
                partition_id=wanted.partition_id,
                position=0,
                stream_id=wanted.stream_id,
                version=version + number,
                event_id=uuid7(),
                event=event,
                metadata=self._metadata(request, actor, clock),
                occurred_at=event.at,
                recorded_at=recorded_at,
            )
            for number, (actor, event) in enumerate(decided.by_actor, start=1)
        ]

    def _metadata(self, request: OrderRequest, actor: Actor, clock: ClockKind) -> EventMetadata:
        return EventMetadata(
            actor=actor,
            correlation_id=request.correlation_id,
            causation_id=request.causation_id if actor == request.actor else None,
            policy_version=self._policy.version,
            clock=clock,
        )

    def _encoded(self, recorded: Recorded[OrderEvent]) -> NewEvent:
        return new_event(
            self._codec,
            recorded.event,
            recorded.metadata,
            event_id=recorded.event_id,
            occurred_at=recorded.occurred_at,
        )


def _wanted(request: OrderRequest) -> Wanted:
    key = request.idempotency
    return Wanted(
        partition_id=partition_of(request.shop_id),
        stream_id=order_stream(request.shop_id, request.order_id),
        scope=key.scope if key else None,
        key=key.key if key else None,
    )


def _belongs_to(state: OrderState, buyer_id: str) -> bool:
    return isinstance(state, Order) and state.facts.buyer_id == buyer_id


def _stale(state: OrderState, ticket_id: str | None, seen: int | None) -> StaleVersion | None:
    """Hold the version somebody decided on against the one there is."""
    if seen is None or not isinstance(state, Order):
        return None
    current = _version_of(state, ticket_id)
    return None if current in {None, seen} else StaleVersion(current_version=current or 0)


def _version_of(order: Order, ticket_id: str | None) -> int | None:
    if ticket_id is None:
        return order.version
    ticket = order.tickets.get(ticket_id)
    return None if ticket is None else ticket.version


def _is_kept(refusal: Refusal) -> bool:
    return isinstance(refusal, Rejection) and refusal.code not in KEPT_REFUSALS_EXCLUDE

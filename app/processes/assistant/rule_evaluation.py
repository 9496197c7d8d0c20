"""Judges one application by the shop's rules, and has the order do what the rule says."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

import structlog

from app.command_handling.requests import (
    Answer,
    History,
    OrderRequest,
    Refusal,
    Responder,
    StaleVersion,
)
from app.domain.assistant import (
    ApplicationFacts,
    Past,
    Rule,
    action_on,
    matching_rule,
    past_needed,
)
from app.domain.order.answers import ApplyAssistantRule
from app.domain.order.applications import ApplicationModified, TicketCreated
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.state import Order, Unregistered
from app.domain.order.tickets import AppliedRule, TicketState
from app.event_store.codec import Codec
from app.event_store.log import EventLog
from app.event_store.recorded_event import Actor, Recorded, Role
from app.event_store.streams import order_of_stream
from app.postgres.pool import Pool
from app.processes.assistant.reader import Subject, read_pasts
from app.processes.assistant.rule_sets import RuleSet, current_rules

Handle: TypeAlias = Callable[[OrderRequest, Responder], Awaitable[Answer]]
"""Handles a command, as `CommandHandler.handle` does."""

ASSISTANT = Actor(role=Role.SYSTEM, id="assistant")
"""In whose name rules decide."""

JUDGEMENTS_MAX = 5

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """An application to be judged: the ticket, and the version its making or modifying led to."""

    partition_id: int
    stream_id: str
    ticket_id: str
    ticket_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingApplication:
    """An application that waits for an answer; ``seen_version`` is the ticket's now."""

    made: Recorded[OrderEvent]
    event: TicketCreated | ApplicationModified
    overdue: bool
    seen_version: int

    @property
    def subject(self) -> Subject:
        """Whose past matters."""
        return Subject(
            buyer_id=self.event.buyer_id,
            ticket_id=self.event.ticket_id,
            position=self.made.position,
        )


class KeepsChanging(Exception):
    """The ticket was changed each time it had been judged; judging it later helps."""


class Assistant:
    """Judges applications. Judging one twice, or late, changes nothing more."""

    def __init__(self, pool: Pool, codec: Codec[OrderEvent], handle: Handle) -> None:
        self._pool = pool
        self._events = EventLog(codec)
        self._handle = handle

    async def judge(self, work: Work) -> None:
        """Do what the shop's rules say to an application, if it still waits for an answer.

        Raises KeepsChanging, and what the command handler and the database raise.
        """
        for _ in range(JUDGEMENTS_MAX):
            history = await self._events.read_stream(self._pool, work.partition_id, work.stream_id)
            pending = pending_application(history, work)
            if pending is None:
                return
            request = await self._request(work, pending)
            if request is None:
                return
            outcome = _Outcome()
            await self._handle(request, outcome)
            if not isinstance(outcome.refusal, StaleVersion):
                _log_outcome(work, request, outcome)
                return
        raise KeepsChanging(work.ticket_id)

    async def _request(self, work: Work, pending: PendingApplication) -> OrderRequest | None:
        shop_id, order_id = order_of_stream(work.stream_id)
        in_force = await current_rules(self._pool, shop_id)
        if in_force is None:
            return None
        needed = past_needed(in_force.rules)
        (past,) = await read_pasts(self._pool, shop_id, [pending.subject], needed)
        facts = facts_of(pending.event, overdue=pending.overdue, past=past)
        rule = matching_rule(in_force.rules, facts)
        if rule is None:
            return None
        return OrderRequest(
            shop_id=shop_id,
            order_id=order_id,
            commands=(_command(work, rule, in_force, facts),),
            actor=ASSISTANT,
            correlation_id=pending.made.metadata.correlation_id,
            causation_id=pending.made.event_id,
            seen_version=pending.seen_version,
        )


def pending_application(
    history: Sequence[Recorded[OrderEvent]], work: Work
) -> PendingApplication | None:
    """Return the application to be judged; None if it was answered, judged or replaced already."""
    order = fold(Unregistered(), [recorded.event for recorded in history])
    ticket = order.tickets.get(work.ticket_id) if isinstance(order, Order) else None
    if ticket is None or ticket.state is not TicketState.PENDING_MERCHANT:
        return None
    made = [
        (recorded, recorded.event)
        for recorded in history
        if isinstance(recorded.event, TicketCreated | ApplicationModified)
        and recorded.event.ticket_id == work.ticket_id
    ]
    recorded, event = made[-1]
    # A later application has its own row of work, written once the past before it is known here.
    if recorded.version != work.ticket_version or ticket.assistant_notified:
        return None
    return PendingApplication(
        made=recorded, event=event, overdue=ticket.overdue, seen_version=ticket.version
    )


def facts_of(
    event: TicketCreated | ApplicationModified, *, overdue: bool, past: Past
) -> ApplicationFacts:
    """Return an application as rules see it, at the instant it was made or modified."""
    return ApplicationFacts(
        type=event.type,
        overdue=overdue,
        amount=event.amount,
        currency=event.currency,
        reason=event.reason,
        applied_at=event.at,
        past=past,
    )


def _command(work: Work, rule: Rule, rules: RuleSet, facts: ApplicationFacts) -> ApplyAssistantRule:
    return ApplyAssistantRule(
        ticket_id=work.ticket_id,
        rule=AppliedRule(rule_id=rule.rule_id, name=rule.name, version=rules.version),
        action=action_on(rule, facts.type),
    )


class _Outcome:
    """Keeps the result of the command, of its last attempt; there is no caller to answer."""

    def __init__(self) -> None:
        self.refusal: Refusal | None = None
        self.changed = False

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        self.refusal, self.changed = None, changed
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        self.refusal, self.changed = refusal, False
        return Answer(status=409, body=b"")


def _log_outcome(work: Work, request: OrderRequest, outcome: _Outcome) -> None:
    (command,) = request.commands
    assert isinstance(command, ApplyAssistantRule)  # noqa: S101 - as made above
    facts = {
        "shop_id": request.shop_id,
        "ticket_id": work.ticket_id,
        "rule_id": command.rule.rule_id,
        "rules_version": command.rule.version,
        "action": command.action.value,
    }
    if outcome.refusal is not None:
        _log.info("assistant_rule_refused", refusal=str(outcome.refusal), **facts)
    elif outcome.changed:
        _log.info("assistant_rule_applied", **facts)

"""What rules would have done with the newest tickets of a shop, beside what really happened.

Each application of a ticket, as first made and then as modified, is held against the rules as it
was, with the buyer's past as it was. The first a rule agrees to would have ended the matter; if
there is none, the last that the merchant would have been pointed to counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from app.domain.assistant import Past, Rule, action_on, matching_rule, past_needed
from app.domain.order.applications import ApplicationModified, TicketCreated
from app.domain.order.events import OrderEvent
from app.domain.order.tickets import AssistantAction
from app.event_store.codec import Codec
from app.event_store.log import stored_event
from app.event_store.streams import partition_of
from app.postgres.pool import Pool
from app.processes.assistant.reader import MADE_APPLICATION, Subject, read_pasts
from app.processes.assistant.rule_evaluation import facts_of
from app.projections.tickets.list import TicketFilters, list_tickets
from app.projections.tickets.view import TicketView

TICKETS_MAX = 200

READ_APPLICATIONS = """
SELECT e.partition_id, e.position, e.stream_id, e.version, e.event_id, e.type, e.schema_version,
       e.data, e.metadata, e.occurred_at, e.recorded_at
FROM unnest($3::text[]) AS t(ticket_id)
JOIN after_sales.buyer_history AS h
    ON h.partition_id = $1 AND h.shop_id = $2 AND h.ticket_id = t.ticket_id
JOIN after_sales.events AS e ON e.partition_id = $1 AND e.position = h.position
WHERE h.kind = ANY ($4::text[])
ORDER BY e.position
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tried:
    """A ticket, and the rule that would have spoken for it: at what instant, to do what."""

    ticket: TicketView
    rule: Rule | None
    action: AssistantAction | None
    spoken_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """The tickets tried, newest first. ``current_to``: the position they are known up to."""

    tried: tuple[Tried, ...]
    current_to: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Made:
    position: int
    event: TicketCreated | ApplicationModified


async def try_rules(
    pool: Pool,
    engine: AsyncEngine,
    codec: Codec[OrderEvent],
    shop_id: str,
    rules: Sequence[Rule],
    *,
    last: int,
) -> DryRun:
    """Try rules on the newest tickets of a shop, 1 to `TICKETS_MAX`; three statements, no change.

    A ticket so new that its application is not known here yet is left out.
    """
    page = await list_tickets(engine, shop_id, TicketFilters(), limit=last)
    made = await _applications(pool, codec, shop_id, page.rows)
    pasts = await _pasts(pool, shop_id, rules, made)
    tried = [
        _try(ticket, rules, made[ticket.ticket_id], pasts)
        for ticket in page.rows
        if ticket.ticket_id in made
    ]
    return DryRun(tried=tuple(tried), current_to=page.current_to)


async def _applications(
    pool: Pool, codec: Codec[OrderEvent], shop_id: str, tickets: Sequence[TicketView]
) -> dict[str, list[_Made]]:
    """Return every application of some tickets, in the order they were made."""
    ticket_ids = [ticket.ticket_id for ticket in tickets]
    rows = await pool.fetch(
        READ_APPLICATIONS, partition_of(shop_id), shop_id, ticket_ids, MADE_APPLICATION
    )
    made: defaultdict[str, list[_Made]] = defaultdict(list)
    for row in rows:
        recorded = codec.recorded(stored_event(row))
        event = recorded.event
        if isinstance(event, TicketCreated | ApplicationModified):
            made[event.ticket_id].append(_Made(position=recorded.position, event=event))
    return dict(made)


async def _pasts(
    pool: Pool, shop_id: str, rules: Sequence[Rule], made: dict[str, list[_Made]]
) -> dict[int, Past]:
    """Return the past before each application, by its position."""
    subjects = [
        Subject(buyer_id=one.event.buyer_id, ticket_id=ticket_id, position=one.position)
        for ticket_id, of_ticket in made.items()
        for one in of_ticket
    ]
    pasts = await read_pasts(pool, shop_id, subjects, past_needed(rules))
    return {subject.position: past for subject, past in zip(subjects, pasts, strict=True)}


def _try(
    ticket: TicketView, rules: Sequence[Rule], made: Sequence[_Made], pasts: dict[int, Past]
) -> Tried:
    tried = Tried(ticket=ticket, rule=None, action=None, spoken_at=None)
    for one in made:
        facts = facts_of(one.event, overdue=ticket.overdue, past=pasts[one.position])
        rule = matching_rule(rules, facts)
        if rule is not None:
            action = action_on(rule, facts.type)
            tried = Tried(ticket=ticket, rule=rule, action=action, spoken_at=facts.applied_at)
        if tried.action not in {None, AssistantAction.NOTIFY_ONLY}:
            break
    return tried

"""A ticket of the plain telling, and how it moves."""

import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.domain.plain_inputs import Wanted, check_files
from tests.domain.plain_tables import (
    FINAL,
    HOURS,
    LIMITS,
    MONEY_TYPES,
    RETURN_TYPES,
    WRONG_REASONS,
    RefusedError,
)


@dataclass
class PlainTicket:
    """A ticket; ``wanted``: (item, units, minor units) of each item."""

    ticket_id: str
    kind: str
    reason: str
    wanted: Wanted
    overdue: bool
    state: str = ""
    due: datetime | None = None
    remind: datetime | None = None
    version: int = 0
    goods_back: bool = False
    goods_kept: bool = False
    parcel: tuple[str, str] | None = None
    corrected: bool = False
    cause: str | None = None
    before: str | None = None
    noticed: bool = False
    times: dict[str, int] = field(default_factory=lambda: dict.fromkeys(LIMITS, 0))
    evidence: dict[str, int] = field(default_factory=dict)

    def copied(self) -> "PlainTicket":
        """Return a ticket of its own."""
        ticket = copy.copy(self)
        ticket.times, ticket.evidence = dict(self.times), dict(self.evidence)
        return ticket


class TicketKeeping:
    """How the tickets of one order are kept; `items`: (units, minor units paid) by their ids."""

    def __init__(self, items: dict[str, tuple[int, int]], limits: dict[str, int]) -> None:
        self.items, self.limits = items, limits
        self.tickets: list[PlainTicket] = []
        self.paid_back = dict.fromkeys(items, 0)
        self.sent_back = dict.fromkeys(items, 0)
        self.happened: list[tuple[str, datetime]] = []

    def active(self) -> PlainTicket | None:
        """Return the ticket that has not ended."""
        return next((ticket for ticket in self.tickets if ticket.state not in FINAL), None)

    def check_wish(self, kind: str, asked: Any) -> None:
        """Insist that what is asked for can be asked for."""
        if asked.reason in WRONG_REASONS[kind]:
            raise RefusedError("reason_not_for_type")
        ids = [item.item_id for item in asked.items]
        if len(set(ids)) < len(ids):
            raise RefusedError("item_repeated")
        for item in asked.items:
            if item.item_id not in self.items:
                raise RefusedError("item_not_in_order")
            bought, paid = self.items[item.item_id]
            if item.quantity <= 0 or item.amount < 0:
                raise RefusedError("nothing_requested")
            if item.quantity > bought - self.sent_back[item.item_id]:
                raise RefusedError("quantity_exceeded")
            left = paid - self.paid_back[item.item_id] if kind in MONEY_TYPES else 0
            if item.amount > left:
                raise RefusedError("amount_exceeds_refundable")
        nothing = kind in MONEY_TYPES and sum(item.amount for item in asked.items) == 0
        if nothing or not asked.items:
            raise RefusedError("nothing_requested")
        check_files(asked.evidence)

    def _grant(self, ticket: PlainTicket, now: datetime) -> None:
        """Let come what was asked for: goods back first, then money or goods."""
        goods_done = ticket.goods_back or ticket.goods_kept
        if ticket.kind in RETURN_TYPES and not goods_done:
            self._move(ticket, "awaiting_return", now)
        elif ticket.kind in MONEY_TYPES:
            self._move(ticket, "refunding", now)
        else:
            self._move(ticket, "awaiting_replacement", now)

    def _pay(self, ticket: PlainTicket, granted: Wanted, now: datetime) -> None:
        """Let money come, in place of goods if it was goods."""
        ticket.wanted = granted
        if ticket.kind in MONEY_TYPES:
            self._grant(ticket, now)
        else:
            self._move(ticket, "refunding", now)

    def _worth(self, ticket: PlainTicket) -> Wanted:
        worth = []
        for item_id, units, _ in ticket.wanted:
            bought, paid = self.items[item_id]
            share = paid * units // bought
            worth.append((item_id, units, min(share, paid - self.paid_back[item_id])))
        return worth

    def _once_more(self, ticket: PlainTicket, what: str, code: str) -> None:
        ticket.times[what] += 1
        if ticket.times[what] > self.limits[what]:
            raise RefusedError(code)

    def _move(self, ticket: PlainTicket, state: str, now: datetime) -> None:
        ticket.state, ticket.due, ticket.remind = state, None, None
        if state != "in_arbitration":
            ticket.cause, ticket.before, ticket.evidence = None, None, {}
        if state in HOURS:
            ticket.due = now + timedelta(hours=HOURS[state])
            ticket.remind = reminder(ticket.due, now)

    def _note(self, event: str, at: datetime, ticket: PlainTicket | None = None) -> None:
        self.happened.append((event, at))
        if ticket is not None:
            ticket.version = len(self.happened)


def reminder(due: datetime, now: datetime) -> datetime:
    """Return when somebody is reminded of what falls due, as seen now."""
    return due - timedelta(hours=12 if due - now <= timedelta(hours=48) else 24)

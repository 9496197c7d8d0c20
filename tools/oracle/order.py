"""An order as the rules require it: the independent fold that everything is compared with.

Its methods carry out one command, or raise `Refused` and change nothing. What happens when a
deadline passes is in `passing_time`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any

from tools.oracle import rules
from tools.oracle.input_rules import check_files
from tools.oracle.ticket import Asked, PlainTicket, Refused

_ENTRY = "entry"

FACTS: Mapping[str, str] = {
    "shipped": "order_shipped",
    "received": "receipt_confirmed",
    "settled": "order_settled",
}
"""The facts about an order, in the order in which they happen, and their log codes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """A line the operation log must have. ``messages``: those it leads to, by recipient."""

    at: datetime
    code: str
    subject: str
    role: str
    before: str | None
    after: str | None
    messages: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class PlainEntry:
    """The after-sales entry; everything but the generation is of its last opening."""

    state: str = "never_opened"
    generation: int = 0
    opened_at: datetime | None = None
    expires_at: datetime | None = None
    used: bool = False
    reminded: bool = False
    asked_at: datetime | None = None
    declined: tuple[datetime, str] | None = None
    cost: int | None = None


@dataclass(slots=True, kw_only=True)
class PlainOrder:
    """One order: the line it was imported as, and its expected state."""

    line: Mapping[str, Any]
    created_at: datetime
    reported: dict[str, datetime] = field(default_factory=dict)
    entry: PlainEntry = field(default_factory=PlainEntry)
    tickets: list[PlainTicket] = field(default_factory=list)
    paid_back: dict[str, int] = field(default_factory=dict)
    sent_back: dict[str, int] = field(default_factory=dict)
    counted: int = 0
    happened: list[Happening] = field(default_factory=list)
    limits: rules.Limits = rules.LIMITS

    def copy(self) -> "PlainOrder":
        """Return an order that changes independently."""
        return replace(
            self,
            reported=dict(self.reported),
            entry=replace(self.entry),
            tickets=[ticket.copy() for ticket in self.tickets],
            paid_back=dict(self.paid_back),
            sent_back=dict(self.sent_back),
            happened=list(self.happened),
        )

    @property
    def order_id(self) -> str:
        """The order's id in its shop."""
        return str(self.line["order_id"])

    @property
    def buyer_id(self) -> str:
        """Whose order it is."""
        return str(self.line["buyer_id"])

    @property
    def version(self) -> int:
        """How much has happened: what `If-Match` of the order means."""
        return len(self.happened)

    @property
    def paid(self) -> int:
        """Minor units paid."""
        return int(self.line["payment"]["amount"]["amount"])

    @property
    def left(self) -> int:
        """Minor units that may still be refunded."""
        return self.paid - sum(self.paid_back.values())

    @property
    def has_units(self) -> bool:
        """Whether anything of the order has not been returned for good."""
        items: list[Mapping[str, Any]] = self.line["items"]
        return any(item["quantity"] > self.sent_back.get(item["item_id"], 0) for item in items)

    @property
    def active(self) -> PlainTicket | None:
        """The ticket under way."""
        return next((ticket for ticket in self.tickets if ticket.active), None)

    def item(self, item_id: str) -> Mapping[str, Any] | None:
        """Return a line of the order."""
        items: list[Mapping[str, Any]] = self.line["items"]
        return next((item for item in items if item["item_id"] == item_id), None)

    def past_period(self, now: datetime) -> bool:
        """Whether the seven days are over; they begin with the receipt."""
        return "received" in self.reported and now >= self.reported["received"] + rules.PERIOD

    def note(
        self,
        at: datetime,
        code: str,
        subject: str,
        role: str,
        after: str | None,
        **messages: str,
    ) -> None:
        """Add a line to the log, with the messages it leads to."""
        before = next(
            (line.after for line in reversed(self.happened) if line.subject == subject),
            "never_opened" if subject == _ENTRY else None,
        )
        self.happened.append(
            Happening(
                at=at,
                code=code,
                subject=subject,
                role=role,
                before=before,
                after=after,
                messages=messages,
            )
        )

    def changed(
        self, ticket: PlainTicket, at: datetime, code: str, role: str, **messages: str
    ) -> None:
        """Note what happened to a ticket, which is now at this version."""
        self.note(at, code, ticket.ticket_id, role, ticket.state, **messages)
        ticket.version, ticket.updated_at = self.version, at

    # Facts

    def report(self, fact: str, instant: datetime, now: datetime) -> None:
        """Record a shipment, a receipt or a settlement; reporting it again changes nothing."""
        if fact in self.reported:
            if self.reported[fact] != instant:
                raise Refused("fact_conflict")
            return
        if instant > now + rules.CLOCK_TOLERANCE:
            raise Refused("fact_in_future")
        if instant < self.created_at:
            raise Refused("fact_before_order")
        known = {**self.reported, fact: instant}
        in_order = [known[name] for name in FACTS if name in known]
        if any(one > next_one for one, next_one in pairwise(in_order)):
            raise Refused("fact_out_of_order")
        self.reported[fact] = instant
        self.note(now, FACTS[fact], "order", "platform", None)

    # The entry

    def failed_rules(self, now: datetime) -> frozenset[str]:
        """Return the rules that stand in the way of opening the entry."""
        line, kinds = self.line, {item["kind"] for item in self.line["items"]}
        failing = {
            "receipt_not_confirmed": "received" not in self.reported,
            "after_sales_period_not_over": not self.past_period(now),
            "order_fully_refunded": self.left <= 0,
            "refund_in_progress": self.active is not None,
            "payment_not_online": line["payment"]["method"] != "online",
            "product_not_physical": kinds != {"physical"},
            "card_voucher_product": "card_voucher" in kinds,
            "excluded_business_line": line["business_line"] != "general",
            "order_created_before_cutoff": self.created_at < rules.CREATED_FROM,
            "order_too_old": now > self.created_at + rules.ORDER_AGE_MAX,
        }
        return frozenset(rule for rule, fails in failing.items() if fails)

    def open(self, now: datetime) -> None:
        """Open the entry for five days; an open one stays as it is."""
        if self.entry.state == "open":
            return
        failed = self.failed_rules(now)
        if failed:
            raise Refused("not_eligible", failed)
        self.entry = PlainEntry(
            state="open",
            generation=self.entry.generation + 1,
            opened_at=now,
            expires_at=now + rules.ENTRY_OPEN_FOR,
            cost=self.left,
        )
        self.note(now, "entry_opened", _ENTRY, "merchant", "open", consumer="entry_opened")

    def ask_again(self, now: datetime) -> None:
        """Ask for a closed entry to be opened again."""
        if self.entry.state == "never_opened":
            raise Refused("entry_never_opened")
        if self.entry.state == "open":
            raise Refused("entry_still_open")
        if self.entry.asked_at is None:
            self.entry.asked_at = now
            message = "reopening_requested"
            self.note(now, "reopening_requested", _ENTRY, "consumer", "closed", merchant=message)

    def decline(self, reason: str, now: datetime) -> None:
        """Decline the request to open it again."""
        if self.entry.asked_at is None:
            raise Refused("reopening_not_requested")
        self.entry.asked_at, self.entry.declined = None, (now, reason)
        message = "reopening_declined"
        self.note(now, "reopening_declined", _ENTRY, "merchant", "closed", consumer=message)

    # Applications

    def apply(self, kind: str, body: Mapping[str, Any], now: datetime) -> None:
        """Apply for after-sales: freely in the period, past it through an opened entry."""
        overdue = self.past_period(now)
        if overdue and self.entry.state != "open":
            raise Refused("entry_not_open")
        if not overdue and self.counted >= rules.IN_PERIOD_MAX:
            raise Refused("application_limit_reached")
        if self.active is not None:
            raise Refused("ticket_already_active")
        if self.left == 0 and self.paid_back:
            raise Refused("amount_exceeds_refundable")
        asked = self.checked_wish(kind, body)
        if overdue:
            self.entry.used = True
        else:
            self.counted += 1
        ticket = PlainTicket(
            ticket_id=f"{self.order_id}-{len(self.tickets) + 1}",
            type=kind,
            asked=asked,
            granted=asked,
            reason=body["reason"],
            overdue=overdue,
            generation=self.entry.generation if overdue else None,
            created_at=now,
            updated_at=now,
        )
        self.tickets.append(ticket)
        ticket.enter("pending_merchant", now)
        code = "overdue_ticket_created" if overdue else "ticket_created"
        self.changed(ticket, now, code, "consumer", merchant="ticket_created")

    def checked_wish(self, kind: str, body: Mapping[str, Any]) -> list[Asked]:
        """Return the items asked for; Refused if reason, items or files are not allowed."""
        if body["reason"] not in rules.REASONS[kind]:
            raise Refused("reason_not_for_type")
        ids = [item["item_id"] for item in body["items"]]
        if len(set(ids)) < len(ids):
            raise Refused("item_repeated")
        wish = [self._checked_item(kind, item) for item in body["items"]]
        if not wish or (kind in rules.MONEY and not any(asked.amount for asked in wish)):
            raise Refused("nothing_requested")
        check_files(body.get("evidence", ()))
        return wish

    def _checked_item(self, kind: str, wanted: Mapping[str, Any]) -> Asked:
        item_id, quantity, amount = (
            wanted["item_id"],
            wanted["quantity"],
            wanted.get("amount", 0),
        )
        item = self.item(item_id)
        if item is None:
            raise Refused("item_not_in_order")
        if quantity <= 0 or amount < 0:
            raise Refused("nothing_requested")
        if quantity > item["quantity"] - self.sent_back.get(item_id, 0):
            raise Refused("quantity_exceeded")
        still = item["amount_paid"] - self.paid_back.get(item_id, 0)
        if amount > (still if kind in rules.MONEY else 0):
            raise Refused("amount_exceeds_refundable")
        return Asked(item_id=item_id, quantity=quantity, amount=amount)

    def worth(self, ticket: PlainTicket) -> list[Asked]:
        """Return what was paid for the units of a ticket, as far as it may still be refunded."""
        worth = []
        for asked in ticket.granted:
            item = self.item(asked.item_id)
            assert item is not None  # noqa: S101 - it was there when it was applied for
            amount = min(
                item["amount_paid"] * asked.quantity // item["quantity"],
                item["amount_paid"] - self.paid_back.get(asked.item_id, 0),
            )
            worth.append(Asked(item_id=asked.item_id, quantity=asked.quantity, amount=amount))
        return worth

"""The rules of an order written a second time, as plainly as those of its tickets beside it."""

import copy
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from tests.domain.plain_decisions import PlainTickets
from tests.domain.plain_tables import BY_ITSELF, LIMITS, RefusedError
from tests.domain.plain_ticket import PlainTicket

FACTS = {
    "RecordShipment": ("OrderShipped", "shipped_at"),
    "RecordReceiptConfirmation": ("ReceiptConfirmed", "confirmed_at"),
    "RecordSettlement": ("OrderSettled", "settled_at"),
}
"""In the order in which these things happen: what is told, what it becomes, and its instant."""
APPLICATIONS = ("RequestRefund", "RequestExchange", "RequestReissue", "RequestRepair")


class PlainOrder(PlainTickets):
    """One order served by the product: physical goods, paid online, of the general business."""

    def __init__(
        self,
        created: datetime,
        items: dict[str, tuple[int, int]],
        limits: dict[str, int] | None = None,
        order_id: str = "order-1",
    ) -> None:
        super().__init__(items, {**LIMITS, **(limits or {})})
        self.created, self.order_id = created, order_id
        self.told: dict[str, datetime] = {}
        self.entry: dict[str, Any] = {"generation": 0, "open": False, "asked": False}
        self.counted = 0
        self._note("OrderRegistered", created)

    def after(self, asked: Any, now: datetime) -> "PlainOrder":
        """Return the order after a command; RefusedError if the rules refuse it."""
        order = self._copied()
        now = max(now, self.happened[-1][1])
        order.pass_time(now)
        what = type(asked).__name__
        if what in FACTS:
            order._tell(now, what, asked)
        elif what in APPLICATIONS:
            order._apply(now, asked)
        elif what == "OpenAfterSalesEntry":
            order._open(now)
        elif what == "RequestEntryReopening":
            order._ask_again(now)
        elif what == "DeclineEntryReopening":
            order._decline(now)
        elif what != "ActOnDeadlines":
            order.on_ticket(now, asked)
        return order

    def interesting_instants(self) -> list[datetime]:
        """Return the instants at which the answer to some command changes."""
        instants = [at for ticket in self.tickets for at in (ticket.due, ticket.remind) if at]
        if self.entry["open"]:
            instants += [self.entry["expires"], self.entry["expires"] - timedelta(hours=24)]
        received = self.told.get("RecordReceiptConfirmation")
        if received is not None:
            instants.append(received + timedelta(hours=7 * 24))
        return [*instants, self.created + timedelta(hours=150 * 24)]

    def pass_time(self, now: datetime) -> None:
        """Let happen what is due: the earliest first, a reminder before all else at its instant."""
        while True:
            due: list[tuple[datetime, int]] = []
            active, entry = self.active(), self.entry
            if active and active.remind and active.remind <= now:
                due.append((active.remind, 0))
            if active and active.due and active.due <= now:
                due.append((active.due, 1))
            if entry["open"]:
                remind = entry["expires"] - timedelta(hours=24)
                unreminded = not entry["used"] and not entry["reminded"]
                if remind <= now and unreminded:
                    due.append((remind, 2))
                elif entry["expires"] <= now:
                    due.append((entry["expires"], 3))
            if not due:
                return
            self._happen(active, *min(due))

    def _happen(self, active: PlainTicket | None, at: datetime, what: int) -> None:
        if what == 2:
            self.entry["reminded"] = True
            self._note("AfterSalesEntryExpiring", at)
        elif what == 3:
            self.entry["open"] = self.entry["asked"] = False
            self._note("AfterSalesEntryExpired", at)
        else:
            assert active is not None
            if what == 1:
                self.act_by_itself(active, at)
            else:
                active.remind = None
                self._note("TicketDueReminded", at)

    def described(self) -> dict[str, Any]:
        """Describe all there is to see."""
        return {
            "version": len(self.happened),
            "told": self.told,
            "counted": self.counted,
            "entry": {
                "generation": self.entry["generation"],
                "asked": self.entry["asked"],
                "expires": self.entry["expires"] if self.entry["open"] else None,
                "used": self.entry["open"] and self.entry["used"],
            },
            "back": {
                item_id: (self.paid_back[item_id], self.sent_back[item_id])
                for item_id in self.items
                if self.paid_back[item_id] or self.sent_back[item_id]
            },
            "tickets": [_described(ticket) for ticket in self.tickets],
        }

    def _copied(self) -> "PlainOrder":
        order = copy.copy(self)
        order.told, order.entry = dict(self.told), dict(self.entry)
        order.paid_back, order.sent_back = dict(self.paid_back), dict(self.sent_back)
        order.happened = list(self.happened)
        order.tickets = [ticket.copied() for ticket in self.tickets]
        return order

    def _tell(self, now: datetime, fact: str, asked: Any) -> None:
        event, name = FACTS[fact]
        instant = getattr(asked, name)
        if fact in self.told:
            if self.told[fact] != instant:
                raise RefusedError("fact_conflict")
            return
        if instant > now + timedelta(seconds=5):
            raise RefusedError("fact_in_future")
        if instant < self.created:
            raise RefusedError("fact_before_order")
        known = {**self.told, fact: instant}
        in_order = [known[name] for name in FACTS if name in known]
        if any(one > next_one for one, next_one in pairwise(in_order)):
            raise RefusedError("fact_out_of_order")
        self.told[fact] = instant
        self._note(event, now)

    def _open(self, now: datetime) -> None:
        if self.entry["open"]:
            return
        failing = {
            "receipt_not_confirmed": "RecordReceiptConfirmation" not in self.told,
            "after_sales_period_not_over": not self._past_period(now),
            "order_fully_refunded": self._left() == 0,
            "refund_in_progress": self.active() is not None,
            "order_too_old": now - self.created > timedelta(hours=150 * 24),
        }
        if any(failing.values()):
            raise RefusedError("not_eligible", (rule for rule, fails in failing.items() if fails))
        self.entry = {
            "generation": self.entry["generation"] + 1,
            "open": True,
            "asked": False,
            "expires": now + timedelta(hours=5 * 24),
            "used": False,
            "reminded": False,
        }
        self._note("AfterSalesEntryOpened", now)

    def _ask_again(self, now: datetime) -> None:
        if self.entry["generation"] == 0:
            raise RefusedError("entry_never_opened")
        if self.entry["open"]:
            raise RefusedError("entry_still_open")
        if not self.entry["asked"]:
            self.entry["asked"] = True
            self._note("EntryReopeningRequested", now)

    def _decline(self, now: datetime) -> None:
        if not self.entry["asked"]:
            raise RefusedError("reopening_not_requested")
        self.entry["asked"] = False
        self._note("EntryReopeningDeclined", now)

    def _apply(self, now: datetime, asked: Any) -> None:
        overdue = self._past_period(now)
        if overdue and not self.entry["open"]:
            raise RefusedError("entry_not_open")
        if not overdue and self.counted >= 5:
            raise RefusedError("application_limit_reached")
        if self.active() is not None:
            raise RefusedError("ticket_already_active")
        if self._left() == 0:
            raise RefusedError("amount_exceeds_refundable")
        self.check_wish(asked.type, asked)
        if overdue:
            self.entry["used"] = True
        else:
            self.counted += 1
        ticket = PlainTicket(
            ticket_id=f"{self.order_id}-{len(self.tickets) + 1}",
            kind=str(asked.type),
            reason=str(asked.reason),
            wanted=[(item.item_id, item.quantity, item.amount) for item in asked.items],
            overdue=overdue,
        )
        self.tickets.append(ticket)
        self._move(ticket, "pending_merchant", now)
        self._note("TicketCreated", now, ticket)

    def _past_period(self, now: datetime) -> bool:
        received = self.told.get("RecordReceiptConfirmation")
        return received is not None and now - received >= timedelta(hours=7 * 24)

    def _left(self) -> int:
        return sum(paid for _, paid in self.items.values()) - sum(self.paid_back.values())


def _described(ticket: PlainTicket) -> dict[str, Any]:
    return {
        "kind": ticket.kind,
        "state": ticket.state,
        "reason": ticket.reason,
        "wanted": ticket.wanted,
        "amount": sum(amount for _, _, amount in ticket.wanted),
        "overdue": ticket.overdue,
        "due": (ticket.due, BY_ITSELF[ticket.state]) if ticket.due else None,
        "remind": ticket.remind,
        "version": ticket.version,
        "modifications": ticket.times["modifications"],
        "extensions": ticket.times["extensions"],
        "remarks": ticket.times["remarks"],
        "parcel": ticket.parcel,
        "corrected": ticket.corrected,
        "cause": ticket.cause,
        "evidence": sorted(ticket.evidence.items()),
    }

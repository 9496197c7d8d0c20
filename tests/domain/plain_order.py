"""The rules of an order written a second time, in plain dicts and strings, to hold the first to.

Nothing here comes from the application: numbers and names are those of the product's description.
"""

import copy
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

FINAL = {"succeeded", "completed", "closed"}
MONEY_TYPES = {"refund_only", "return_and_refund"}
RETURN_TYPES = {"return_and_refund", "exchange", "repair"}
OPEN = {
    "pending_merchant",
    "awaiting_return",
    "awaiting_merchant_receipt",
    "awaiting_replacement",
    "awaiting_buyer_receipt",
    "refunding",
    "rejected",
    "rejected_after_return",
    "in_arbitration",
}
REJECTED = {"rejected", "rejected_after_return"}
BUYER, MERCHANT, PLATFORM = {"consumer"}, {"merchant"}, {"platform"}
ALLOWED: dict[str, tuple[str, set[str], set[str], str]] = {
    "AgreeToApplication": ("agree", {"pending_merchant"}, MERCHANT, "already_decided"),
    "RejectApplication": ("reject", {"pending_merchant"}, MERCHANT, "already_decided"),
    "ApplyAssistantRule": ("apply_rule", {"pending_merchant"}, set(), "already_decided"),
    "ModifyApplication": (
        "modify",
        {"pending_merchant", *REJECTED},
        BUYER,
        "modification_not_allowed",
    ),
    "WithdrawApplication": (
        "withdraw",
        {"pending_merchant", "awaiting_return", *REJECTED},
        BUYER,
        "withdrawal_not_allowed",
    ),
    "ProcessRejectedTicket": ("process_again", REJECTED, MERCHANT, "ticket_not_rejected"),
    "ShipGoodsBack": ("ship_back", {"awaiting_return"}, BUYER, "return_not_awaited"),
    "ExtendReturnDeadline": ("extend", {"awaiting_return"}, MERCHANT, "return_not_awaited"),
    "CorrectReturnShipment": (
        "correct",
        {"awaiting_merchant_receipt"},
        BUYER,
        "return_not_under_way",
    ),
    "ConfirmReturnReceipt": (
        "confirm_return",
        {"awaiting_merchant_receipt"},
        MERCHANT,
        "return_not_under_way",
    ),
    "RejectReturnedGoods": (
        "reject_goods",
        {"awaiting_merchant_receipt"},
        MERCHANT,
        "return_not_under_way",
    ),
    "ShipReplacement": (
        "ship_replacement",
        {"awaiting_replacement"},
        MERCHANT,
        "replacement_not_awaited",
    ),
    "ConfirmReplacementReceipt": (
        "confirm_replacement",
        {"awaiting_buyer_receipt"},
        BUYER,
        "replacement_not_under_way",
    ),
    "RequestArbitration": (
        "ask_platform",
        REJECTED,
        BUYER,
        "arbitration_not_available",
    ),
    "SubmitArbitrationEvidence": (
        "give_evidence",
        {"in_arbitration"},
        BUYER | MERCHANT,
        "not_in_arbitration",
    ),
    "RuleArbitration": ("rule", {"in_arbitration"}, PLATFORM, "not_in_arbitration"),
    "WithdrawArbitration": ("make_peace", {"in_arbitration"}, BUYER, "not_in_arbitration"),
    "AddTicketRemark": ("remark", OPEN, BUYER | MERCHANT | PLATFORM, "ticket_final"),
    "RecordRefundSuccess": ("money_arrived", {"refunding"}, PLATFORM, "not_refunding"),
}
"""Of each decision: our name for it, in which states, by whom, and the code anywhere else."""


class RefusedError(Exception):
    """A command the rules refuse, with the code and the codes of failed rules."""

    def __init__(self, code: str, rules: Iterable[str] = ()) -> None:
        super().__init__(code)
        self.code, self.rules = code, list(rules)


class PlainOrder:
    """One order served by the product: physical goods, paid online, of the general business."""

    def __init__(self, created: datetime, items: dict[str, tuple[int, int]]) -> None:
        self.created, self.items = created, items
        self.told: dict[str, datetime] = {}
        self.entry: dict[str, Any] = {"generation": 0, "open": False, "asked": False}
        self.tickets: list[dict[str, Any]] = []
        self.paid_back = dict.fromkeys(items, 0)
        self.sent_back = dict.fromkeys(items, 0)
        self.counted = 0
        self.happened: list[tuple[str, datetime]] = [("OrderRegistered", created)]

    def after(self, what: str, now: datetime, *given: Any) -> "PlainOrder":
        """Return the order after a command; RefusedError if the rules refuse it."""
        order = copy.deepcopy(self)
        now = max(now, self.happened[-1][1])
        order.pass_time(now)
        getattr(order, what)(now, *given)
        return order

    def interesting_instants(self) -> list[datetime]:
        """Return the instants at which the answer to some command changes."""
        instants = [ticket["due"] for ticket in self.tickets if ticket["due"]]
        if self.entry["open"]:
            instants += [self.entry["expires"], self.entry["expires"] - timedelta(hours=24)]
        if "received" in self.told:
            instants.append(self.told["received"] + timedelta(hours=7 * 24))
        return [*instants, self.created + timedelta(hours=150 * 24)]

    def active(self) -> dict[str, Any] | None:
        """Return the ticket that has not ended."""
        return next((ticket for ticket in self.tickets if ticket["state"] not in FINAL), None)

    def pass_time(self, now: datetime) -> None:
        """Let happen what is due: the earliest first, a ticket before the entry."""
        while True:
            waiting = [ticket for ticket in self.tickets if ticket["due"]]
            due = [(t["remind"], 0, t) for t in waiting if t["remind"] and t["remind"] <= now]
            due += [(t["due"], 1, t) for t in waiting if t["due"] <= now]
            entry = self.entry
            if entry["open"]:
                remind = entry["expires"] - timedelta(hours=24)
                if remind <= now and not entry["used"] and not entry["reminded"]:
                    due.append((remind, 2, entry))
                elif entry["expires"] <= now:
                    due.append((entry["expires"], 2, entry))
            if not due:
                return
            at, rank, thing = min(due, key=lambda item: item[:2])
            if rank == 0:
                thing["remind"] = None
                self._note("TicketDueReminded", at)
            elif thing is not entry:
                self._ticket_acts(thing, at)
            elif at == entry["expires"]:
                entry["open"] = entry["asked"] = False
                self._note("AfterSalesEntryExpired", at)
            else:
                entry["reminded"] = True
                self._note("AfterSalesEntryExpiring", at)

    def wake(self, now: datetime) -> None:
        """Only let time pass."""

    def tell(self, now: datetime, fact: str, instant: datetime) -> None:
        """Note a shipment, a receipt or a settlement."""
        if fact in self.told:
            if self.told[fact] != instant:
                raise RefusedError("fact_conflict")
            return
        if instant > now + timedelta(seconds=5):
            raise RefusedError("fact_in_future")
        if instant < self.created:
            raise RefusedError("fact_before_order")
        known = {**self.told, fact: instant}
        in_order = [known[name] for name in ("shipped", "received", "settled") if name in known]
        if any(one > next_one for one, next_one in pairwise(in_order)):
            raise RefusedError("fact_out_of_order")
        self.told[fact] = instant
        names = {"shipped": "OrderShipped", "received": "ReceiptConfirmed"}
        self._note(names.get(fact, "OrderSettled"), now)

    def open(self, now: datetime) -> None:
        """Open the entry."""
        if self.entry["open"]:
            return
        received = self.told.get("received")
        failing = {
            "receipt_not_confirmed": received is None,
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

    def ask_again(self, now: datetime) -> None:
        """Ask for a closed entry to be opened again."""
        if self.entry["generation"] == 0:
            raise RefusedError("entry_never_opened")
        if self.entry["open"]:
            raise RefusedError("entry_still_open")
        if not self.entry["asked"]:
            self.entry["asked"] = True
            self._note("EntryReopeningRequested", now)

    def decline(self, now: datetime) -> None:
        """Answer that with no."""
        if not self.entry["asked"]:
            raise RefusedError("reopening_not_requested")
        self.entry["asked"] = False
        self._note("EntryReopeningDeclined", now)

    def apply(self, now: datetime, kind: str, wanted: list[tuple[str, int, int]]) -> None:
        """Apply for some items: (id, units, minor units) of each."""
        overdue = self._past_period(now)
        if overdue and not self.entry["open"]:
            raise RefusedError("entry_not_open")
        if not overdue and self.counted >= 5:
            raise RefusedError("application_limit_reached")
        if self.active() is not None:
            raise RefusedError("ticket_already_active")
        if self._left() == 0:
            raise RefusedError("amount_exceeds_refundable")
        self._check_wanted(kind, wanted)
        if overdue:
            self.entry["used"] = True
        else:
            self.counted += 1
        ticket = {"kind": kind, "wanted": wanted, "overdue": overdue}
        self.tickets.append(ticket)
        self._move(ticket, "pending_merchant", now, 48)
        self._note("TicketCreated", now)

    def on_ticket(self, now: datetime, decision: str, number: int) -> None:
        """Decide on the n-th ticket, counted from 1."""
        if number > len(self.tickets):
            raise RefusedError("ticket_not_found")
        ticket = self.tickets[number - 1]
        name, states, _, code = ALLOWED[decision]
        if ticket["state"] in FINAL:
            raise RefusedError("ticket_final")
        if ticket["state"] not in states:
            raise RefusedError(code)
        if name == "agree":
            self._agree(ticket, now)
        elif name == "reject":
            self._move(ticket, "rejected", now, 7 * 24)
            self._note("ApplicationRejected", now)
        elif name == "withdraw":
            self._move(ticket, "closed", now)
            self._note("TicketClosed", now)
        else:
            for item_id, _, amount in ticket["wanted"]:
                self.paid_back[item_id] += amount
            self._move(ticket, "succeeded", now)
            self._note("RefundSucceeded", now)

    def _check_wanted(self, kind: str, wanted: list[tuple[str, int, int]]) -> None:
        ids = [item_id for item_id, _, _ in wanted]
        if len(set(ids)) < len(ids):
            raise RefusedError("item_repeated")
        for item_id, units, amount in wanted:
            if item_id not in self.items:
                raise RefusedError("item_not_in_order")
            bought, paid = self.items[item_id]
            if units <= 0 or amount < 0:
                raise RefusedError("nothing_requested")
            if units > bought - self.sent_back[item_id]:
                raise RefusedError("quantity_exceeded")
            if amount > (paid - self.paid_back[item_id] if kind in MONEY_TYPES else 0):
                raise RefusedError("amount_exceeds_refundable")
        if not wanted or (kind in MONEY_TYPES and sum(amount for _, _, amount in wanted) == 0):
            raise RefusedError("nothing_requested")

    def _ticket_acts(self, ticket: dict[str, Any], at: datetime) -> None:
        if ticket["state"] == "pending_merchant":
            self._agree(ticket, at)
        elif ticket["state"] == "awaiting_replacement":
            self._move(ticket, "in_arbitration", at, 7 * 24)
            self._note("TicketEscalated", at)
        elif ticket["state"] == "in_arbitration":
            ticket["wanted"] = [
                (item_id, units, self._worth(item_id, units))
                for item_id, units, _ in ticket["wanted"]
            ]
            worth = sum(amount for _, _, amount in ticket["wanted"])
            self._move(ticket, "refunding" if worth else "closed", at)
            self._note("ArbitrationRuled", at)
        else:
            self._move(ticket, "closed", at)
            self._note("TicketClosed", at)

    def _agree(self, ticket: dict[str, Any], at: datetime) -> None:
        if ticket["kind"] in RETURN_TYPES:
            self._move(ticket, "awaiting_return", at, 7 * 24)
        elif ticket["kind"] == "refund_only":
            self._move(ticket, "refunding", at)
        else:
            self._move(ticket, "awaiting_replacement", at, 48)
        self._note("ApplicationAgreed", at)

    def _worth(self, item_id: str, units: int) -> int:
        bought, paid = self.items[item_id]
        return min(paid * units // bought, paid - self.paid_back[item_id])

    def _move(
        self, ticket: dict[str, Any], state: str, now: datetime, hours: int | None = None
    ) -> None:
        ticket["state"], ticket["due"], ticket["remind"] = state, None, None
        if hours is not None:
            ticket["due"] = now + timedelta(hours=hours)
            ticket["remind"] = ticket["due"] - timedelta(hours=12 if hours <= 48 else 24)

    def _note(self, event: str, at: datetime) -> None:
        self.happened.append((event, at))

    def _past_period(self, now: datetime) -> bool:
        received = self.told.get("received")
        return received is not None and now - received >= timedelta(hours=7 * 24)

    def _left(self) -> int:
        return sum(paid for _, paid in self.items.values()) - sum(self.paid_back.values())

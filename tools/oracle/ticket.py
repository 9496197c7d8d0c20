"""A ticket as the rules require it."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from tools.oracle.rules import FINAL, GOODS_BACK, MONEY, WAITS, reminder_before


class Refused(Exception):
    """What the rules refuse: a code, and the codes of failed rules where there are any."""

    def __init__(self, code: str, failed_rules: frozenset[str] = frozenset()) -> None:
        super().__init__(code)
        self.code = code
        self.failed_rules = failed_rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Units of an item, and the money asked for them in minor units."""

    item_id: str
    quantity: int
    amount: int


@dataclass(slots=True, kw_only=True)
class PlainDue:
    """The deadline of a ticket and what happens then; ``remind_at`` is over once ``reminded``."""

    at: datetime
    action: str
    concerns: str
    remind_at: datetime
    reminded: bool = False


@dataclass(slots=True, kw_only=True)
class PlainArbitration:
    """The latest arbitration of a ticket. ``given``: how often each side gave evidence in it.

    ``shown`` counts what is shown of that: one more where a request began it.
    """

    number: int
    cause: str
    came_from: str
    began_at: datetime
    given: dict[str, int]
    shown: int
    withdrawn_at: datetime | None = None
    ruling: dict[str, Any] | None = None


@dataclass(slots=True, kw_only=True)
class PlainTicket:
    """A ticket. ``asked`` is what its buyer asked for, ``granted`` what it would pay now."""

    ticket_id: str
    type: str
    asked: list[Asked]
    granted: list[Asked]
    reason: str
    overdue: bool
    generation: int | None
    created_at: datetime
    state: str = ""
    due: PlainDue | None = None
    version: int = 0
    updated_at: datetime
    goods_back: bool = False
    modifications: int = 0
    extensions: int = 0
    remarks: int = 0
    notified: bool = False
    arbitrations: int = 0
    arbitration: PlainArbitration | None = None
    agreed_automatically: bool | None = None
    agreed_without_return: bool | None = None
    rejection: str | None = None
    return_rejection: str | None = None
    parcel: tuple[str, str] | None = None
    parcel_corrected: bool = False
    replacement: tuple[str, str] | None = None
    closed_at: datetime | None = None
    close_cause: str | None = None
    refunded: int = 0

    def copy(self) -> "PlainTicket":
        """Return a ticket that changes independently."""
        arbitration = self.arbitration
        return replace(
            self,
            due=self.due and replace(self.due),
            arbitration=arbitration and replace(arbitration, given=dict(arbitration.given)),
        )

    @property
    def active(self) -> bool:
        """Whether anything may still happen to it."""
        return self.state not in FINAL

    def enter(self, state: str, at: datetime) -> None:
        """Go to a state; its wait begins now."""
        self.state, self.due = state, None
        if state in WAITS:
            within, action, concerns = WAITS[state]
            ends = at + within
            self.due = PlainDue(
                at=ends,
                action=action,
                concerns=concerns,
                remind_at=ends - reminder_before(within),
            )

    def grant(self, at: datetime, *, goods_settled: bool) -> None:
        """Enter the state after a grant: goods go back first, where they must and have not."""
        kept = self.agreed_without_return is True
        if self.type in GOODS_BACK and not goods_settled and not kept:
            self.enter("awaiting_return", at)
        elif self.type in MONEY:
            self.enter("refunding", at)
        else:
            self.enter("awaiting_replacement", at)

    def close(self, cause: str, at: datetime) -> None:
        """Close the ticket without granting what was asked for."""
        self.enter("closed", at)
        self.closed_at, self.close_cause = at, cause

    def begin_arbitration(self, cause: str, at: datetime, *, shown: int) -> None:
        """Begin an arbitration."""
        self.arbitration = PlainArbitration(
            number=1 if self.arbitration is None else self.arbitration.number + 1,
            cause=cause,
            came_from=self.state,
            began_at=at,
            given={"consumer": 0, "merchant": 0},
            shown=shown,
        )
        self.enter("in_arbitration", at)

    def extended_due(self, to: datetime, at: datetime) -> None:
        """Set the deadline to a later instant."""
        assert self.due is not None  # noqa: S101 - only a ticket that waits is extended
        self.due = replace(self.due, at=to, remind_at=to - reminder_before(to - at), reminded=False)

"""Which sides may decide what on a ticket, in which states.

Each family of decisions has its rows beside its commands; `commands.TRANSITIONS` is all of them.
"""

from collections.abc import Mapping, Set
from dataclasses import dataclass
from typing import Any

from app.domain.order.tickets import FINAL_STATES, Side, Ticket, TicketState
from app.domain.rejections import Rejection, RejectionCode, reject

REJECTED_STATES = frozenset({TicketState.REJECTED, TicketState.REJECTED_AFTER_RETURN})
ACTIVE_STATES = frozenset(TicketState) - FINAL_STATES


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A row: the sides that may decide, the states they may in, the code for all other states.

    Without sides the service itself decides, by a rule the merchant has set.
    """

    sides: frozenset[Side]
    states: frozenset[TicketState]
    refusal: RejectionCode


Transitions = Mapping[type[Any], Transition]
"""Rows by the command class."""


def allow(
    sides: Side | Set[Side], states: TicketState | Set[TicketState], refusal: RejectionCode
) -> Transition:
    """Return a row; one side or one state need not be put into a set."""
    return Transition(
        sides=frozenset({sides} if isinstance(sides, Side) else sides),
        states=frozenset({states} if isinstance(states, TicketState) else states),
        refusal=refusal,
    )


def refuse_transition(command: object, row: Transition, ticket: Ticket) -> Rejection | None:
    """Return why a decision cannot be made where the ticket stands, or by this side; or None."""
    if not ticket.active:
        return reject(RejectionCode.TICKET_FINAL, state=ticket.state.value)
    if ticket.state not in row.states:
        return reject(
            row.refusal,
            state=ticket.state.value,
            allowed_in=", ".join(sorted(state.value for state in row.states)),
        )
    side = getattr(command, "side", None)
    if side is not None and side not in row.sides:
        return reject(RejectionCode.DECISION_OF_ANOTHER_SIDE, side=side.value)
    return None

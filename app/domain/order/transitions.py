"""Who may decide what, where: the table of a ticket's life (domain: applications and tickets).

To add a decision: a row here. What is not in the table is refused with the row's own code.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from app.domain.order.answers import (
    AgreeToApplication,
    ApplyAssistantRule,
    ProcessRejectedTicket,
    RejectApplication,
)
from app.domain.order.applications import AddTicketRemark, ModifyApplication, WithdrawApplication
from app.domain.order.arbitration import (
    RequestArbitration,
    RuleArbitration,
    SubmitArbitrationEvidence,
    WithdrawArbitration,
)
from app.domain.order.commands import TicketDecision
from app.domain.order.refunds import RecordRefundSuccess
from app.domain.order.replacements import ConfirmReplacementReceipt, ShipReplacement
from app.domain.order.returns import (
    ConfirmReturnReceipt,
    CorrectReturnShipment,
    ExtendReturnDeadline,
    RejectReturnedGoods,
    ShipGoodsBack,
)
from app.domain.order.tickets import FINAL_STATES, Side, Ticket, TicketState
from app.domain.rejections import Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A row: the sides that may decide, the states they may in, the code for all other states.

    No side at all: the service itself decides, for a side that told it how.
    """

    sides: frozenset[Side]
    states: frozenset[TicketState]
    refusal: RejectionCode


_S = TicketState
_REJECTED = frozenset({_S.REJECTED, _S.REJECTED_AFTER_RETURN})
_ACTIVE = frozenset(TicketState) - FINAL_STATES


def _row(
    sides: Side | frozenset[Side], states: TicketState | frozenset[TicketState], code: RejectionCode
) -> Transition:
    return Transition(
        sides=frozenset({sides}) if isinstance(sides, Side) else sides,
        states=frozenset({states}) if isinstance(states, TicketState) else states,
        refusal=code,
    )


TRANSITIONS: Mapping[type[TicketDecision], Transition] = MappingProxyType(
    {
        AgreeToApplication: _row(Side.MERCHANT, _S.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED),
        RejectApplication: _row(Side.MERCHANT, _S.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED),
        ApplyAssistantRule: _row(frozenset(), _S.PENDING_MERCHANT, RejectionCode.ALREADY_DECIDED),
        ModifyApplication: _row(
            Side.CONSUMER,
            _REJECTED | {_S.PENDING_MERCHANT},
            RejectionCode.MODIFICATION_NOT_ALLOWED,
        ),
        WithdrawApplication: _row(
            Side.CONSUMER,
            _REJECTED | {_S.PENDING_MERCHANT, _S.AWAITING_RETURN},
            RejectionCode.WITHDRAWAL_NOT_ALLOWED,
        ),
        ProcessRejectedTicket: _row(Side.MERCHANT, _REJECTED, RejectionCode.TICKET_NOT_REJECTED),
        ShipGoodsBack: _row(Side.CONSUMER, _S.AWAITING_RETURN, RejectionCode.RETURN_NOT_AWAITED),
        ExtendReturnDeadline: _row(
            Side.MERCHANT, _S.AWAITING_RETURN, RejectionCode.RETURN_NOT_AWAITED
        ),
        CorrectReturnShipment: _row(
            Side.CONSUMER, _S.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
        ),
        ConfirmReturnReceipt: _row(
            Side.MERCHANT, _S.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
        ),
        RejectReturnedGoods: _row(
            Side.MERCHANT, _S.AWAITING_MERCHANT_RECEIPT, RejectionCode.RETURN_NOT_UNDER_WAY
        ),
        ShipReplacement: _row(
            Side.MERCHANT, _S.AWAITING_REPLACEMENT, RejectionCode.REPLACEMENT_NOT_AWAITED
        ),
        ConfirmReplacementReceipt: _row(
            Side.CONSUMER, _S.AWAITING_BUYER_RECEIPT, RejectionCode.REPLACEMENT_NOT_UNDER_WAY
        ),
        RequestArbitration: _row(Side.CONSUMER, _REJECTED, RejectionCode.ARBITRATION_NOT_AVAILABLE),
        SubmitArbitrationEvidence: _row(
            frozenset({Side.CONSUMER, Side.MERCHANT}),
            _S.IN_ARBITRATION,
            RejectionCode.NOT_IN_ARBITRATION,
        ),
        RuleArbitration: _row(Side.PLATFORM, _S.IN_ARBITRATION, RejectionCode.NOT_IN_ARBITRATION),
        WithdrawArbitration: _row(
            Side.CONSUMER, _S.IN_ARBITRATION, RejectionCode.NOT_IN_ARBITRATION
        ),
        RecordRefundSuccess: _row(Side.PLATFORM, _S.REFUNDING, RejectionCode.NOT_REFUNDING),
        AddTicketRemark: _row(frozenset(Side), _ACTIVE, RejectionCode.TICKET_FINAL),
    }
)
"""For each decision, who may take it in which states."""


def refuse_transition(command: TicketDecision, ticket: Ticket) -> Rejection | None:
    """Return why a decision cannot be taken where the ticket stands, or by this side; or None."""
    row = TRANSITIONS[type(command)]
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

"""The commands of an order: the unions of what the family files declare."""

from dataclasses import dataclass
from types import MappingProxyType

from app.domain.order import answers, applications, arbitration, refunds, replacements, returns
from app.domain.order.answers import AnswerCommand
from app.domain.order.applications import Application, ApplicationCommand
from app.domain.order.arbitration import ArbitrationCommand
from app.domain.order.entries import EntryCommand
from app.domain.order.payouts import PayoutCommand
from app.domain.order.refunds import RecordRefundSuccess, RefundReport
from app.domain.order.registration import FactCommand
from app.domain.order.replacements import ReplacementCommand
from app.domain.order.returns import ReturnCommand
from app.domain.order.transitions import Transitions

TicketDecision = (
    AnswerCommand
    | ApplicationCommand
    | ReturnCommand
    | ReplacementCommand
    | ArbitrationCommand
    | RecordRefundSuccess
)

TRANSITIONS: Transitions = MappingProxyType(
    {
        **answers.TRANSITIONS,
        **applications.TRANSITIONS,
        **returns.TRANSITIONS,
        **replacements.TRANSITIONS,
        **arbitration.TRANSITIONS,
        **refunds.TRANSITIONS,
    }
)
"""Of each decision on a ticket the sides that may make it, and in which states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActOnDeadlines:
    """Let happen what has fallen due. Nothing due: nothing happens."""


OrderCommand = (
    FactCommand
    | EntryCommand
    | Application
    | TicketDecision
    | RefundReport
    | PayoutCommand
    | ActOnDeadlines
)
"""Everything that can be asked of an order."""

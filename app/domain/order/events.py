"""The events of an order: the unions of what the family files declare."""

from app.domain.order.answers import AnswerToApplication
from app.domain.order.applications import (
    ApplicationChange,
    TicketCreated,
    TicketDueReminded,
)
from app.domain.order.arbitration import ArbitrationChange
from app.domain.order.entries import EntryEvent
from app.domain.order.payouts import PayoutChange
from app.domain.order.refunds import RefundChange
from app.domain.order.registration import FactEvent
from app.domain.order.replacements import ReplacementChange
from app.domain.order.returns import ReturnChange

TicketChange = (
    AnswerToApplication
    | ApplicationChange
    | ReturnChange
    | ReplacementChange
    | ArbitrationChange
    | RefundChange
    | PayoutChange
)
"""What changes a ticket: each names the state and the deadline it leads to."""


TicketEvent = TicketCreated | TicketChange | TicketDueReminded


OrderEvent = FactEvent | EntryEvent | TicketEvent
"""Everything that can have happened to an order."""

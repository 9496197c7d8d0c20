"""Which events of orders are public, and by what names. mypy names each that is forgotten here.

An event that others are not told of is named `PRIVATE`, and the reason is said.
"""

from typing import Final, assert_never

from app.domain.order.answers import (
    AnswerToApplication,
    ApplicationAgreed,
    ApplicationRejected,
    AssistantNotified,
    RejectionReversed,
)
from app.domain.order.applications import (
    ApplicationModified,
    TicketClosed,
    TicketCreated,
    TicketDueReminded,
    TicketRemarked,
)
from app.domain.order.arbitration import (
    ArbitrationChange,
    ArbitrationEvidenceSubmitted,
    ArbitrationRequested,
    ArbitrationRuled,
    ArbitrationWithdrawn,
    TicketEscalated,
)
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
    EntryEvent,
    EntryReopeningDeclined,
    EntryReopeningRequested,
)
from app.domain.order.events import TicketEvent
from app.domain.order.payouts import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.domain.order.refunds import (
    RefundChange,
    RefundFunded,
    RefundOutcomeUnknown,
    RefundRefused,
    RefundSucceeded,
)
from app.domain.order.registration import (
    FactEvent,
    OrderRegistered,
    OrderSettled,
    OrderShipped,
    ReceiptConfirmed,
)
from app.domain.order.replacements import ReplacementReceived, ReplacementShipped
from app.domain.order.returns import (
    GoodsShippedBack,
    ReturnChange,
    ReturnDeadlineExtended,
    ReturnedGoodsRejected,
    ReturnReceived,
    ReturnShipmentCorrected,
)
from app.domain.order.tickets import TicketState
from app.webhooks.catalog.event_types import EventType

PRIVATE: Final = None
"""Nobody is told."""


def fact_types(event: FactEvent) -> tuple[()]:
    """Name a fact of an order: the platform reported it itself, and nobody else is told."""
    match event:
        case OrderRegistered() | OrderShipped() | ReceiptConfirmed() | OrderSettled():
            return ()
        case _:
            assert_never(event)


def entry_type(event: EntryEvent) -> EventType:
    """Name an event of an entry."""
    match event:
        case AfterSalesEntryOpened():
            return EventType.ENTRY_OPENED
        case AfterSalesEntryExpiring():
            return EventType.ENTRY_EXPIRING
        case AfterSalesEntryExpired():
            return EventType.ENTRY_EXPIRED
        case EntryReopeningRequested():
            return EventType.ENTRY_REOPENING_REQUESTED
        case EntryReopeningDeclined():
            return EventType.ENTRY_REOPENING_DECLINED
        case _:
            assert_never(event)


def ticket_types(
    event: TicketEvent, before: TicketState | None, after: TicketState
) -> tuple[EventType, ...]:
    """Name an event of a ticket, and then what the state it led to means, if it is a new one."""
    named = (_ticket_type(event), _reached(after) if after is not before else PRIVATE)
    return tuple(dict.fromkeys(each for each in named if each is not PRIVATE))


def _reached(state: TicketState) -> EventType | None:
    match state:
        case TicketState.REFUNDING:
            return EventType.REFUND_REQUESTED
        case TicketState.SUCCEEDED:
            return EventType.TICKET_SUCCEEDED
        case TicketState.COMPLETED:
            return EventType.TICKET_COMPLETED
        case TicketState.CLOSED:
            return EventType.TICKET_CLOSED
        case (
            TicketState.PENDING_MERCHANT
            | TicketState.AWAITING_RETURN
            | TicketState.AWAITING_MERCHANT_RECEIPT
            | TicketState.AWAITING_REPLACEMENT
            | TicketState.AWAITING_BUYER_RECEIPT
            | TicketState.REJECTED
            | TicketState.REJECTED_AFTER_RETURN
            | TicketState.IN_ARBITRATION
        ):
            return PRIVATE  # what led there says it
        case _:
            assert_never(state)


def _ticket_type(event: TicketEvent) -> EventType | None:
    if isinstance(event, AnswerToApplication):
        return _answer_type(event)
    if isinstance(event, ReturnChange):
        return _return_type(event)
    if isinstance(event, ArbitrationChange):
        return _arbitration_type(event)
    if isinstance(event, RefundChange):
        return _refund_type(event)
    if isinstance(event, PayoutChange):
        return _payout_type(event)
    match event:
        case TicketCreated():
            return EventType.TICKET_CREATED
        case ApplicationModified():
            return EventType.TICKET_MODIFIED
        case TicketClosed():
            return EventType.TICKET_CLOSED
        case ReplacementShipped():
            return EventType.TICKET_REPLACEMENT_SHIPPED
        case ReplacementReceived():
            return EventType.TICKET_COMPLETED
        case TicketRemarked():
            return EventType.TICKET_REMARKED
        case TicketDueReminded():
            return PRIVATE  # a message to one side; the ticket's `due` told everybody long before
        case _:
            assert_never(event)


def _answer_type(event: AnswerToApplication) -> EventType | None:
    match event:
        case ApplicationAgreed():
            return EventType.TICKET_AGREED
        case ApplicationRejected():
            return EventType.TICKET_REJECTED
        case RejectionReversed():
            return EventType.TICKET_REJECTION_REVERSED
        case AssistantNotified():
            return PRIVATE  # a message to the merchant
        case _:
            assert_never(event)


def _return_type(event: ReturnChange) -> EventType:
    match event:
        case GoodsShippedBack():
            return EventType.TICKET_RETURN_SHIPPED
        case ReturnShipmentCorrected():
            return EventType.TICKET_RETURN_CORRECTED
        case ReturnDeadlineExtended():
            return EventType.TICKET_RETURN_EXTENDED
        case ReturnReceived():
            return EventType.TICKET_RETURN_RECEIVED
        case ReturnedGoodsRejected():
            return EventType.TICKET_RETURN_REJECTED
        case _:
            assert_never(event)


def _arbitration_type(event: ArbitrationChange) -> EventType:
    match event:
        case ArbitrationRequested():
            return EventType.TICKET_ARBITRATION_REQUESTED
        case TicketEscalated():
            return EventType.TICKET_ESCALATED
        case ArbitrationEvidenceSubmitted():
            return EventType.TICKET_EVIDENCE_SUBMITTED
        case ArbitrationRuled():
            return EventType.TICKET_RULED
        case ArbitrationWithdrawn():
            return EventType.TICKET_ARBITRATION_WITHDRAWN
        case _:
            assert_never(event)


def _refund_type(event: RefundChange) -> EventType:
    match event:
        case RefundFunded():
            return EventType.REFUND_FUNDED
        case RefundOutcomeUnknown():
            return EventType.REFUND_UNKNOWN
        case RefundRefused():
            return EventType.REFUND_FAILED
        case RefundSucceeded():
            return EventType.REFUND_SUCCEEDED
        case _:
            assert_never(event)


def _payout_type(event: PayoutChange) -> EventType | None:
    match event:
        case AdvancePayoutRequested() | AdvancePayoutDeclined():
            return PRIVATE  # the platform deliberates; nothing has moved
        case AdvancePayoutStarted():
            return EventType.ADVANCE_PAYOUT_STARTED
        case AdvancePayoutOutcomeUnknown():
            return EventType.ADVANCE_PAYOUT_UNKNOWN
        case AdvancePayoutRefused():
            return EventType.ADVANCE_PAYOUT_FAILED
        case AdvancePayoutPaid():
            return EventType.ADVANCE_PAYOUT_PAID
        case _:
            assert_never(event)

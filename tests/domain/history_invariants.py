"""What every history of an order must be like, read off its events alone."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from app.domain.order.answers import ApplicationAgreed
from app.domain.order.applications import TicketClosed, TicketCreated, TicketDueReminded
from app.domain.order.arbitration import ArbitrationRuled, TicketEscalated
from app.domain.order.entries import (
    AfterSalesEntryExpired,
    AfterSalesEntryExpiring,
    AfterSalesEntryOpened,
)
from app.domain.order.events import OrderEvent, TicketEvent
from app.domain.order.registration import ReceiptConfirmed
from app.domain.order.replacements import ReplacementReceived
from app.domain.order.returns import ReturnReceived
from app.domain.order.tickets import Due
from tools.oracle.rules import FINAL

WEEK, LIFETIME = timedelta(days=7), timedelta(days=5)
NOT_BY_HAND = {"not_returned_in_time", "rejection_not_contested"}


def check_final_states_are_final(events: Sequence[OrderEvent]) -> None:
    """Nothing is heard of a ticket after its end."""
    ended: set[str] = set()
    for event in events:
        if isinstance(event, TicketEvent):
            assert event.ticket_id not in ended, event
            if event.state.value in FINAL:
                ended.add(event.ticket_id)


def check_nobody_got_in_outside_their_window(events: Sequence[OrderEvent]) -> None:
    """In the period before its end, at most five; past it only while the entry is open."""
    ends: datetime | None = None
    window: tuple[datetime, datetime] | None = None
    counted = 0
    for event in events:
        if isinstance(event, ReceiptConfirmed):
            ends = event.confirmed_at + WEEK
        if isinstance(event, AfterSalesEntryOpened):
            window = (event.at, event.at + LIFETIME)
        if isinstance(event, TicketCreated) and event.overdue:
            assert window is not None
            assert window[0] <= event.at < window[1]
        elif isinstance(event, TicketCreated):
            assert ends is None or event.at < ends
            counted += 1
    assert counted <= 5


def check_deadlines_act_once_at_their_instants(events: Sequence[OrderEvent]) -> None:
    """What happens by itself does so at its deadline, what is decided before it; both once."""
    dues: dict[str, Due | None] = {}
    reminded: set[tuple[str, Due]] = set()
    opened: AfterSalesEntryOpened | None = None
    for event in events:
        if isinstance(event, AfterSalesEntryOpened):
            opened = event
        elif isinstance(event, AfterSalesEntryExpiring):
            assert opened is not None
            assert event.at == opened.expires_at - timedelta(hours=24)
        elif isinstance(event, AfterSalesEntryExpired):
            assert opened is not None
            assert event.at == opened.at + LIFETIME
            opened = None
        elif isinstance(event, TicketEvent):
            due = dues.get(event.ticket_id)
            if isinstance(event, TicketDueReminded):
                assert event.due == due
                assert event.at == event.due.remind_at
                assert (event.ticket_id, event.due) not in reminded
                reminded.add((event.ticket_id, event.due))
                continue
            if by_itself(event):
                assert due is not None
                assert event.at == due.at
            else:
                assert due is None or event.at < due.at
            dues[event.ticket_id] = event.due


def by_itself(event: TicketEvent) -> bool:
    """Whether time alone made it happen."""
    match event:
        case ApplicationAgreed(automatic=automatic, rule=rule):
            return automatic and rule is None
        case ReturnReceived() | ReplacementReceived() | ArbitrationRuled():
            return event.automatic
        case TicketClosed(cause=cause):
            return cause.value in NOT_BY_HAND
        case _:
            return isinstance(event, TicketEscalated)

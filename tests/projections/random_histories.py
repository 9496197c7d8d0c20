"""Histories of one order as the rules really make them: random commands at random instants."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import NAMESPACE_URL, uuid5

from hypothesis import strategies as st

from app.domain.order.commands import ActOnDeadlines, OrderCommand
from app.domain.order.decide import Accepted
from app.domain.order.entries import (
    DeclineEntryReopening,
    OpenAfterSalesEntry,
    RequestEntryReopening,
)
from app.domain.order.events import OrderEvent
from app.domain.order.facts import OrderFacts
from app.domain.order.registration import RecordSettlement
from app.domain.order.tickets import TicketType
from app.domain.reasons import DeclineReason
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata, Recorded, Role
from app.event_store.streams import order_stream, partition_of
from tests.support.orders import (
    CREATED,
    DAY,
    HOUR,
    ORDER,
    SHOP,
    agree,
    apply_for,
    order_facts,
    received_order,
    refund_arrived,
    refuse,
    registered_order,
    withdraw,
)

METADATA = EventMetadata(
    actor=Actor(role=Role.MERCHANT, id="key-1"),
    correlation_id="request-1",
    causation_id=None,
    policy_version=1,
    clock=ClockKind.SYSTEM,
)

_ON_ENTRY = (
    OpenAfterSalesEntry(),
    ActOnDeadlines(),
    RequestEntryReopening(note="还想退"),
    DeclineEntryReopening(reason=DeclineReason.SETTLED_OTHERWISE, note=None),
    RecordSettlement(settled_at=CREATED + 6 * DAY),
)
_ON_TICKET = (agree, refuse, withdraw, refund_arrived)
_PAUSES = (timedelta(0), HOUR, DAY, 2 * DAY, 4 * DAY, 5 * DAY, 7 * DAY)


@st.composite
def histories(draw: st.DrawFn, facts: OrderFacts | None = None) -> tuple[OrderEvent, ...]:
    """Draw the events of an order that is registered, and most often received and past its time."""
    facts = facts or order_facts()
    history = draw(st.sampled_from([registered_order, received_order, received_order]))(facts)
    now = history.order.updated_at + draw(st.sampled_from([HOUR, 8 * DAY]))
    for _ in range(draw(st.integers(0, 14))):
        outcome = history.ask(draw(_commands(facts.order_id)), at=now)
        if isinstance(outcome, Accepted):
            history = history.and_events(*outcome.all_events)
        now += draw(st.sampled_from(_PAUSES))
    return history.events


def _commands(order_id: str) -> st.SearchStrategy[OrderCommand]:
    return st.one_of(
        st.sampled_from(_ON_ENTRY),
        st.sampled_from(TicketType).map(apply_for),
        st.builds(
            lambda decision, number: decision(f"{order_id}-{number}"),
            st.sampled_from(_ON_TICKET),
            st.integers(1, 3),
        ),
    )


def recorded(
    events: Sequence[OrderEvent], *, shop_id: str = SHOP, order_id: str = ORDER
) -> list[Recorded[OrderEvent]]:
    """Return the events as the log would hold them, were the order alone in its partition."""
    stream_id = order_stream(shop_id, order_id)
    return [
        Recorded(
            partition_id=partition_of(shop_id),
            position=number,
            stream_id=stream_id,
            version=number,
            event_id=uuid5(NAMESPACE_URL, f"{stream_id}/{number}"),
            event=event,
            metadata=METADATA,
            occurred_at=event.at,
            recorded_at=event.at + HOUR,
        )
        for number, event in enumerate(events, start=1)
    ]

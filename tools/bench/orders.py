"""Orders to measure with: plain ones whose entry may be opened."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from uuid_utils.compat import uuid7

from app.domain.money import Money
from app.domain.order.decide import Accepted, decide
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.facts import (
    BusinessLine,
    CommissionTerms,
    Item,
    ItemKind,
    OnlinePayment,
    OrderFacts,
    PaymentChannel,
)
from app.domain.order.registration import OrderRegistered, OrderShipped, ReceiptConfirmed
from app.domain.order.state import Unregistered
from app.domain.policy import POLICY
from app.event_store.append import Append, NewEvent
from app.event_store.codec import Codec
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata, Role
from app.event_store.streams import order_stream, partition_of
from app.event_types.registry import order_codec

CODEC: Codec[OrderEvent] = order_codec()
SHOPS = 100
EVENTS_PER_ORDER = 3


def shop_number(number: int) -> str:
    """Name one of the shops that orders are spread over."""
    return f"shop-{number % SHOPS:03d}"


def received_order(shop_id: str, order_id: str, received_days_ago: int = 20) -> list[OrderEvent]:
    """Return the history of an order whose after-sales period is over and entry may be opened."""
    received_at = datetime.now(UTC) - timedelta(days=received_days_ago)
    created_at, shipped_at = received_at - timedelta(days=4), received_at - timedelta(days=3)
    return [
        OrderRegistered(at=created_at, facts=_facts(shop_id, order_id, created_at)),
        OrderShipped(at=shipped_at, shipped_at=shipped_at),
        ReceiptConfirmed(at=received_at, confirmed_at=received_at),
    ]


def encoded(event: OrderEvent) -> NewEvent:
    """Return an event as it is stored, with metadata of the usual size."""
    stored = CODEC.encode(event)
    return NewEvent(
        event_id=uuid7(),
        type=stored.type,
        schema_version=stored.schema_version,
        data=stored.data,
        metadata=_METADATA,
        occurred_at=event.at,
    )


def appends_of(shop_id: str, order_id: str, events: Sequence[OrderEvent]) -> Append:
    """Return the append that begins an order's stream with a history."""
    return Append(
        partition_id=partition_of(shop_id),
        stream_id=order_stream(shop_id, order_id),
        expected_version=0,
        events=tuple(encoded(event) for event in events),
    )


def opened_order(shop_id: str, order_id: str) -> list[OrderEvent]:
    """Return the history of an order whose entry was opened just now."""
    history = received_order(shop_id, order_id)
    order = fold(Unregistered(), history)
    decision = decide(OpenAfterSalesEntry(), order, datetime.now(UTC), POLICY)
    assert isinstance(decision, Accepted)  # noqa: S101 - the order is made for it
    return [*history, *decision.events]


def opened_event() -> NewEvent:
    """Return the event of an opened entry, as it is stored."""
    return encoded(opened_order("shop-000", "order-sample")[-1])


def _facts(shop_id: str, order_id: str, created_at: datetime) -> OrderFacts:
    amounts = (12_900, 4_500)
    return OrderFacts(
        shop_id=shop_id,
        order_id=order_id,
        buyer_id=f"buyer-of-{order_id}",
        created_at=created_at,
        payment=OnlinePayment(
            channel=PaymentChannel.ALIPAY,
            amount=Money(amount=sum(amounts), currency="CNY"),
            paid_at=created_at,
        ),
        items=tuple(
            Item(
                item_id=f"item-{number}",
                sku=f"sku-{number}",
                title="羊毛围巾",
                kind=ItemKind.PHYSICAL,
                quantity=1,
                amount_paid=amount,
            )
            for number, amount in enumerate(amounts, start=1)
        ),
        business_line=BusinessLine.GENERAL,
        commission=CommissionTerms(
            talent_basis_points=1_000, agency_basis_points=200, service_fee_basis_points=60
        ),
    )


_METADATA = CODEC.encode_metadata(
    EventMetadata(
        actor=Actor(role=Role.MERCHANT, id="00" + "f" * 16),
        correlation_id=str(uuid7()),
        causation_id=None,
        policy_version=1,
        clock=ClockKind.SYSTEM,
    )
)

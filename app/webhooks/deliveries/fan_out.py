"""The reader that queues each public event for every subscribed endpoint.

It cannot be rebuilt, because it has effects outside the service. An endpoint receives events from
after it was created or enabled; a queued delivery, sent or not, is never queued again.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import structlog

from app.event_store.connections import Connection
from app.event_store.recorded_event import ClockKind, Recorded
from app.event_store.streams import shop_of_stream
from app.event_types.registry import ServiceEvent
from app.webhooks.catalog.payload import ApiVersion, BodyForm, form_of
from app.webhooks.catalog.public_event import PublicEvent
from app.webhooks.catalog.publisher import public_events_of
from app.webhooks.deliveries.queueing import Message, QueuedDelivery, queue_deliveries
from app.webhooks.deliveries.tables import Cause

FANOUT_READER = "webhook_fanout"

# The partitions are a separate condition so that Citus sends a batch of one partition to its node.
FIND_SUBSCRIBED = """
SELECT e.partition_id, e.endpoint_id, e.shop_id, e.event_types, e.ordered, e.api_version,
       e.include, e.since_position
FROM after_sales.webhook_endpoints AS e
WHERE e.partition_id = ANY ($1::smallint[]) AND e.enabled
  AND (e.shop_id = ANY ($2::text[]) OR e.shop_id IS NULL)
"""

AT_ONCE = datetime.fromtimestamp(0, UTC)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """The settings of an endpoint that select its events, in one partition."""

    partition_id: int
    endpoint_id: UUID
    shop_id: str | None
    event_types: frozenset[str] | None
    ordered: bool
    form: BodyForm
    since_position: int

    def wants(self, event: PublicEvent) -> bool:
        """Whether an event matches in partition, shop and type."""
        return (
            event.partition_id == self.partition_id
            and self.shop_id in {None, event.shop_id}
            and (self.event_types is None or event.type.value in self.event_types)
        )


@dataclass(frozen=True, slots=True)
class WebhookFanOut:
    """Queues deliveries; a worker sends them (app/webhooks/deliveries/worker.py)."""

    name: str = FANOUT_READER

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Queue the deliveries of a batch; without subscriptions no public events are made.

        No endpoint can stop this reader: a faulty one fails only when something is sent to it.
        """
        subscriptions = await _subscriptions(connection, batch)
        if not subscriptions:
            return
        events = await public_events_of(connection, batch)
        await queue_deliveries(connection, list(_wanted(events, subscriptions)))


def deliveries_of(
    event: PublicEvent, subscriptions: Iterable[Subscription], cause: Cause
) -> Iterator[QueuedDelivery]:
    """Return the deliveries of an event; endpoints with the same form share a message."""
    messages: dict[BodyForm, Message] = {}
    for subscription in subscriptions:
        form = subscription.form
        if form not in messages:
            messages[form] = _message(event, form)
        yield _delivery(event, messages[form], subscription, cause)


def _wanted(
    events: Sequence[PublicEvent], subscriptions: Sequence[Subscription]
) -> Iterator[QueuedDelivery]:
    for event in events:
        wanting = [
            one for one in subscriptions if event.position > one.since_position and one.wants(event)
        ]
        yield from deliveries_of(event, wanting, Cause.EVENT)


def _message(event: PublicEvent, form: BodyForm) -> Message:
    return Message(
        partition_id=event.partition_id,
        message_id=event.event_id,
        form=form.name,
        body=event.body(form),
    )


def _delivery(
    event: PublicEvent, message: Message, subscription: Subscription, cause: Cause
) -> QueuedDelivery:
    """Return a delivery, due by the shop's clock or, for the platform, the service's.

    Instants of a test clock mean nothing to the platform's endpoints.
    """
    own_clock = event.clock is ClockKind.SYSTEM or subscription.shop_id is not None
    return QueuedDelivery(
        message=message,
        endpoint_id=subscription.endpoint_id,
        test_shop_id=event.shop_id if event.clock is ClockKind.TEST and own_clock else None,
        position=event.position,
        ordinal=event.ordinal,
        shop_id=event.shop_id,
        stream_id=event.stream_id,
        order_id=event.order_id,
        type=event.type.value,
        cause=cause,
        ordered=subscription.ordered,
        due_at=event.occurred_at if own_clock else AT_ONCE,
        created_at=event.occurred_at if own_clock else None,
    )


def subscription_of(row: asyncpg.Record) -> Subscription:
    """Return the subscription of a row."""
    types = row["event_types"]
    return Subscription(
        partition_id=row["partition_id"],
        endpoint_id=row["endpoint_id"],
        shop_id=row["shop_id"],
        event_types=None if types is None else frozenset(types),
        ordered=row["ordered"],
        form=form_of(ApiVersion(row["api_version"]), row["include"]),
        since_position=row["since_position"],
    )


async def _subscriptions(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> list[Subscription]:
    partitions = {recorded.partition_id for recorded in batch}
    shops = set(_shops(batch))
    rows = await connection.fetch(FIND_SUBSCRIBED, list(partitions), list(shops))
    return [subscription_of(row) for row in rows]


def _shops(batch: Sequence[Recorded[ServiceEvent]]) -> Iterator[str]:
    for recorded in batch:
        yield shop_of_stream(recorded.stream_id)

"""What a reader is: a name, a function over batches, and how to begin again.

The log holds events of several kinds of stream; most readers follow one kind only.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeGuard, TypeVar, runtime_checkable

from app.domain.funds.events import FundsEvent
from app.domain.order.events import OrderEvent
from app.domain.webhook_endpoints import WebhookEndpointEvent
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_types.registry import ServiceEvent

E_contra = TypeVar("E_contra", contravariant=True)


class Projection(Protocol[E_contra]):
    """Follows the log and keeps something in this database that follows from the events alone."""

    @property
    def name(self) -> str:
        """Identify the reader's checkpoints; never changes."""
        ...

    async def apply(self, connection: Connection, batch: Sequence[Recorded[E_contra]]) -> None:
        """Write the effects of events, in the open transaction, and nowhere else.

        Each partition's events come in order, partitions one after another; on Citus a batch keeps
        to one. Every event comes once. An exception stops the reader in the partition of the event
        that causes it, unless it is the connection's fault.
        """
        ...


@runtime_checkable
class RebuildableProjection(Projection[E_contra], Protocol[E_contra]):
    """A reader whose rows can be rebuilt from the log without an effect outside the database."""

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Delete everything ``apply`` ever wrote for one partition, in the open transaction."""
        ...


Own = TypeVar("Own")


@dataclass(frozen=True, slots=True)
class _OfKind(Generic[Own]):
    """Lets a reader of one kind of stream follow the whole log, of which it is shown its part."""

    reader: RebuildableProjection[Own]
    is_own: Callable[[Recorded[ServiceEvent]], TypeGuard[Recorded[Own]]]

    @property
    def name(self) -> str:
        """Identify the reader's checkpoints."""
        return self.reader.name

    async def clear(self, connection: Connection, partition_id: int) -> None:
        """Delete the rows of one partition."""
        await self.reader.clear(connection, partition_id)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Apply the events of the reader's own kind."""
        own = [recorded for recorded in batch if self.is_own(recorded)]
        if own:
            await self.reader.apply(connection, own)


def of_orders(
    reader: RebuildableProjection[OrderEvent],
) -> RebuildableProjection[ServiceEvent]:
    """Let a reader of orders follow the log."""
    return _OfKind(reader, is_of_order)


def of_funds(
    reader: RebuildableProjection[FundsEvent],
) -> RebuildableProjection[ServiceEvent]:
    """Let a reader of shops' money follow the log."""
    return _OfKind(reader, is_of_funds)


def is_of_order(recorded: Recorded[ServiceEvent]) -> TypeGuard[Recorded[OrderEvent]]:
    """Return whether an event is of an order: streams are named by their kind."""
    return recorded.stream_id.startswith("order/")


def is_of_funds(recorded: Recorded[ServiceEvent]) -> TypeGuard[Recorded[FundsEvent]]:
    """Return whether an event is of a shop's money."""
    return recorded.stream_id.startswith("funds/")


def is_of_endpoint(
    recorded: Recorded[ServiceEvent],
) -> TypeGuard[Recorded[WebhookEndpointEvent]]:
    """Return whether an event is of a webhook endpoint."""
    return recorded.stream_id.startswith("webhook_endpoint/")

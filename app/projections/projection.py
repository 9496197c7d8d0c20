"""What a reader is: a name, a function over batches, and how to begin again."""

from collections.abc import Sequence
from typing import Protocol, TypeVar, runtime_checkable

from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded

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

"""What is handed to the command handler, and what it gives back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from app.domain.order.commands import OrderCommand
from app.domain.order.events import OrderEvent
from app.domain.rejections import Rejection
from app.event_store.recorded_event import Actor, Recorded, Role

History = Sequence[Recorded[OrderEvent]]
"""The events of one order's stream, from its first."""

DEADLINES = Actor(role=Role.SYSTEM, id="deadlines")
"""In whose name happens what falls due by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IdempotencyKey:
    """A client's key, unique in its scope; the fingerprint tells one request from another."""

    scope: str
    key: str
    fingerprint: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """Commands for one order, all or none of them, and who asks.

    ``buyer_id`` restricts it to an order of that buyer; any other order is as good as not there.
    ``seen_version`` is the version the asker decided on: of the ticket, if the first command names
    one, else of the order. None: whatever the version is now. ``assumed_new`` saves the load for an
    order that is very likely not there yet; if it is, the append finds out. ``causation_id`` is the
    event a process acts on, if it is one that asks.
    """

    shop_id: str
    order_id: str
    commands: tuple[OrderCommand, ...]
    actor: Actor
    correlation_id: str
    causation_id: UUID | None = None
    buyer_id: str | None = None
    seen_version: int | None = None
    idempotency: IdempotencyKey | None = None
    assumed_new: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleVersion:
    """The ticket or order has changed since the asker looked."""

    current_version: int


Refusal = Rejection | StaleVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A rendered answer, kept with an idempotency key: status, body and the version it names."""

    status: int
    body: bytes
    etag: str | None = None
    language: str | None = None
    replayed: bool = False


class Responder(Protocol):
    """Renders answers. Called before the append, so that answer and events are stored together."""

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:
        """Render the order's history; if ``changed``, with the new events at its end.

        ``now`` is the instant the shop lives in: the one the commands were decided at.
        """
        ...

    def refused(self, refusal: Refusal) -> Answer:
        """Render a refusal."""
        ...


class KeyReused(Exception):
    """The idempotency key belongs to another request."""


class TooManyConflicts(Exception):
    """Others kept changing the order; repeating later helps."""

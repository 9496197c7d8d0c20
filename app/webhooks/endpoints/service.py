"""Creating and changing endpoints; each change is one transaction with the record of its actor.

A platform endpoint is changed in all partitions at once. Changes of one owner are serialized.
Disabling and enabling a shop's endpoint are events of the log, appended in the same transaction;
the platform's endpoints belong to no partition's log.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

import httpx
from pydantic_core import to_json
from uuid_utils.compat import uuid7

from app.domain import webhook_endpoints
from app.event_store.append import Append, NewEvent, Written
from app.event_store.append_statement import append_to_one_partition
from app.event_store.connections import Connection
from app.event_store.log import read_version
from app.event_store.recorded_event import Actor, ClockKind, EventMetadata
from app.event_store.streams import endpoint_stream, partition_of
from app.event_types.registry import endpoint_codec
from app.sealing import Seal
from app.webhooks.endpoints import queries
from app.webhooks.endpoints.endpoint import (
    ChangeKind,
    Endpoint,
    EndpointSecrets,
    EndpointSettings,
    Owner,
    new_secrets,
    open_secrets,
    seal_headers,
    seal_secrets,
)
from app.webhooks.signing import OLD_SECRET_KEPT

ENDPOINTS_MAX = 50
"""The maximum number of endpoints of an owner."""

SETTINGS = ("url", "description", "event_types", "ordered", "rate_per_second", "include")
"""What an endpoint shares with its settings, in the order of the columns."""

BEFORE_ALL = (datetime.min.replace(tzinfo=UTC), UUID(int=0))
"""The list position before the first endpoint."""


class EndpointNotFound(Exception):
    """The owner has no such endpoint."""


class TooManyEndpoints(Exception):
    """The owner has the maximum number of endpoints."""


class EndpointChanged(Exception):
    """The endpoint is not at the version the caller expected."""

    def __init__(self, current_version: int) -> None:
        super().__init__(f"the endpoint is at version {current_version}")
        self.current_version = current_version


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A change of an owner's endpoints, in an open transaction.

    ``at``: by the owner's clock. ``test_mode``: that is a test clock. ``correlation_id``: of the
    request. ``seen_version``: EndpointChanged unless the endpoint is at that version.
    """

    connection: Connection
    seal: Seal
    owner: Owner
    actor: Actor
    at: datetime
    test_mode: bool
    correlation_id: str
    seen_version: int | None = None

    async def create(
        self, settings: EndpointSettings, api_version: str
    ) -> tuple[Endpoint, EndpointSecrets]:
        """Create an endpoint and its secrets; TooManyEndpoints."""
        await self.lock()
        own = await queries.list_endpoints(
            self.connection, self.owner, after=BEFORE_ALL, limit=ENDPOINTS_MAX
        )
        if len(own) >= ENDPOINTS_MAX:
            raise TooManyEndpoints
        endpoint_id, secrets, headers = uuid7(), new_secrets(), settings.headers or {}
        await self.connection.execute(
            queries.INSERT,
            *(self.owner.partitions, endpoint_id, self.owner.shop_id, *_columns(settings)),
            *(api_version, sorted(headers), seal_headers(self.seal, endpoint_id, headers)),
            *(secrets.public_key, seal_secrets(self.seal, endpoint_id, secrets), self.at),
        )
        return await self._recorded(endpoint_id, ChangeKind.CREATED), secrets

    async def change(self, endpoint_id: UUID, settings: EndpointSettings) -> Endpoint:
        """Replace the settings; equal settings are no change."""
        before = await self._found(endpoint_id)
        if _is_same(before, settings):
            return before
        headers = settings.headers or {}
        await self.connection.execute(
            queries.CHANGE,
            *(self.owner.partitions, endpoint_id, *_columns(settings)),
            *(settings.headers is not None, sorted(headers)),
            *(seal_headers(self.seal, endpoint_id, headers), self.at),
        )
        return await self._recorded(endpoint_id, ChangeKind.CHANGED)

    async def disable(
        self, endpoint_id: UUID, reason: webhook_endpoints.DisabledReason
    ) -> Endpoint:
        """Disable an endpoint; queued deliveries stay queued. No change if it is disabled.

        For a shop's endpoint this appends an event, so it holds the lock of the log's head.
        """
        before = await self._found(endpoint_id)
        if before.disabled is not None:
            return before
        await self.connection.execute(
            queries.DISABLE, self.owner.partitions, endpoint_id, reason.value, self.at
        )
        return await self._published(await self._recorded(endpoint_id, ChangeKind.DISABLED))

    async def enable(self, endpoint_id: UUID) -> Endpoint:
        """Enable an endpoint: it receives what is queued and new events. No change if it is
        enabled.

        This appends an event too, the first one that the endpoint receives.
        """
        before = await self._found(endpoint_id)
        if before.disabled is None:
            return before
        place = (self.owner.partitions, endpoint_id)
        await self.connection.execute(queries.ENABLE, *place, self.at)
        await self.connection.execute(queries.WAKE_QUEUES, *place, before.version + 1)
        return await self._published(await self._recorded(endpoint_id, ChangeKind.ENABLED))

    async def rotate(self, endpoint_id: UUID) -> tuple[Endpoint, EndpointSecrets]:
        """Create new secrets; the old ones stay valid for 24 hours. TooManyRotations."""
        await self._found(endpoint_id)
        sealed = await self.connection.fetchval(queries.READ_SECRETS, self.owner.home, endpoint_id)
        secrets = open_secrets(self.seal, endpoint_id, sealed).rotated(self.at)
        await self.connection.execute(
            queries.ROTATE,
            *(self.owner.partitions, endpoint_id),
            *(seal_secrets(self.seal, endpoint_id, secrets), secrets.public_key),
            *(self.at + OLD_SECRET_KEPT, self.at),
        )
        return await self._recorded(endpoint_id, ChangeKind.SECRET_ROTATED), secrets

    async def delete(self, endpoint_id: UUID) -> None:
        """Delete an endpoint and its secrets; its history is kept."""
        endpoint = await self._found(endpoint_id)
        await self.connection.execute(queries.DELETE, self.owner.partitions, endpoint_id)
        await self._record(endpoint, endpoint.version + 1, ChangeKind.DELETED)

    async def lock(self) -> None:
        """Lock the owner's endpoints against other changes."""
        name = f"webhook endpoints/{self.owner.shop_id or ''}"
        await self.connection.execute(queries.LOCK_OWNER, self.owner.home, name)

    async def _found(self, endpoint_id: UUID) -> Endpoint:
        await self.lock()
        endpoint = await queries.fetch_endpoint(self.connection, self.owner, endpoint_id)
        if endpoint is None:
            raise EndpointNotFound
        if self.seen_version not in {None, endpoint.version}:
            raise EndpointChanged(endpoint.version)
        return endpoint

    async def _recorded(self, endpoint_id: UUID, kind: ChangeKind) -> Endpoint:
        """Record a change that was made, and return the endpoint after it."""
        endpoint = await queries.fetch_endpoint(self.connection, self.owner, endpoint_id)
        assert endpoint is not None  # noqa: S101 - just written and locked
        await self._record(endpoint, endpoint.version, kind)
        return endpoint

    async def _published(self, endpoint: Endpoint) -> Endpoint:
        """Append that an endpoint was disabled or enabled, and return it."""
        metadata = EventMetadata(
            actor=self.actor,
            correlation_id=self.correlation_id,
            causation_id=None,
            policy_version=None,
            clock=ClockKind.TEST if self.test_mode else ClockKind.SYSTEM,
        )
        await publish(self.connection, endpoint, metadata)
        return endpoint

    async def _record(self, endpoint: Endpoint, version: int, kind: ChangeKind) -> None:
        await self.connection.execute(
            queries.ADD_CHANGE,
            *(self.owner.home, endpoint.endpoint_id, version, kind.value),
            to_json(_shown_settings(endpoint)).decode(),
            *(self.actor.role.value, self.actor.id, self.at),
        )


def _columns(settings: EndpointSettings) -> tuple[object, ...]:
    return tuple(getattr(settings, name) for name in SETTINGS)


def _is_same(endpoint: Endpoint, settings: EndpointSettings) -> bool:
    unchanged = all(getattr(endpoint, name) == getattr(settings, name) for name in SETTINGS)
    return unchanged and settings.headers is None  # the former values of headers are sealed


def _shown_settings(endpoint: Endpoint) -> dict[str, object]:
    disabled = endpoint.disabled
    return {
        **{name: getattr(endpoint, name) for name in (*SETTINGS, "header_names")},
        "disabled_reason": None if disabled is None else disabled.reason.value,
    }


APPEND_TIMEOUT_SECONDS = 10.0

# From the append on the partition waits for this transaction, but not for a suspended process.
END_IF_IDLE = "SET LOCAL idle_in_transaction_session_timeout = 5000"

_CODEC = endpoint_codec()


async def publish(connection: Connection, endpoint: Endpoint, metadata: EventMetadata) -> None:
    """Append that a shop's endpoint is now disabled or enabled; nothing for the platform's.

    The owner's endpoints must be locked. The log's head is locked from here on, so the transaction
    must lock nothing more that others lock before the head, and should end soon.
    """
    if endpoint.shop_id is None:
        return
    await connection.execute(END_IF_IDLE)
    item = Append(
        partition_id=partition_of(endpoint.shop_id),
        stream_id=endpoint_stream(endpoint.shop_id, str(endpoint.endpoint_id)),
        expected_version=await stream_version(connection, endpoint),
        events=(_encoded(_event_of(endpoint), metadata),),
    )
    (outcome,) = await append_to_one_partition(connection, [item], APPEND_TIMEOUT_SECONDS)
    assert isinstance(outcome, Written), outcome  # noqa: S101 - the endpoint is locked


async def stream_version(connection: Connection, endpoint: Endpoint) -> int:
    """Return the version of an endpoint's stream; for the platform's, the endpoint's version."""
    if endpoint.shop_id is None:
        return endpoint.version
    stream_id = endpoint_stream(endpoint.shop_id, str(endpoint.endpoint_id))
    return await read_version(connection, partition_of(endpoint.shop_id), stream_id)


def shown_url(url: str) -> str:
    """Return an endpoint's URL for the log, without the parts that may be secret."""
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))


def _event_of(endpoint: Endpoint) -> webhook_endpoints.WebhookEndpointEvent:
    endpoint_id, url = str(endpoint.endpoint_id), shown_url(endpoint.url)
    if endpoint.disabled is None:
        return webhook_endpoints.WebhookEndpointEnabled(
            at=endpoint.changed_at, endpoint_id=endpoint_id, url=url
        )
    return webhook_endpoints.WebhookEndpointDisabled(
        at=endpoint.disabled.at, endpoint_id=endpoint_id, url=url, reason=endpoint.disabled.reason
    )


def _encoded(event: webhook_endpoints.WebhookEndpointEvent, metadata: EventMetadata) -> NewEvent:
    encoded = _CODEC.encode(event)
    return NewEvent(
        event_id=uuid7(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=_CODEC.encode_metadata(metadata),
        occurred_at=event.at,
    )

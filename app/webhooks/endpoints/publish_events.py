"""Putting what became of a shop's endpoint into the log, in the transaction that made it so.

The platform's endpoints have no shop, so no partition's log is theirs: nothing is put there.
"""

import httpx
from uuid_utils.compat import uuid7

from app.domain.webhook_endpoints import (
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointEvent,
)
from app.event_store.append import Append, NewEvent, Written
from app.event_store.append_statement import append_to_one_partition
from app.event_store.connections import Connection
from app.event_store.log import read_version
from app.event_store.partitions import partition_of
from app.event_store.recorded_event import EventMetadata
from app.event_store.streams import endpoint_stream
from app.event_types.registry import endpoint_codec
from app.webhooks.endpoints.endpoint import Endpoint

APPEND_TIMEOUT_SECONDS = 10.0

# From the append on the partition waits for this transaction: not for a process that stands still.
END_IF_IDLE = "SET LOCAL idle_in_transaction_session_timeout = 5000"

_CODEC = endpoint_codec()


async def tell(connection: Connection, endpoint: Endpoint, metadata: EventMetadata) -> None:
    """Append that a shop's endpoint is disabled, or enabled, as it has just become.

    The owner's endpoints must be locked, and nothing that others lock before the head of a log may
    be locked after this: the transaction should do next to nothing more.
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
    assert isinstance(outcome, Written), outcome  # noqa: S101 - nobody else appends to it: locked


async def stream_version(connection: Connection, endpoint: Endpoint) -> int:
    """Return the version of an endpoint's stream, which for one of the platform is its own."""
    if endpoint.shop_id is None:
        return endpoint.version
    stream_id = endpoint_stream(endpoint.shop_id, str(endpoint.endpoint_id))
    return await read_version(connection, partition_of(endpoint.shop_id), stream_id)


def shown_url(url: str) -> str:
    """Return an endpoint's URL without what may be secret in it: others read it, for ever."""
    return str(httpx.URL(url).copy_with(userinfo=b"", query=None, fragment=None))


def _event_of(endpoint: Endpoint) -> WebhookEndpointEvent:
    endpoint_id, url = str(endpoint.endpoint_id), shown_url(endpoint.url)
    if endpoint.disabled is None:
        return WebhookEndpointEnabled(at=endpoint.changed_at, endpoint_id=endpoint_id, url=url)
    return WebhookEndpointDisabled(
        at=endpoint.disabled.at,
        endpoint_id=endpoint_id,
        url=url,
        reason=endpoint.disabled.reason,
    )


def _encoded(event: WebhookEndpointEvent, metadata: EventMetadata) -> NewEvent:
    encoded = _CODEC.encode(event)
    return NewEvent(
        event_id=uuid7(),
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=_CODEC.encode_metadata(metadata),
        occurred_at=event.at,
    )

"""Messages about endpoints themselves, in the envelope of public events: no order is concerned."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from uuid_utils.compat import uuid7

from app.event_store.connections import Connection
from app.event_store.streams import endpoint_stream
from app.reactions.public_types import EventType
from app.webhooks.catalog.payloads import WebhookEndpointEventData
from app.webhooks.deliveries.queueing import Message, QueuedDelivery, queue_deliveries
from app.webhooks.deliveries.tables import Cause
from app.webhooks.endpoints.endpoint import Endpoint, Owner
from app.webhooks.endpoints.publish_events import shown_url, stream_version

TEST_TYPE = "webhook.test"


async def send_test(
    connection: Connection, endpoint: Endpoint, now: datetime, *, test_mode: bool
) -> UUID:
    """Queue a test for an endpoint, whatever types it wants; return the delivery's id.

    In an open transaction. ``now`` is by the owner's clock; ``test_mode``: that is a test clock.
    """
    about = {"endpoint_id": str(endpoint.endpoint_id)}
    version = await stream_version(connection, endpoint)
    test = _notice(endpoint, TEST_TYPE, endpoint, about, now, version=version, test_mode=test_mode)
    await queue_deliveries(connection, [test])
    return test.message.message_id


def disabled_notice(to: Endpoint, disabled: Endpoint, now: datetime) -> QueuedDelivery:
    """Return the message to one of the platform's endpoints that another was disabled, and why.

    Shops receive the event of the same name and form.
    """
    reason = None if disabled.disabled is None else disabled.disabled.reason.value
    about = WebhookEndpointEventData(
        endpoint_id=str(disabled.endpoint_id),
        url=shown_url(disabled.url),
        disabled_reason=reason,
    ).model_dump()
    kind = EventType.WEBHOOK_ENDPOINT_DISABLED.value
    return _notice(to, kind, disabled, about, now, version=disabled.version, test_mode=False)


def _notice(
    to: Endpoint,
    kind: str,
    about: Endpoint,
    data: Mapping[str, str | None],
    now: datetime,
    *,
    version: int,
    test_mode: bool,
) -> QueuedDelivery:
    message_id, stream_id = uuid7(), endpoint_stream(about.shop_id, str(about.endpoint_id))
    body = {
        "id": str(message_id),
        "type": kind,
        "timestamp": now,
        "api_version": to.api_version,
        "shop_id": to.shop_id,
        "stream_id": stream_id,
        "version": version,
        "caused_by": "system",
        "test_mode": test_mode,
        "data": data,
    }
    return QueuedDelivery(
        message=Message(
            partition_id=Owner(to.shop_id).home,
            message_id=message_id,
            form=to.api_version,
            body=to_json(body).decode(),
        ),
        endpoint_id=to.endpoint_id,
        test_shop_id=to.shop_id if test_mode else None,
        position=0,
        ordinal=0,
        shop_id=to.shop_id or "",
        stream_id=f"{stream_id}/{message_id}",
        order_id=None,
        type=kind,
        cause=Cause.TEST if kind == TEST_TYPE else Cause.EVENT,
        ordered=False,
        due_at=now,
        created_at=now,
    )

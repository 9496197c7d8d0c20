"""A delivery that says nothing but that it arrives, for the owner of an endpoint to try it with."""

from datetime import datetime
from uuid import UUID

from pydantic_core import to_json
from uuid_utils.compat import uuid7

from app.database import Pool
from app.webhooks.deliveries.queueing import Message, QueuedDelivery, queue_deliveries
from app.webhooks.deliveries.states import Cause
from app.webhooks.endpoints.endpoint import Endpoint, Owner

TEST_TYPE = "webhook.test"


async def send_test(pool: Pool, endpoint: Endpoint, now: datetime, *, test_mode: bool) -> UUID:
    """Queue a test for an endpoint, whatever types it wants; return the delivery's id.

    ``now`` is by the owner's clock; ``test_mode``: that is a test clock.
    """
    owner, message_id = Owner(endpoint.shop_id), uuid7()
    stream_id = f"webhook_endpoint/{endpoint.endpoint_id}"
    body = {
        "id": str(message_id),
        "type": TEST_TYPE,
        "timestamp": now,
        "api_version": endpoint.api_version,
        "shop_id": endpoint.shop_id,
        "stream_id": stream_id,
        "version": endpoint.version,
        "caused_by": "system",
        "test_mode": test_mode,
        "data": {"endpoint_id": str(endpoint.endpoint_id)},
    }
    delivery = QueuedDelivery(
        message=Message(
            partition_id=owner.home,
            message_id=message_id,
            api_version=endpoint.api_version,
            body=to_json(body).decode(),
        ),
        endpoint_id=endpoint.endpoint_id,
        test_shop_id=endpoint.shop_id if test_mode else None,
        position=0,
        ordinal=0,
        shop_id=endpoint.shop_id or "",
        stream_id=f"{stream_id}/{message_id}",
        order_id=None,
        type=TEST_TYPE,
        cause=Cause.TEST,
        ordered=False,
        due_at=now,
        created_at=now,
    )
    async with pool.acquire() as connection, connection.transaction():
        await queue_deliveries(connection, [delivery])
    return message_id

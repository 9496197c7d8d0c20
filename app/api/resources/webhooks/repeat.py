"""Having deliveries made: one again, all that failed, what was missed, and tests."""

from uuid import UUID

from fastapi import Response

from app.api.cursors import place_cursor_of, place_of
from app.api.idempotency import answered_once, answered_once_in_steps, asked_of
from app.api.problems.problem import ProblemError
from app.api.request_context import IdempotencyKeyHeader, RequestContext
from app.api.resources.webhooks.context import (
    DeliveryId,
    EndpointId,
    delivery_of,
    endpoint_of,
    key_of,
    owner_of,
    present_of,
)
from app.api.resources.webhooks.deliveries import (
    QueuedTest,
    RecoverDeliveriesBody,
    RecoveredDeliveries,
    ReplayedEvents,
    ReplayEventsBody,
    delivery_on_wire,
)
from app.command_handling.requests import Answer
from app.event_store.connections import Connection
from app.event_types.registry import event_codec
from app.webhooks.deliveries.endpoint_notices import send_test
from app.webhooks.deliveries.resending import Replay, ReplayPlace, recover, resend
from app.webhooks.endpoints.endpoint import Endpoint


async def resend_delivery(
    endpoint_id: EndpointId,
    delivery_id: DeliveryId,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Send it now, under its own id and in any state; its schedule of retries begins again."""
    now, _ = await present_of(call)

    async def sent_again(connection: Connection) -> Answer:
        await _enabled(call, endpoint_id, connection)
        delivery = await delivery_of(call, endpoint_id, delivery_id, connection)
        await resend(connection, key_of(endpoint_id, delivery), now)
        queued = await delivery_of(call, endpoint_id, delivery_id, connection)
        return call.answer(delivery_on_wire(queued), 202)

    asked = await asked_of(call, idempotency_key, owner_of(call).shop_id)
    return await answered_once(asked, sent_again)


async def recover_deliveries(
    endpoint_id: EndpointId,
    body: RecoverDeliveriesBody,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Send again what was given up since an instant; what is still being tried goes on as it is.

    At most 100,000 at a time. In order, if the endpoint is ordered.
    """
    now, _ = await present_of(call)

    async def recovered() -> Answer:
        endpoint = await _enabled(call, endpoint_id)
        count, complete = await recover(
            call.services.resources.pool,
            endpoint_id,
            owner_of(call).partitions,
            since=body.since,
            now=now,
            ordered=endpoint.ordered,
        )
        return call.answer(RecoveredDeliveries(recovered=count, complete=complete), 202)

    asked = await asked_of(call, idempotency_key, owner_of(call).shop_id)
    return await answered_once_in_steps(asked, recovered)


async def replay_events(
    endpoint_id: EndpointId,
    body: ReplayEventsBody,
    call: RequestContext,
    idempotency_key: IdempotencyKeyHeader = None,
) -> Response:
    """Send what happened since an instant and was never queued for the endpoint.

    That is what happened while it was disabled, not yet there, or of a type it did not want. Reads
    up to 5,000 events of the log; `next_cursor` says that there is more.
    """
    now, test_mode = await present_of(call)

    async def replayed() -> Answer:
        await _enabled(call, endpoint_id)
        replay = Replay(
            pool=call.services.resources.pool,
            codec=event_codec(),
            endpoint_id=endpoint_id,
            since=body.since,
            now=now,
            own_clock=test_mode,
        )
        partitions, place = owner_of(call).partitions, place_of(body.cursor)
        if place is not None and place[0] not in partitions:
            raise ProblemError("cursor_invalid")
        begin = None if place is None else ReplayPlace(partition_id=place[0], position=place[1])
        done = await replay.run(partitions, begin)
        after = None if done.next is None else (done.next.partition_id, done.next.position)
        replayed_events = ReplayedEvents(
            queued=done.queued, events_read=done.events_read, next_cursor=place_cursor_of(after)
        )
        return call.answer(replayed_events, 202)

    asked = await asked_of(call, idempotency_key, owner_of(call).shop_id)
    return await answered_once_in_steps(asked, replayed)


async def post_test(
    endpoint_id: EndpointId, call: RequestContext, idempotency_key: IdempotencyKeyHeader = None
) -> Response:
    """Send a `webhook.test`, whatever types the endpoint wants: a delivery like any other."""
    now, test_mode = await present_of(call)

    async def tested(connection: Connection) -> Answer:
        endpoint = await _enabled(call, endpoint_id, connection)
        message_id = await send_test(connection, endpoint, now, test_mode=test_mode)
        return call.answer(QueuedTest(delivery_id=str(message_id)), 202)

    asked = await asked_of(call, idempotency_key, owner_of(call).shop_id)
    return await answered_once(asked, tested)


async def _enabled(
    call: RequestContext, endpoint_id: UUID, connection: Connection | None = None
) -> Endpoint:
    """Return an endpoint that is sent to, or the problem that it is not."""
    endpoint = await endpoint_of(call, endpoint_id, connection)
    if endpoint.disabled is not None:
        raise ProblemError("webhook_endpoint_disabled")
    return endpoint

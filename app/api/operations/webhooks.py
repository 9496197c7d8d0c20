"""Public events: the feeds of those who pull, and the endpoints events are sent to."""

from app.access.scopes import Scope
from app.api.operation import (
    MERCHANT_AND_PLATFORM,
    PLATFORM,
    PLATFORM_PATH,
    SHOP,
    for_shop_and_platform,
    operation,
)
from app.api.resources import events
from app.api.resources.webhooks import deliveries, endpoint_models, endpoints, repeat

ENDPOINTS = "/webhook-endpoints"
ENDPOINT = f"{ENDPOINTS}/{{endpoint_id}}"
DELIVERIES = f"{ENDPOINT}/deliveries"

_FEED = ("cursor_invalid", "too_many_streams", "overloaded")
_SETTINGS = ("webhook_url_refused", "webhook_header_refused", "sealing_not_configured")
_CHANGED = ("webhook_endpoint_not_found", "sealing_not_configured")
_REPEATED = ("webhook_endpoint_not_found", "webhook_endpoint_disabled", "idempotency_key_reused")

# fmt: off
FEEDS = (
    operation(
        "list_events", "GET", f"{SHOP}/events", MERCHANT_AND_PLATFORM, Scope.EVENTS_READ,
        "Read the event feed", events.get_events,
        tag="events", response=events.EventPage, problems=_FEED,
    ),
    operation(
        "stream_events", "GET", f"{SHOP}/events/stream", MERCHANT_AND_PLATFORM, Scope.EVENTS_READ,
        "Follow the event feed live", events.stream_events,
        tag="events", responses={200: events.STREAM}, problems=_FEED,
    ),
    operation(
        "list_platform_events", "GET", f"{PLATFORM_PATH}/events", PLATFORM, Scope.EVENTS_READ,
        "Read the event feed of all shops", events.get_platform_events,
        tag="events", response=events.EventPage, problems=_FEED,
    ),
)

OF_ENDPOINTS = (
    for_shop_and_platform(
        "create", "webhook_endpoint", "POST", ENDPOINTS, Scope.WEBHOOKS_WRITE,
        "Have events sent to an address", endpoints.create_endpoint,
        tag="webhooks", response=endpoint_models.WebhookEndpointWithSecret, status=201,
        problems=(*_SETTINGS, "idempotency_key_reused", "too_many_webhook_endpoints"),
    ),
    for_shop_and_platform(
        "list", "webhook_endpoints", "GET", ENDPOINTS, Scope.WEBHOOKS_READ,
        "List the endpoints", endpoints.get_endpoints,
        tag="webhooks", response=endpoint_models.WebhookEndpointPage, problems=("cursor_invalid",),
    ),
    for_shop_and_platform(
        "get", "webhook_endpoint", "GET", ENDPOINT, Scope.WEBHOOKS_READ,
        "Get an endpoint", endpoints.get_endpoint,
        tag="webhooks", response=endpoint_models.WebhookEndpoint,
        problems=("webhook_endpoint_not_found",),
    ),
    for_shop_and_platform(
        "list", "webhook_endpoint_changes", "GET", f"{ENDPOINT}/changes", Scope.WEBHOOKS_READ,
        "List who changed an endpoint", endpoints.get_changes,
        tag="webhooks", response=endpoint_models.WebhookEndpointChanges,
        problems=("webhook_endpoint_not_found",),
    ),
    for_shop_and_platform(
        "change", "webhook_endpoint", "PUT", ENDPOINT, Scope.WEBHOOKS_WRITE,
        "Change an endpoint", endpoints.change_endpoint,
        tag="webhooks", response=endpoint_models.WebhookEndpoint,
        problems=(*_SETTINGS, *_CHANGED),
    ),
    for_shop_and_platform(
        "disable", "webhook_endpoint", "POST", f"{ENDPOINT}/disable", Scope.WEBHOOKS_WRITE,
        "Send an endpoint nothing", endpoints.disable_endpoint,
        tag="webhooks", response=endpoint_models.WebhookEndpoint,
        problems=(*_CHANGED, "idempotency_key_reused"),
    ),
    for_shop_and_platform(
        "enable", "webhook_endpoint", "POST", f"{ENDPOINT}/enable", Scope.WEBHOOKS_WRITE,
        "Send to an endpoint again", endpoints.enable_endpoint,
        tag="webhooks", response=endpoint_models.WebhookEndpoint,
        problems=(*_CHANGED, "idempotency_key_reused"),
    ),
    for_shop_and_platform(
        "rotate", "webhook_endpoint_secret", "POST", f"{ENDPOINT}/rotate-secret",
        Scope.WEBHOOKS_WRITE, "Give an endpoint a new secret", endpoints.rotate_secret,
        tag="webhooks", response=endpoint_models.WebhookEndpointWithSecret,
        problems=(*_CHANGED, "idempotency_key_reused", "too_many_rotations"),
    ),
    for_shop_and_platform(
        "delete", "webhook_endpoint", "DELETE", ENDPOINT, Scope.WEBHOOKS_WRITE,
        "Delete an endpoint", endpoints.delete_endpoint,
        tag="webhooks", status=204, problems=_CHANGED,
    ),
    for_shop_and_platform(
        "get", "webhook_endpoint_health", "GET", f"{ENDPOINT}/health", Scope.WEBHOOKS_READ,
        "How an endpoint does", deliveries.get_health,
        tag="webhooks", response=deliveries.WebhookEndpointHealth,
        problems=("webhook_endpoint_not_found",),
    ),
    for_shop_and_platform(
        "test", "webhook_endpoint", "POST", f"{ENDPOINT}/test", Scope.WEBHOOKS_WRITE,
        "Send an endpoint a test", repeat.post_test,
        tag="webhooks", response=deliveries.QueuedTest, status=202, problems=_REPEATED,
    ),
    for_shop_and_platform(
        "list", "webhook_deliveries", "GET", DELIVERIES, Scope.WEBHOOKS_READ,
        "List what was and is to be sent to an endpoint", deliveries.get_deliveries,
        tag="webhooks", response=deliveries.WebhookDeliveryPage,
        problems=("webhook_endpoint_not_found", "cursor_invalid"),
    ),
    for_shop_and_platform(
        "get", "webhook_delivery", "GET", f"{DELIVERIES}/{{delivery_id}}", Scope.WEBHOOKS_READ,
        "Get a delivery with its attempts", deliveries.get_delivery,
        tag="webhooks", response=deliveries.WebhookDeliveryDetail,
        problems=("webhook_endpoint_not_found", "webhook_delivery_not_found"),
    ),
    for_shop_and_platform(
        "resend", "webhook_delivery", "POST", f"{DELIVERIES}/{{delivery_id}}/resend",
        Scope.WEBHOOKS_WRITE, "Send a delivery again", repeat.resend_delivery,
        tag="webhooks", response=deliveries.WebhookDelivery, status=202,
        problems=(*_REPEATED, "webhook_delivery_not_found"),
    ),
    for_shop_and_platform(
        "recover", "webhook_deliveries", "POST", f"{ENDPOINT}/recover", Scope.WEBHOOKS_WRITE,
        "Send everything again that failed", repeat.recover_deliveries,
        tag="webhooks", response=deliveries.RecoveredDeliveries, status=202, problems=_REPEATED,
    ),
    for_shop_and_platform(
        "replay", "webhook_events", "POST", f"{ENDPOINT}/replay", Scope.WEBHOOKS_WRITE,
        "Send what an endpoint missed", repeat.replay_events,
        tag="webhooks", response=deliveries.ReplayedEvents, status=202,
        problems=(*_REPEATED, "cursor_invalid"),
    ),
)
# fmt: on

OPERATIONS = (*FEEDS, *(row for rows in OF_ENDPOINTS for row in rows))

"""What a merchant is told of the shop's webhook endpoints: that one was disabled by itself."""

from typing import assert_never

from pydantic import JsonValue

from app.domain.webhook_endpoints import (
    DisabledReason,
    WebhookEndpointDisabled,
    WebhookEndpointEnabled,
    WebhookEndpointEvent,
)
from app.notifications.templates import Template

Params = dict[str, JsonValue]


def notifications_for_endpoint(event: WebhookEndpointEvent) -> tuple[Template, Params] | None:
    """Return what the merchant is told, with which facts; None for what somebody did on purpose.

    An endpoint that is told nothing cannot say so itself, and often it is the only one.
    """
    match event:
        case WebhookEndpointDisabled(reason=DisabledReason.GONE):
            return Template.WEBHOOK_ENDPOINT_GONE, {"url": event.url}
        case WebhookEndpointDisabled(reason=DisabledReason.FAILING):
            return Template.WEBHOOK_ENDPOINT_FAILING, {"url": event.url}
        case WebhookEndpointDisabled() | WebhookEndpointEnabled():
            return None
        case _:
            assert_never(event)

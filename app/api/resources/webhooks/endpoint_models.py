"""Webhook endpoints on the wire."""

from datetime import datetime
from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from app.api.resources import examples
from app.api.resources.common import RequestModel, ResponseModel, ShortText, Version, YesOrNo
from app.reactions.public_types import EventType
from app.webhooks.catalog.payload import ApiVersion, Inclusion
from app.webhooks.endpoints import endpoint as kept
from app.webhooks.endpoints.endpoint import EndpointSecrets
from app.webhooks.endpoints.queries import EndpointChange as KeptChange

HEADERS_MAX, RATE_MAX, INCLUSIONS_MAX = 10, 1_000, 20

EndpointUrl = Annotated[str, StringConstraints(min_length=1, max_length=2_000, pattern=r"^[!-~]+$")]
HeaderValue = Annotated[str, StringConstraints(pattern=r"^[!-~]([ -~]{0,998}[!-~])?$")]


class EndpointSettingsBody(RequestModel):
    """The settings of an endpoint."""

    url: EndpointUrl
    """`https`, without credentials, and reached over the public internet."""
    description: ShortText | None = None
    event_types: Annotated[list[EventType], Field(min_length=1, max_length=100)] | None = None
    """Only these; null for all there are and will be."""
    ordered: YesOrNo = False
    """Events of one order one after another, first in, first out: the next is sent when the one
    before arrived, or was given up."""
    rate_per_second: Annotated[int, Field(strict=True, ge=1, le=RATE_MAX)] | None = None
    """At most so many attempts a second; null for as many as there are."""
    headers: Annotated[dict[str, HeaderValue], Field(max_length=HEADERS_MAX)] | None = None
    """Sent along with every attempt, for example `Authorization`; not those of the signature and
    the connection. A name has up to 64 letters, digits and hyphens. Kept encrypted and never shown;
    null, in a change, leaves them as they are."""
    include: Annotated[list[Inclusion], Field(max_length=INCLUSIONS_MAX, default_factory=list)]
    """What events carry only for those who ask: `personal_data` (texts people wrote, addresses of
    pictures and documents, parcels' numbers), in `data.personal`. Asking takes `orders:read`, in a
    change too; left out, nothing is asked for, nor sent of what is queued."""


class CreateWebhookEndpointBody(EndpointSettingsBody):
    """A new endpoint."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CREATE_WEBHOOK_ENDPOINT]})

    api_version: ApiVersion | None = None
    """The form of the events it is sent, for as long as it lives; the newest by default."""


class ChangeWebhookEndpointBody(EndpointSettingsBody):
    """All settings of an endpoint; what is left out goes back to its default, but `headers`."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.CHANGE_WEBHOOK_ENDPOINT]})


class WebhookEndpoint(ResponseModel):
    """Where events are sent to. Neither its secret nor the values of its headers are shown."""

    endpoint_id: str
    url: str
    description: str | None
    event_types: list[str] | None
    """Null for all."""
    ordered: bool
    rate_per_second: int | None
    include: list[str]
    """`personal_data`, if it is asked for; more may come."""
    header_names: list[str]
    api_version: str
    public_key: str
    """Verifies `v1a` signatures (Ed25519, `whpk_`)."""
    former_secret_until: datetime | None
    """Until then deliveries are signed with the secret of before the rotation as well."""
    enabled: bool
    disabled_reason: str | None
    """`by_owner`, `gone` (it answered 410) or `failing_too_long` (nothing arrived for 5 days);
    more may come."""
    disabled_at: datetime | None
    created_at: datetime
    changed_at: datetime
    version: Version
    """Rises with every change; pass it back in `If-Match`."""


class WebhookEndpointWithSecret(WebhookEndpoint):
    """An endpoint and its secret, which is shown this once."""

    secret: str
    """Verifies `v1` signatures (HMAC-SHA256, `whsec_`)."""


class WebhookEndpointPage(ResponseModel):
    """Endpoints, the first made first."""

    endpoints: list[WebhookEndpoint]
    next_cursor: str | None


class RecordedSettings(ResponseModel):
    """An endpoint's settings at some time."""

    url: str
    description: str | None
    event_types: list[str] | None
    ordered: bool
    rate_per_second: int | None
    include: list[str]
    header_names: list[str]
    disabled_reason: str | None


class WebhookEndpointChange(ResponseModel):
    """A change of an endpoint."""

    version: Version
    kind: str
    """`created`, `changed`, `disabled`, `enabled`, `secret_rotated` or `deleted`; more may come."""
    settings: RecordedSettings
    """As they were afterwards."""
    actor_role: str
    """`merchant`, `platform`, or `system` for the service itself."""
    actor_id: str
    at: datetime


class WebhookEndpointChanges(ResponseModel):
    """The latest changes of an endpoint, the newest first."""

    changes: list[WebhookEndpointChange]


def settings_in(body: EndpointSettingsBody) -> kept.EndpointSettings:
    """Make settings of those given."""
    types = body.event_types
    return kept.EndpointSettings(
        url=body.url,
        description=body.description,
        event_types=None if types is None else tuple(dict.fromkeys(one.value for one in types)),
        ordered=body.ordered,
        rate_per_second=body.rate_per_second,
        headers=body.headers,
        include=tuple(dict.fromkeys(one.value for one in body.include)),
    )


def endpoint_on_wire(endpoint: kept.Endpoint) -> WebhookEndpoint:
    """Show an endpoint."""
    disabled, types = endpoint.disabled, endpoint.event_types
    return WebhookEndpoint(
        endpoint_id=str(endpoint.endpoint_id),
        url=endpoint.url,
        description=endpoint.description,
        event_types=None if types is None else list(types),
        ordered=endpoint.ordered,
        rate_per_second=endpoint.rate_per_second,
        include=list(endpoint.include),
        header_names=list(endpoint.header_names),
        api_version=endpoint.api_version,
        public_key=endpoint.public_key,
        former_secret_until=endpoint.former_secret_until,
        enabled=disabled is None,
        disabled_reason=None if disabled is None else disabled.reason.value,
        disabled_at=None if disabled is None else disabled.at,
        created_at=endpoint.created_at,
        changed_at=endpoint.changed_at,
        version=endpoint.version,
    )


def with_secret(endpoint: kept.Endpoint, secrets: EndpointSecrets) -> WebhookEndpointWithSecret:
    """Show an endpoint and, for the only time, its secret."""
    return WebhookEndpointWithSecret(**dict(endpoint_on_wire(endpoint)), secret=secrets.newest)


def change_on_wire(change: KeptChange) -> WebhookEndpointChange:
    """Show a change."""
    return WebhookEndpointChange(
        version=change.version,
        kind=change.kind.value,
        settings=RecordedSettings.model_validate(change.settings),
        actor_role=change.actor.role.value,
        actor_id=change.actor.id,
        at=change.at,
    )

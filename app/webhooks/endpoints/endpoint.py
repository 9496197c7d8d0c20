"""An endpoint: its owner, its settings, whether it is disabled, and its sealed fields."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import TypeAdapter

from app.domain.webhook_endpoints import DisabledReason
from app.event_store.streams import PARTITION_COUNT, partition_of
from app.sealing import Seal
from app.webhooks import signing

PLATFORM_PARTITION = 0
"""The partition of a platform endpoint's rows that exist once."""


class ChangeKind(StrEnum):
    """The kinds of change to an endpoint."""

    CREATED = "created"
    CHANGED = "changed"
    DISABLED = "disabled"
    ENABLED = "enabled"
    SECRET_ROTATED = "secret_rotated"  # noqa: S105 - a name, no secret
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Owner:
    """A shop, or the platform (None), whose endpoints receive events of all shops."""

    shop_id: str | None

    @property
    def home(self) -> int:
        """The partition of the rows that exist once for an endpoint."""
        return PLATFORM_PARTITION if self.shop_id is None else partition_of(self.shop_id)

    @property
    def partitions(self) -> list[int]:
        """The partitions in which its endpoints have a row."""
        return list(range(PARTITION_COUNT)) if self.shop_id is None else [self.home]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSettings:
    """What the owner sets. ``event_types``: None for all; ``rate_per_second``: None for no limit.

    ``ordered``: events of an order are sent one after another, the next when the one before was
    delivered or given up. ``headers`` are sent and never shown; None in a change keeps them.
    ``include``: values of `Inclusion`, optional parts of the body.
    """

    url: str
    description: str | None
    event_types: tuple[str, ...] | None
    ordered: bool
    rate_per_second: int | None
    headers: Mapping[str, str] | None = field(repr=False)
    include: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Disabled:
    """Since when and why an endpoint is disabled."""

    reason: DisabledReason
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """An endpoint without its secrets. ``version`` rises with every change."""

    endpoint_id: UUID
    shop_id: str | None
    url: str
    description: str | None
    event_types: tuple[str, ...] | None
    ordered: bool
    rate_per_second: int | None
    include: tuple[str, ...]
    api_version: str
    header_names: tuple[str, ...]
    public_key: str
    former_secret_until: datetime | None
    disabled: Disabled | None
    version: int
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSecrets:
    """The secrets of both kinds, newest first: shared ones sign v1, private keys v1a."""

    shared: tuple[signing.KeptSecret, ...]
    private: tuple[signing.KeptSecret, ...]

    @property
    def newest(self) -> str:
        """The newest shared secret (`whsec_`)."""
        return self.shared[0].secret

    @property
    def public_key(self) -> str:
        """The public key (`whpk_`) of the newest private key, which verifies v1a signatures."""
        key = signing.parse_secret(self.private[0].secret)
        assert isinstance(key, signing.PrivateKey)  # noqa: S101 - it holds private keys only
        return signing.public_key_of(key)

    def rotated(self, now: datetime) -> "EndpointSecrets":
        """Return new secrets; the old ones stay valid for 24 hours. TooManyRotations."""
        return EndpointSecrets(
            shared=signing.rotated(self.shared, signing.new_shared_secret(), now),
            private=signing.rotated(self.private, signing.new_private_key(), now),
        )

    def signing_at(self, now: datetime) -> list[signing.SigningSecret]:
        """Return the secrets to sign with at an instant of the owner's clock."""
        kept = (*signing.in_force(self.shared, now), *signing.in_force(self.private, now))
        return [signing.parse_secret(one.secret) for one in kept]


def new_secrets() -> EndpointSecrets:
    """Return a new secret of each kind."""
    return EndpointSecrets(
        shared=(signing.KeptSecret(secret=signing.new_shared_secret(), until=None),),
        private=(signing.KeptSecret(secret=signing.new_private_key(), until=None),),
    )


def seal_secrets(seal: Seal, endpoint_id: UUID, secrets: EndpointSecrets) -> bytes:
    """Return secrets as stored, sealed for this endpoint only."""
    return seal.seal(_SECRETS.dump_json(secrets).decode(), b"secrets" + endpoint_id.bytes)


def open_secrets(seal: Seal, endpoint_id: UUID, sealed: bytes) -> EndpointSecrets:
    """Return stored secrets; UnreadableSeal if no key fits."""
    return _SECRETS.validate_json(seal.open(sealed, b"secrets" + endpoint_id.bytes))


def seal_headers(seal: Seal, endpoint_id: UUID, headers: Mapping[str, str]) -> bytes | None:
    """Return headers as stored; None if there are none."""
    if not headers:
        return None
    text = _HEADERS.dump_json(dict(headers)).decode()
    return seal.seal(text, b"headers" + endpoint_id.bytes)


def open_headers(seal: Seal, endpoint_id: UUID, sealed: bytes | None) -> dict[str, str]:
    """Return stored headers; UnreadableSeal if no key fits."""
    if sealed is None:
        return {}
    return _HEADERS.validate_json(seal.open(sealed, b"headers" + endpoint_id.bytes))


_SECRETS = TypeAdapter(EndpointSecrets)
_HEADERS = TypeAdapter(dict[str, str])

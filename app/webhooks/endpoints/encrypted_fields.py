"""What of an endpoint nobody may read: the secrets it is signed with, the headers it asks for."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import TypeAdapter

from app.sealing import Seal
from app.webhooks.secrets import (
    KeptSecret,
    PrivateKey,
    SigningSecret,
    in_force,
    new_private_key,
    new_shared_secret,
    parse_secret,
    public_key_of,
    rotated,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSecrets:
    """The secrets of both kinds, newest first: shared ones sign v1, private keys v1a."""

    shared: tuple[KeptSecret, ...]
    private: tuple[KeptSecret, ...]

    @property
    def newest(self) -> str:
        """The shared secret (`whsec_`) that stays."""
        return self.shared[0].secret

    @property
    def public_key(self) -> str:
        """What v1a signatures by the newest private key are verified with (`whpk_`)."""
        key = parse_secret(self.private[0].secret)
        assert isinstance(key, PrivateKey)  # noqa: S101 - made here, and kept apart
        return public_key_of(key)

    def rotated(self, now: datetime) -> "EndpointSecrets":
        """Return new secrets, beside which the old ones sign for 24 hours; TooManyRotations."""
        return EndpointSecrets(
            shared=rotated(self.shared, new_shared_secret(), now),
            private=rotated(self.private, new_private_key(), now),
        )

    def signing_at(self, now: datetime) -> list[SigningSecret]:
        """Return what to sign with at an instant of the owner's clock."""
        kept = (*in_force(self.shared, now), *in_force(self.private, now))
        return [parse_secret(one.secret) for one in kept]


def new_secrets() -> EndpointSecrets:
    """Return a new secret of each kind."""
    return EndpointSecrets(
        shared=(KeptSecret(secret=new_shared_secret(), until=None),),
        private=(KeptSecret(secret=new_private_key(), until=None),),
    )


def seal_secrets(seal: Seal, endpoint_id: UUID, secrets: EndpointSecrets) -> bytes:
    """Return secrets as they are stored: they open for this endpoint only."""
    return seal.seal(_SECRETS.dump_json(secrets).decode(), b"secrets" + endpoint_id.bytes)


def open_secrets(seal: Seal, endpoint_id: UUID, sealed: bytes) -> EndpointSecrets:
    """Return stored secrets; UnreadableSeal if no key fits."""
    return _SECRETS.validate_json(seal.open(sealed, b"secrets" + endpoint_id.bytes))


def seal_headers(seal: Seal, endpoint_id: UUID, headers: Mapping[str, str]) -> bytes | None:
    """Return headers as they are stored; None if there are none."""
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

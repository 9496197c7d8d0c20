"""Secrets and signatures of Standard Webhooks: the two kinds of secret, rotation, the headers.

- `whsec_` and base64 of 24 to 64 random bytes: a shared secret, which signs `v1` (HMAC-SHA256).
- `whsk_` and base64 of an Ed25519 private key, which signs `v1a`; the receiver gets only its public
  key, `whpk_`.

The bytes `id.timestamp.body` are signed as they are sent. The reference package makes `v1`; it has
no `v1a`, which is made here.
"""

import re
import secrets as randomness
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias, assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

SHARED_PREFIX, PRIVATE_PREFIX, PUBLIC_PREFIX = "whsec_", "whsk_", "whpk_"
SHARED_BYTES_MIN, SHARED_BYTES_MAX, SHARED_BYTES = 24, 64, 32
SECRET_CHARACTERS_MAX = 128
"""Longer texts are not decoded."""

OLD_SECRET_KEPT = timedelta(hours=24)
SECRETS_IN_FORCE_MAX = 4
"""Each signs every message, so the number is bounded: three rotations within 24 hours."""

_SEED_BYTES = 32


class SecretFault(StrEnum):
    """Why a text is not a signing secret."""

    UNKNOWN_KIND = "secret_of_unknown_kind"
    """It begins with neither `whsec_` nor `whsk_`."""
    PUBLIC_KEY = "secret_is_a_public_key"
    """It begins with `whpk_`, a public key, which cannot sign."""
    NOT_BASE64 = "secret_not_base64"
    WRONG_LENGTH = "secret_of_wrong_length"
    """A shared secret has 24 to 64 bytes; a private key 32, or 64 with its public key."""
    KEYS_DO_NOT_FIT = "secret_keys_do_not_fit"
    """Its public key does not belong to its private key."""


class SecretRefused(Exception):
    """A text is not a signing secret; the message is the fault and never contains the text."""

    def __init__(self, fault: SecretFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedSecret:
    """A secret known to both sides."""

    key: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateKey:
    """The signing half of a key pair. ``seed``: 32 bytes."""

    seed: bytes = field(repr=False)


SigningSecret: TypeAlias = SharedSecret | PrivateKey


def new_shared_secret(size_bytes: int = SHARED_BYTES) -> str:
    """Return a new random `whsec_`, of 24 to 64 bytes."""
    if not SHARED_BYTES_MIN <= size_bytes <= SHARED_BYTES_MAX:
        raise ValueError(f"a shared secret has {SHARED_BYTES_MIN} to {SHARED_BYTES_MAX} bytes")
    return SHARED_PREFIX + b64encode(randomness.token_bytes(size_bytes)).decode()


def new_private_key() -> str:
    """Return a new random `whsk_`: the private key followed by the public key, as is usual."""
    seed = randomness.token_bytes(_SEED_BYTES)
    return PRIVATE_PREFIX + b64encode(seed + _public_bytes(seed)).decode()


def public_key_of(secret: PrivateKey) -> str:
    """Return the `whpk_` a receiver verifies with."""
    return PUBLIC_PREFIX + b64encode(_public_bytes(secret.seed)).decode()


def parse_secret(text: str) -> SigningSecret:
    """Read a `whsec_` or a `whsk_`; raises SecretRefused."""
    if text.startswith(SHARED_PREFIX):
        key = _decoded(text.removeprefix(SHARED_PREFIX))
        if not SHARED_BYTES_MIN <= len(key) <= SHARED_BYTES_MAX:
            raise SecretRefused(SecretFault.WRONG_LENGTH)
        return SharedSecret(key=key)
    if text.startswith(PRIVATE_PREFIX):
        return _private_key(_decoded(text.removeprefix(PRIVATE_PREFIX)))
    public = text.startswith(PUBLIC_PREFIX)
    raise SecretRefused(SecretFault.PUBLIC_KEY if public else SecretFault.UNKNOWN_KIND)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSecret:
    """A secret of an endpoint, as text or sealed. ``until``: when it ends; None for the newest."""

    secret: str = field(repr=False)
    until: datetime | None


class TooManyRotations(Exception):
    """One more valid secret would make the header too long."""


def rotated(kept: Sequence[KeptSecret], new: str, now: datetime) -> tuple[KeptSecret, ...]:
    """Return an endpoint's secrets with a new one first; the old ones stay valid for 24 hours.

    An earlier end is kept. Raises TooManyRotations.
    """
    ends = now + OLD_SECRET_KEPT
    old = tuple(
        KeptSecret(secret=one.secret, until=ends if one.until is None else one.until)
        for one in in_force(kept, now)
    )
    if len(old) >= SECRETS_IN_FORCE_MAX:
        raise TooManyRotations
    return (KeptSecret(secret=new, until=None), *old)


def in_force(kept: Sequence[KeptSecret], now: datetime) -> tuple[KeptSecret, ...]:
    """Return the secrets valid at an instant, in the order given."""
    return tuple(one for one in kept if one.until is None or now < one.until)


def _private_key(key: bytes) -> PrivateKey:
    seed, public = key[:_SEED_BYTES], key[_SEED_BYTES:]
    if len(seed) != _SEED_BYTES or len(public) not in {0, _SEED_BYTES}:
        raise SecretRefused(SecretFault.WRONG_LENGTH)
    if public and public != _public_bytes(seed):
        raise SecretRefused(SecretFault.KEYS_DO_NOT_FIT)
    return PrivateKey(seed=seed)


def _public_bytes(seed: bytes) -> bytes:
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def _decoded(text: str) -> bytes:
    if len(text) > SECRET_CHARACTERS_MAX:
        raise SecretRefused(SecretFault.WRONG_LENGTH)
    try:
        return b64decode(text, validate=True)
    except ValueError:
        raise SecretRefused(SecretFault.NOT_BASE64) from None


ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

KEYS_KEPT_MAX = 1_000

# No full stop: it separates the id from the rest of the signed bytes.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


def signature_headers(
    message_id: str, body: bytes, secrets: Sequence[SigningSecret], now: datetime
) -> dict[str, str]:
    """Return the three headers of an attempt at this instant.

    ``message_id``: the same on every attempt; letters, digits, `_` and `-`. ``body``: UTF-8.
    ``secrets``: at least one, the newest first. ValueError for anything else.
    """
    if not _MESSAGE_ID.fullmatch(message_id):
        raise ValueError(f"{message_id!r} cannot be the id of a message")
    if not secrets:
        raise ValueError("a message needs a secret to be signed with")
    at = now.astimezone(UTC)
    return {
        ID_HEADER: message_id,
        TIMESTAMP_HEADER: str(int(at.timestamp())),
        SIGNATURE_HEADER: " ".join(_signature(message_id, body, one, at) for one in secrets),
    }


def _signature(message_id: str, body: bytes, secret: SigningSecret, at: datetime) -> str:
    match secret:
        case SharedSecret(key=key):
            # The package ignores the zone, so the instant must be in UTC.
            return Webhook(key).sign(msg_id=message_id, timestamp=at, data=body.decode())
        case PrivateKey(seed=seed):
            signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
            signature = _signing_key(seed).sign(signed)
            return f"v1a,{b64encode(signature).decode()}"
        case _:
            assert_never(secret)


@lru_cache(maxsize=KEYS_KEPT_MAX)
def _signing_key(seed: bytes) -> Ed25519PrivateKey:
    """Return the key of a seed, cached: making it takes as long as signing with it."""
    return Ed25519PrivateKey.from_private_bytes(seed)

"""Signatures of Standard Webhooks: one header, a signature by each of the endpoint's secrets.

Signed are the bytes `id.timestamp.body`, as they are sent. `v1` is made by the reference package;
it has no `v1a`, which is made here with the key of the endpoint.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import assert_never

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks import Webhook

from app.webhooks.secrets import PrivateKey, SharedSecret, SigningSecret

ID_HEADER = "webhook-id"
TIMESTAMP_HEADER = "webhook-timestamp"
SIGNATURE_HEADER = "webhook-signature"

KEYS_KEPT_MAX = 1_000

# No full stop: it ends the id within what is signed.
_MESSAGE_ID = re.compile(r"[A-Za-z0-9_-]{1,128}", re.ASCII)


def signature_headers(
    message_id: str, body: bytes, secrets: Sequence[SigningSecret], now: datetime
) -> dict[str, str]:
    """Return the three headers of an attempt made now.

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
            # It takes the clock time of whatever zone for UTC, so UTC it must be.
            return Webhook(key).sign(msg_id=message_id, timestamp=at, data=body.decode())
        case PrivateKey(seed=seed):
            signed = f"{message_id}.{int(at.timestamp())}.".encode() + body
            signature = _private_key(seed).sign(signed)
            return f"v1a,{b64encode(signature).decode()}"
        case _:
            assert_never(secret)


@lru_cache(maxsize=KEYS_KEPT_MAX)
def _private_key(seed: bytes) -> Ed25519PrivateKey:
    """Return the key of a seed; making it takes as long as signing with it."""
    return Ed25519PrivateKey.from_private_bytes(seed)

"""Push tokens: whoever has one can write to somebody's screen, so they are stored encrypted."""

import hashlib
import os
from base64 import b64decode
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE_BYTES = 12


class UnreadableToken(Exception):
    """None of the keys opens it: it was sealed with another, or for another device."""


class TokenSeal:
    """Encrypts tokens with the first of its keys (AES-256-GCM), and opens those of any of them.

    A sealed token is bound to its device: moved to another row it does not open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("sealing needs a key")
        self._ciphers = [AESGCM(key) for key in keys]

    def seal(self, token: str, device_id: UUID) -> bytes:
        """Return a token as it is stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, token.encode(), device_id.bytes)

    def open(self, sealed: bytes, device_id: UUID) -> str:
        """Return the token; UnreadableToken if no key fits."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, content, device_id.bytes).decode()
            except InvalidTag:
                continue
        raise UnreadableToken(f"no key opens the token of device {device_id}")


def read_keys(text: str) -> list[bytes]:
    """Read keys in base64, separated by commas, which the settings have checked."""
    return [b64decode(part) for part in text.split(",")]


def token_hash(platform: str, token: str) -> bytes:
    """Return what a token is known again by, without being known."""
    return hashlib.sha256(f"{platform}/{token}".encode()).digest()

"""Seals secrets that must be read again (push tokens, payees, webhook secrets): AES-256-GCM."""

import os
from base64 import b64decode
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

_NONCE_BYTES = 12


class UnreadableSeal(Exception):
    """None of the keys opens it: it was sealed with another, or for something else."""


class Seal:
    """Encrypts texts with the first of its keys, and opens those of any of them.

    What is sealed is bound to what it belongs to: moved to another row it does not open.
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys:
            raise ValueError("sealing needs a key")
        self._ciphers = [AESGCM(key) for key in keys]

    def seal(self, text: str, belongs_to: bytes) -> bytes:
        """Return a text as it is stored."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._ciphers[0].encrypt(nonce, text.encode(), belongs_to)

    def open(self, sealed: bytes, belongs_to: bytes) -> str:
        """Return the text; UnreadableSeal if no key fits."""
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(nonce, content, belongs_to).decode()
            except InvalidTag:
                continue
        raise UnreadableSeal("no key opens what is sealed here")


def seal_with(keys: SecretStr | None) -> Seal | None:
    """Return a seal with keys in base64, separated by commas, which the settings have checked."""
    if keys is None:
        return None
    return Seal([b64decode(part) for part in keys.get_secret_value().split(",")])

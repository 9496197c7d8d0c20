"""Callbacks of the provider: signed, dated, and refused unless every check passes.

Signed are the bytes `timestamp.body` by HMAC-SHA256. Header `x-provider-timestamp` holds the
attempt's Unix time in seconds, `x-provider-signature` one or more `v1=<hex>` separated by commas:
during a rotation the provider may sign with two secrets, and we may trust two.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pydantic import ValidationError

from app.domain.money import Money
from app.payments.provider.answers import refused, succeeded
from app.payments.provider.port import PaymentKind, Refused, Succeeded
from app.payments.provider.wire import (
    BODY_BYTES_MAX,
    CALLBACK_BODY,
    CallbackBody,
    SucceededCallback,
)
from app.settings import Settings

TIMESTAMP_HEADER = "x-provider-timestamp"
SIGNATURE_HEADER = "x-provider-signature"
TOLERANCE = timedelta(minutes=5)
SIGNATURES_MAX = 8

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


class CallbackRefusalCode(StrEnum):
    """Why a callback is not believed."""

    UNSIGNED = "callback_unsigned"
    """It carries no timestamp or no signature of a kind we know."""
    BAD_SIGNATURE = "callback_bad_signature"
    TOO_OLD = "callback_too_old"
    """Signed by the provider more than five minutes ago: replayed, or delayed on the way."""
    FROM_THE_FUTURE = "callback_from_the_future"
    """Dated more than five minutes ahead: one of the two clocks is wrong."""
    MALFORMED = "callback_malformed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRefusal:
    """Nothing may follow from this callback."""

    code: CallbackRefusalCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """How a payment ended. ``callback_id`` is the same whenever the same callback is repeated.

    ``key``: of the refund or payout. ``amount``: what was ordered under it; compare both with
    what is known here before believing the outcome.
    """

    callback_id: str
    kind: PaymentKind
    key: str
    outcome: Succeeded | Refused
    amount: Money


def verify_callback(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> Callback | CallbackRefusal:
    """Read a callback if the provider signed it, with one of the secrets, within five minutes.

    ``headers``: named in lower case, or of a mapping that ignores case. ``body``: as received.
    """
    timestamp = headers.get(TIMESTAMP_HEADER, "")
    given = _signatures(headers.get(SIGNATURE_HEADER, ""))
    if not timestamp or not given:
        return CallbackRefusal(code=CallbackRefusalCode.UNSIGNED)
    if len(body) > BODY_BYTES_MAX:
        return CallbackRefusal(code=CallbackRefusalCode.MALFORMED)
    if not _signed_by_any(secrets, given, timestamp, body):
        return CallbackRefusal(code=CallbackRefusalCode.BAD_SIGNATURE)
    code = _fault_of_time(timestamp, now)
    return CallbackRefusal(code=code) if code else _callback(body)


def trusted_secrets(settings: Settings) -> Sequence[str]:
    """Return the secrets a callback may be signed with: the current one and the one before."""
    both = (settings.provider_callback_secret, settings.provider_callback_secret_previous)
    return tuple(secret.get_secret_value() for secret in both if secret is not None)


def callback_headers(body: bytes, secrets: Iterable[str], now: datetime) -> dict[str, str]:
    """Return the headers that sign a callback for an attempt made now, once by each secret."""
    timestamp = str(int(now.timestamp()))
    signatures = ",".join(f"v1={_signature(secret, timestamp, body)}" for secret in secrets)
    return {TIMESTAMP_HEADER: timestamp, SIGNATURE_HEADER: signatures}


def _signatures(header: str) -> list[bytes]:
    parts = [part.strip() for part in header.split(",", SIGNATURES_MAX)[:SIGNATURES_MAX]]
    return [part[3:].encode() for part in parts if part.startswith("v1=")]


def _signed_by_any(
    secrets: Iterable[str], given: Iterable[bytes], timestamp: str, body: bytes
) -> bool:
    right = [_signature(secret, timestamp, body).encode() for secret in secrets]
    # A list, not any(): the time taken must not reveal which comparison succeeded.
    same = [hmac.compare_digest(mine, theirs) for mine in right for theirs in given]
    return True in same


def _signature(secret: str, timestamp: str, body: bytes) -> str:
    signed = timestamp.encode() + b"." + body
    return hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


def _fault_of_time(timestamp: str, now: datetime) -> CallbackRefusalCode | None:
    if not _TIMESTAMP.fullmatch(timestamp):
        return CallbackRefusalCode.MALFORMED
    age_seconds = now.timestamp() - int(timestamp)
    if age_seconds > TOLERANCE.total_seconds():
        return CallbackRefusalCode.TOO_OLD
    if age_seconds < -TOLERANCE.total_seconds():
        return CallbackRefusalCode.FROM_THE_FUTURE
    return None


def _callback(content: bytes) -> Callback | CallbackRefusal:
    try:
        body: CallbackBody = CALLBACK_BODY.validate_json(content)
    except ValidationError:
        return CallbackRefusal(code=CallbackRefusalCode.MALFORMED)
    return Callback(
        callback_id=body.callback_id,
        kind=body.kind,
        key=body.key,
        outcome=succeeded(body) if isinstance(body, SucceededCallback) else refused(body),
        amount=body.money,
    )

"""Consumer tokens: short-lived JWTs naming the buyer, signed by whoever runs the consumer's app."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

LIFETIME_MAX = timedelta(hours=1)
"""A token living longer than this is refused: it cannot be revoked."""

_SKEW = timedelta(seconds=10)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class InvalidConsumerToken(Exception):
    """The token is not ours, not valid now, or not short-lived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerTokenKeys:
    """What tokens are held against: a shared secret (HS256), a PEM public key (EdDSA)."""

    secret: str | None
    public_key: str | None
    issuer: str
    audience: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Consumer:
    """The buyer a token names; ``shop_id`` if the token is for one shop only."""

    buyer_id: str
    shop_id: str | None
    expires_at: datetime


def read_consumer_token(token: str, keys: ConsumerTokenKeys, now: datetime) -> Consumer:
    """Check signature, issuer, audience and times; InvalidConsumerToken says what is wrong."""
    claims = _verified_claims(token, keys)
    issued_at, expires_at = _instant(claims, "iat", now), _instant(claims, "exp", now)
    if expires_at <= now:
        raise InvalidConsumerToken("the token has expired")
    if issued_at > now + _SKEW:
        raise InvalidConsumerToken("the token was issued in the future")
    if "nbf" in claims and _instant(claims, "nbf", now) > now + _SKEW:
        raise InvalidConsumerToken("the token is not valid yet")
    if expires_at - issued_at > LIFETIME_MAX:
        raise InvalidConsumerToken("the token lives longer than an hour")
    buyer_id, shop_id = claims["sub"], claims.get("shop_id")
    if not isinstance(buyer_id, str) or not _ID.fullmatch(buyer_id):
        raise InvalidConsumerToken("sub is not a buyer id")
    if not (shop_id is None or (isinstance(shop_id, str) and _ID.fullmatch(shop_id))):
        raise InvalidConsumerToken("shop_id is not a shop id")
    return Consumer(buyer_id=buyer_id, shop_id=shop_id, expires_at=expires_at)


def sign_consumer_token(
    keys: ConsumerTokenKeys, *, buyer_id: str, shop_id: str | None, now: datetime, life: timedelta
) -> str:
    """Return an HS256 token, for trying the service out; ValueError without a shared secret."""
    if keys.secret is None:
        raise ValueError("signing needs the shared secret")
    claims: dict[str, Any] = {
        "iss": keys.issuer,
        "aud": keys.audience,
        "sub": buyer_id,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    if shop_id is not None:
        claims["shop_id"] = shop_id
    return jwt.encode(claims, keys.secret, algorithm="HS256")


def _verified_claims(token: str, keys: ConsumerTokenKeys) -> dict[str, Any]:
    try:
        algorithm = jwt.get_unverified_header(token).get("alg")
        # The key is chosen by what we hold for the algorithm, never by the token alone.
        key = {"HS256": keys.secret, "EdDSA": keys.public_key}.get(str(algorithm))
        if key is None:
            raise InvalidConsumerToken("the token's algorithm is not accepted here")
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[str(algorithm)],
            issuer=keys.issuer,
            audience=keys.audience,
            # The times are checked against the service's own clock, by the caller.
            options={
                "require": ["exp", "iat", "iss", "aud", "sub"],
                "verify_exp": False,
                "verify_iat": False,
                "verify_nbf": False,
            },
        )
    except jwt.PyJWTError as error:
        raise InvalidConsumerToken(str(error)) from error
    return claims


def _instant(claims: dict[str, Any], name: str, now: datetime) -> datetime:
    value = claims[name]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidConsumerToken(f"{name} is not a number")
    try:
        return datetime.fromtimestamp(value, tz=now.tzinfo)
    except (OverflowError, ValueError, OSError) as error:
        raise InvalidConsumerToken(f"{name} is out of range") from error

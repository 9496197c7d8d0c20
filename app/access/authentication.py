"""From a bearer credential to a caller: an API key, or a consumer token.

A consumer token is a short-lived JWT that names the buyer, signed by the consumer's application.
Results are cached for seconds, so a revoked key ends with that delay.
"""

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import jwt

from app.access.keys import PREFIX, find_key
from app.access.scopes import SCOPES_OF_ROLE, Scope
from app.clock import Clock
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Actor, Role
from app.settings import Settings

LIFETIME_MAX = timedelta(hours=1)
"""A token living longer than this is refused: it cannot be revoked."""

_SKEW = timedelta(seconds=10)

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,63}")


class InvalidConsumerToken(Exception):
    """The token has a wrong signature, is not valid now, or not short-lived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsumerTokenKeys:
    """What tokens are verified with: a shared secret (HS256), a PEM public key (EdDSA)."""

    secret: str | None
    public_key: str | None
    issuer: str
    audience: str


def consumer_token_keys(settings: Settings) -> ConsumerTokenKeys:
    """Return what consumers' tokens are verified with."""
    secret = settings.consumer_token_secret
    return ConsumerTokenKeys(
        secret=None if secret is None else secret.get_secret_value(),
        public_key=settings.consumer_token_public_key,
        issuer=settings.consumer_token_issuer,
        audience=settings.consumer_token_audience,
    )


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
        # The key depends on the configured algorithms, never on the token alone.
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


CACHED_MAX = 10_000
CREDENTIAL_LENGTH_MAX = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who is calling. ``shop_id`` binds a merchant's key, or a consumer's token if it names one."""

    actor: Actor
    shop_id: str | None
    scopes: frozenset[Scope]

    @property
    def buyer_id(self) -> str | None:
        """The buyer a consumer is; None for other roles."""
        return self.actor.id if self.actor.role is Role.CONSUMER else None

    def may_see_buyer(self, buyer_id: str) -> bool:
        """Whether the caller may see a buyer's data: a consumer sees only their own."""
        return self.buyer_id in {None, buyer_id}

    def may_see_shop(self, shop_id: str) -> bool:
        """Whether the credential is valid for a shop."""
        return self.shop_id is None or self.shop_id == shop_id


class Unauthenticated(Exception):
    """The credential is not accepted; the message says why, as far as the caller may know."""


class Authentication:
    """Checks credentials, remembering each result for ``cache_seconds``."""

    def __init__(
        self,
        *,
        database: Queryable,
        clock: Clock,
        consumer_keys: ConsumerTokenKeys,
        cache_seconds: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._consumer_keys = consumer_keys
        self._kept_for = timedelta(seconds=cache_seconds)
        self._cache: OrderedDict[bytes, tuple[datetime, Caller | None]] = OrderedDict()

    async def authenticate(self, credential: str) -> Caller:
        """Return a credential's caller; Unauthenticated if it is unknown, revoked or expired."""
        if not credential:
            raise Unauthenticated("send Authorization: Bearer <key or token>")
        if len(credential) > CREDENTIAL_LENGTH_MAX:
            raise Unauthenticated("the credential is too long")
        now = self._clock.now()
        digest = hashlib.sha256(credential.encode("utf-8", "surrogateescape")).digest()
        kept = self._cache.get(digest)
        if kept is None or not kept[0] - self._kept_for <= now < kept[0]:
            kept = await self._looked_up(credential, now)
            self._keep(digest, kept)
        if kept[1] is None:
            raise Unauthenticated("the key is unknown, revoked or expired")
        return kept[1]

    async def _looked_up(self, credential: str, now: datetime) -> tuple[datetime, Caller | None]:
        """Return the caller and until when the result may be kept."""
        keep_until = now + self._kept_for
        if not credential.startswith(f"{PREFIX}_"):
            return self._consumer(credential, now, keep_until)
        key = await find_key(self._database, credential)
        if key is None or not key.valid_at(now):
            return keep_until, None
        ends = [at for at in (key.expires_at, key.revoked_at, keep_until) if at is not None]
        actor = Actor(role=key.role, id=key.key_id)
        return min(ends), Caller(actor=actor, shop_id=key.shop_id, scopes=key.scopes)

    def _consumer(
        self, token: str, now: datetime, keep_until: datetime
    ) -> tuple[datetime, Caller | None]:
        try:
            consumer = read_consumer_token(token, self._consumer_keys, now)
        except InvalidConsumerToken as error:
            raise Unauthenticated(str(error)) from error
        caller = Caller(
            actor=Actor(role=Role.CONSUMER, id=consumer.buyer_id),
            shop_id=consumer.shop_id,
            scopes=SCOPES_OF_ROLE[Role.CONSUMER],
        )
        return min(keep_until, consumer.expires_at), caller

    def _keep(self, digest: bytes, result: tuple[datetime, Caller | None]) -> None:
        self._cache[digest] = result
        self._cache.move_to_end(digest)
        if len(self._cache) > CACHED_MAX:
            self._cache.popitem(last=False)

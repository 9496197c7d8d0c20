"""From a bearer credential to a caller. Lookups are kept for seconds, revoked keys too."""

import hashlib
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.access.consumer_tokens import (
    ConsumerTokenKeys,
    InvalidConsumerToken,
    read_consumer_token,
)
from app.access.keys import PREFIX, find_key
from app.access.scopes import SCOPES_OF_ROLE, Scope
from app.clock import Clock
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Actor, Role

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
        """The buyer a consumer is; None for everybody else."""
        return self.actor.id if self.actor.role is Role.CONSUMER else None

    def may_see_buyer(self, buyer_id: str) -> bool:
        """Whether a buyer's things are the caller's to see: a consumer sees only their own."""
        return self.buyer_id in {None, buyer_id}

    def may_see_shop(self, shop_id: str) -> bool:
        """Whether the credential reaches into a shop at all."""
        return self.shop_id is None or self.shop_id == shop_id


class Unauthenticated(Exception):
    """The credential opens nothing; the message says why, as far as the caller may know."""


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
        """Return who presents a credential; Unauthenticated if it is nobody's, ended or expired."""
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

"""Asks for any operation so that it is granted, with the next of what is kept for it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import httpx

from tests.support.api import SHOP, Api, Caller
from tests.support.contract.document import Documented
from tests.support.contract.stock import Stock
from tests.support.operations import BODIES, CONSUMER, MERCHANT, PLATFORM, ROLES


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that is not sent yet."""

    caller: Caller
    method: str
    path: str
    media_type: str | None
    body: bytes | None

    async def send(
        self,
        query: Mapping[str, Any] | None = None,
        *,
        key: str | None = None,
        if_match: str | None = None,
        language: str | None = None,
    ) -> httpx.Response:
        """Send it, under a key, on a version, in a language."""
        given = {"Idempotency-Key": key, "If-Match": if_match, "Accept-Language": language}
        sent = {name: value for name, value in given.items() if value is not None}
        if self.body is not None and self.media_type is not None:
            sent["Content-Type"] = self.media_type
        return await self.caller.send(
            self.method, self.path, headers=sent, params=query, content=self.body
        )

    def reworded(self) -> "Asked":
        """Return a request for the same that is another, byte by byte."""
        return replace(
            self,
            body=b'{"cost_acknowledged":true}' if self.body is None else self.body + b" ",
            media_type=self.media_type or "application/json",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A service with something of everything, and who asks it for what."""

    api: Api
    stock: Stock
    operations: list[Documented]

    def granted(self, operation: Documented) -> Asked:
        """Return a request that is sure to be granted; what changes something is used up."""
        kept = self.stock.grantable.get(operation.name) or [{"path": {}, "body": None}]
        request = kept.pop() if len(kept) > 1 else kept[0]
        return self.asked(operation, request["path"], request["body"])

    def asked(
        self, operation: Documented, path: Mapping[str, str] | None = None, body: Any = None
    ) -> Asked:
        """Return a request of a role that may ask for it; where nothing is named, of anything."""
        anything = {name: values[0] for name, values in self.stock.drawn.items()}
        names = {"shop_id": SHOP, **anything, **(path or {})}
        if body is None:
            body = BODIES.get(operation.name)
        if operation.required_body and body is None:
            body = {}
        content = None if body is None else json.dumps(body).encode()
        if operation.body_type == "application/x-ndjson":
            content = b"{}"
        return Asked(
            caller=self.caller_of(operation, names["shop_id"]),
            method=operation.method,
            path=operation.template.format(**names),
            media_type=operation.body_type,
            body=content if operation.body_type else None,
        )

    def caller_of(self, operation: Documented, shop_id: str = SHOP) -> Caller:
        """Return the caller with the fewest rights who may ask."""
        roles = ROLES[operation.name]
        if roles >= CONSUMER and shop_id == SHOP:
            return self.api.consumer()
        if roles >= MERCHANT and shop_id == SHOP:
            return self.api.merchant
        return self.api.platform if roles >= PLATFORM else self.api.nobody

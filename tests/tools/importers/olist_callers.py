"""Who takes part in the play, and what each of them asks the service."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypeVar

import httpx

from app.access.authentication import consumer_token_keys, sign_consumer_token
from app.access.keys import create_key
from app.clock import ManualClock
from app.event_store.recorded_event import Role
from app.resources import Resources
from tests.tools.importers.olist_expected import RealOrder

AT_ONCE_MAX = 24

T = TypeVar("T")
R = TypeVar("R")
Json = dict[str, Any]


async def each(things: Iterable[T], ask: Callable[[T], Awaitable[R]]) -> list[R]:
    """Ask for each thing, several at a time, and return the answers in order."""
    permits = asyncio.Semaphore(AT_ONCE_MAX)

    async def one(thing: T) -> R:
        async with permits:
            return await ask(thing)

    return await asyncio.gather(*(one(thing) for thing in things))


@dataclass(kw_only=True)
class Callers:
    """The platform, the merchant of every shop and every buyer, each with a credential."""

    client: httpx.AsyncClient
    resources: Resources
    clock: ManualClock
    platform_key: str
    _merchant_keys: dict[str, str] = field(default_factory=dict)

    async def entry(self, order: RealOrder, at: datetime | None = None) -> Json:
        """Return the entry of an order with every rule, as it is now or would be at an instant."""
        params = {} if at is None else {"at": at.isoformat()}
        return await self._asked(
            "GET", f"{_path(order)}/after-sales-entry", self.platform_key, params=params
        )

    async def order(self, order: RealOrder) -> Json:
        """Return an order with its log."""
        return await self._asked("GET", _path(order), self.platform_key)

    async def open_one(self, order: RealOrder) -> httpx.Response:
        """Open an entry as its merchant."""
        return await self._call(
            "POST",
            f"{_path(order)}/after-sales-entry/open",
            await self._merchant(order.shop),
            json={"cost_acknowledged": True},
        )

    async def open_many(self, shop: str, order_ids: list[str]) -> list[Json]:
        """Open the entries of a shop's orders in one call; a result for each."""
        answer = await self._asked(
            "POST",
            f"/v1/shops/{shop}/after-sales-entries/open",
            await self._merchant(shop),
            json={"cost_acknowledged": True, "order_ids": order_ids},
        )
        results: list[Json] = answer["results"]
        return results

    async def apply(
        self, order: RealOrder, asked: dict[str, int], *, return_goods: bool
    ) -> httpx.Response:
        """Apply for money back as the buyer; ``asked``: amounts by item."""
        return await self._call(
            "POST",
            f"{_path(order)}/refund-requests",
            self._buyer(order),
            headers={"Idempotency-Key": f"apply-{order.order}"},
            json={
                "items": [
                    {"item_id": item_id, "quantity": 1, "amount": amount}
                    for item_id, amount in asked.items()
                ],
                "return_goods": return_goods,
                "reason": "quality_problem",
            },
        )

    async def withdraw(self, order: RealOrder) -> Json:
        """Take the only application back."""
        return await self._asked(
            "POST", f"{_ticket(order)}/withdraw-application", self._buyer(order)
        )

    async def agree(self, order: RealOrder) -> Json:
        """Agree to the only application, as the merchant."""
        merchant = await self._merchant(order.shop)
        return await self._asked("POST", f"{_ticket(order)}/agree-to-application", merchant)

    async def pay(self, order: RealOrder) -> Json:
        """Report that the money reached the buyer."""
        key = {"Idempotency-Key": f"paid-{order.order}"}
        path = f"{_ticket(order)}/record-refund-success"
        return await self._asked("POST", path, self.platform_key, headers=key)

    async def inbox(self, order: RealOrder) -> list[Json]:
        """Return what the buyer was told in the order's shop."""
        path = f"/v1/shops/{order.shop}/notifications"
        page = await self._asked("GET", path, self._buyer(order))
        messages: list[Json] = page["notifications"]
        return [message for message in messages if message["order_id"] == order.order]

    async def listed(self, shop: str, what: str, **filters: str) -> list[Json]:
        """Return a whole filtered list of a shop's `orders` or `tickets`, page by page."""
        rows: list[Json] = []
        params = {**filters, "limit": "50"}
        while True:
            page = await self._asked(
                "GET", f"/v1/shops/{shop}/{what}", self.platform_key, params=params
            )
            rows += page[what]
            if page["next_cursor"] is None:
                return rows
            params["cursor"] = page["next_cursor"]

    async def _asked(self, method: str, path: str, bearer: str, **more: Any) -> Json:
        response = await self._call(method, path, bearer, **more)
        assert response.is_success, f"{method} {path}: {response.status_code} {response.text}"
        answer: Json = response.json()
        return answer

    async def _call(self, method: str, path: str, bearer: str, **more: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {bearer}", **more.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **more)

    async def _merchant(self, shop: str) -> str:
        if shop not in self._merchant_keys:
            self._merchant_keys[shop] = await create_key(
                self.resources.pool, role=Role.MERCHANT, shop_id=shop, name="the play"
            )
        return self._merchant_keys[shop]

    def _buyer(self, order: RealOrder) -> str:
        return sign_consumer_token(
            consumer_token_keys(self.resources.settings),
            buyer_id=order.buyer,
            shop_id=order.shop,
            now=self.clock.now(),
            life=timedelta(minutes=30),
        )


def failed_in(rules: list[Json]) -> frozenset[str]:
    """Return the codes of the rules that did not pass."""
    return frozenset(rule["code"] for rule in rules if not rule["passed"])


def _path(order: RealOrder) -> str:
    return f"/v1/shops/{order.shop}/orders/{order.order}"


def _ticket(order: RealOrder) -> str:
    return f"/v1/shops/{order.shop}/tickets/{order.order}-1"

"""The final check: compares everything the service shows with the oracle."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.oracle.expected_view import inbox_view, order_view
from tools.oracle.order import PlainOrder
from tools.simulation.comparing import Difference, differences
from tools.simulation.invariants import broken_invariants
from tools.simulation.shop import Shop, Snapshot
from tools.simulation.together import side_by_side

LOOK_AGAIN_SECONDS = 0.1
PAGE_ROWS = 100
DIFFERENCES_MAX = 25
"""Reported of one order; the rest follows from them."""

Json = dict[str, Any]


@dataclass(slots=True, kw_only=True)
class FinalCheck:
    """Checks one shop when its days are over."""

    shop: Shop
    on_order: Callable[[], None]
    patience_seconds: float = 20.0
    """How long lists may lag behind."""

    async def check(self) -> None:
        """Read every order, list and inbox of the shop, and note each difference."""
        orders = list(self.shop.orders.values())
        pages = dict(await side_by_side(self._check_order(order) for order in orders))
        await side_by_side(self._check_past(one) for one in self.shop.snapshots)
        await self._until_same(lambda: self._list_differences(pages))
        await self._until_same(lambda: self._inbox_differences(orders))
        self._count(orders)

    async def _check_order(self, order: PlainOrder) -> tuple[str, Json]:
        page = await self._page(order.order_id, {}, self._platform())
        about = self.shop.stage.about(order.order_id)
        self._note("order", differences(about, "", order_view(order), page))
        if "operation_log" in page:
            self._note("invariants", broken_invariants(about, page, self.shop.stage.now))
        self.on_order()
        return order.order_id, page

    async def _check_past(self, snapshot: Snapshot) -> None:
        """Ask how an order stood when it was looked at on the way."""
        params = {"as_of": snapshot.at.isoformat()}
        page = await self._page(snapshot.order_id, params, self._merchant())
        about = self.shop.stage.about(snapshot.order_id)
        name = f"as_of {snapshot.at.isoformat()}"
        self._note("as_of", differences(about, name, snapshot.page, page))

    async def _list_differences(self, pages: Mapping[str, Json]) -> list[Difference]:
        """Compare the rows of the lists with the details they are rows of."""
        orders = {one["order_id"]: one for one in await self._all("orders", self._merchant())}
        tickets = {one["ticket_id"]: one for one in await self._all("tickets", self._merchant())}
        expected_orders = {
            order_id: {name: value for name, value in page.items() if name != "operation_log"}
            for order_id, page in pages.items()
        }
        expected_tickets = {
            ticket["ticket_id"]: ticket
            for page in pages.values()
            for ticket in page.get("tickets", ())
        }
        about = self.shop.stage.about
        return [
            *differences(about("orders"), "list", sorted(expected_orders), sorted(orders)),
            *differences(about("orders"), "row", expected_orders, orders),
            *differences(about("tickets"), "list", sorted(expected_tickets), sorted(tickets)),
            *differences(about("tickets"), "row", expected_tickets, tickets),
        ]

    async def _inbox_differences(self, orders: Sequence[PlainOrder]) -> list[Difference]:
        """Compare the messages in each inbox with the expected ones."""
        of_buyers: dict[str, list[PlainOrder]] = defaultdict(list)
        for order in orders:
            of_buyers[order.buyer_id].append(order)
        credentials = self.shop.stage.service.credentials
        inboxes = [
            self._inbox("consumer", credentials.consumer(self.shop.shop_id, buyer_id), theirs)
            for buyer_id, theirs in of_buyers.items()
        ]
        shops = self._inbox("merchant", self._merchant(), orders)
        return [one for found in await side_by_side([*inboxes, shops]) for one in found]

    async def _inbox(
        self, recipient: str, bearer: str, orders: Sequence[PlainOrder]
    ) -> list[Difference]:
        """Compare one inbox: what it says of each order, oldest first, and of no other."""
        got: dict[str, list[Json]] = {order.order_id: [] for order in orders}
        for message in reversed(await self._all("notifications", bearer)):
            got.setdefault(message["order_id"], []).append(message)
        expected = inbox_view(orders, recipient)
        about = self.shop.stage.about(f"inbox of the {recipient}")
        return [
            *differences(about, "orders", sorted(expected), sorted(got)),
            *differences(about, "", expected, got),
        ]

    async def _until_same(self, find: Callable[[], Awaitable[list[Difference]]]) -> None:
        """Lists may lag: look again until they agree, or long enough to call it a difference."""
        deadline = time.monotonic() + self.patience_seconds
        while found := await find():
            if time.monotonic() > deadline:
                break
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        self._note("lists and inboxes", found)

    async def _all(self, what: str, bearer: str) -> list[Json]:
        """Return a whole list, page by page."""
        rows: list[Json] = []
        params = {"limit": str(PAGE_ROWS)}
        while True:
            page = await self._get(what, params, bearer)
            rows += page[what]
            if page["next_cursor"] is None:
                return rows
            params["cursor"] = page["next_cursor"]

    async def _page(self, order_id: str, params: Mapping[str, str], bearer: str) -> Json:
        """Return an order's page, or whatever is answered instead."""
        path = f"/v1/shops/{self.shop.shop_id}/orders/{order_id}"
        answer = await self.shop.stage.service.get(path, bearer, params)
        return answer.body if isinstance(answer.body, dict) else {}

    async def _get(self, path: str, params: Mapping[str, str], bearer: str) -> Json:
        service = self.shop.stage.service
        return await service.shown(f"/v1/shops/{self.shop.shop_id}/{path}", bearer, params)

    def _note(self, what: str, found: Sequence[Difference]) -> None:
        tally = self.shop.stage.tally
        tally.checked[what] += 1
        tally.differences += found[:DIFFERENCES_MAX]

    def _count(self, orders: Sequence[PlainOrder]) -> None:
        tally = self.shop.stage.tally
        for order in orders:
            tally.fell_due.update(line.code for line in order.happened if line.role == "system")
            tally.final_states.update(ticket.state for ticket in order.tickets)

    def _platform(self) -> str:
        return self.shop.stage.service.credentials.platform()

    def _merchant(self) -> str:
        return self.shop.stage.service.credentials.merchant(self.shop.shop_id)

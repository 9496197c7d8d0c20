"""What the demo keeps in stock, so that every example of the documentation can be tried.

Each operation on an order or a ticket has a separate order, brought into the state it is for.
"""

import asyncio
import json
import secrets
from dataclasses import dataclass
from datetime import datetime

from app.api.openapi.documentation import ExampleStock
from app.api.openapi.examples import SHOP, generated_id, order_of
from app.api.resources import examples
from app.domain.policy import POLICY, SHANGHAI
from tools.demo.calls import Calls, Json, Part, expect, until_seen
from tools.demo.endpoints import stock_of_endpoints

LARGE = POLICY.payout_dual_control_above + 1
DEPOSIT, CASH = 100 * LARGE, examples.WITHDRAWAL["amount"]

Step = tuple[Part, str, Json | None]

_AGREED: tuple[Step, ...] = (("merchant", "agree-to-application", None),)
_REJECTED: tuple[Step, ...] = (("merchant", "reject-application", {"reason": "no_evidence"}),)
_DISPUTED: tuple[Step, ...] = (
    *_REJECTED,
    ("consumer", "request-arbitration", {"note": "商家不讲理"}),
)
_RETURNED: tuple[Step, ...] = (*_AGREED, ("consumer", "ship-goods-back", examples.PARCEL))
_REPLACED: tuple[Step, ...] = (*_AGREED, ("merchant", "ship-replacement", examples.PARCEL))
_BACK = {**examples.REQUEST_REFUND, "return_goods": True}
_ALONE = {**examples.REQUEST_REFUND, "return_goods": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoStock:
    """The names of one run, and what of the examples they stand for."""

    name: str
    ids: dict[str, str]
    examples: ExampleStock


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ticket:
    """A ticket to be had: what is applied for, and what brings it where it should be."""

    path: str = "refund-requests"
    body: Json
    steps: tuple[Step, ...] = ()


_APPLIED = _Ticket(body=_ALONE)
_GOODS = _Ticket(path="reissue-requests", body=examples.REQUEST_REISSUE)

_TICKETS: dict[str, _Ticket] = {
    **dict.fromkeys(
        ("get_ticket", "get_ticket_cost", "add_ticket_remark", "modify_application"), _APPLIED
    ),
    **dict.fromkeys(
        ("withdraw_application", "agree_to_application", "reject_application"), _APPLIED
    ),
    "record_refund_success": _APPLIED,
    "agree_without_return": _Ticket(body=_BACK),
    "process_rejected_ticket": _Ticket(body=_ALONE, steps=_REJECTED),
    "request_arbitration": _Ticket(body=_ALONE, steps=_REJECTED),
    **dict.fromkeys(
        ("submit_arbitration_evidence", "rule_arbitration", "withdraw_arbitration"),
        _Ticket(body=_ALONE, steps=_DISPUTED),
    ),
    **dict.fromkeys(
        ("ship_goods_back", "extend_return_deadline"), _Ticket(body=_BACK, steps=_AGREED)
    ),
    **dict.fromkeys(
        ("correct_return_shipment", "confirm_return_receipt", "reject_returned_goods"),
        _Ticket(body=_BACK, steps=_RETURNED),
    ),
    "ship_replacement": _Ticket(path=_GOODS.path, body=_GOODS.body, steps=_AGREED),
    "confirm_replacement_receipt": _Ticket(path=_GOODS.path, body=_GOODS.body, steps=_REPLACED),
    **dict.fromkeys(
        ("get_refund", "start_advance_payout"),
        _Ticket(body=_ALONE, steps=_AGREED),
    ),
    **dict.fromkeys(
        ("approve_advance_payout", "decline_advance_payout"),
        _Ticket(
            body={**_ALONE, "items": [{"item_id": "1", "quantity": 1, "amount": LARGE}]},
            steps=_AGREED,
        ),
    ),
}
_BATCH = {
    "demo-batch-1": _APPLIED,
    "demo-batch-2": _APPLIED,
    "demo-batch-3": _Ticket(path=_GOODS.path, body=_GOODS.body, steps=_AGREED),
}
_APPLICATIONS = ("request_refund", "request_exchange", "request_reissue", "request_repair")
_OPEN = (*_APPLICATIONS, "request_entry_reopening", "decline_entry_reopening")
_RECEIVED = ("get_order", "get_after_sales_entry", "open_after_sales_entry", "record_settlement")
_PAYOUTS = ("start_advance_payout", "approve_advance_payout", "decline_advance_payout")


def new_stock() -> DemoStock:
    """Name the stock of a run; there is nothing in it yet."""
    now = datetime.now(SHANGHAI)
    name = f"demo-{now:%m%d-%H%M%S}-{secrets.token_hex(1)}"
    ids: dict[str, str] = {}
    return DemoStock(
        name=name, ids=ids, examples=ExampleStock(stem=f"{name}-", ids=ids, today=now.date())
    )


async def fill_stock(calls: Calls, stock: DemoStock) -> None:
    """Make all there is to try; CommandFailed if the service refuses any of it."""
    filling = _Filling(calls, stock)
    await filling.orders()
    await asyncio.gather(
        filling.tickets(), filling.money(), filling.shops(), filling.inbox(), filling.endpoints()
    )


class _Filling:
    def __init__(self, calls: Calls, stock: DemoStock) -> None:
        self._calls = calls
        self._stock = stock
        self._shop = f"/v1/shops/{SHOP}"

    async def orders(self) -> None:
        """Import an order for each operation, as far along as it needs, and open the entries."""
        tickets = [*map(order_of, _TICKETS), *_BATCH]
        opened = [*map(order_of, _OPEN), *tickets]
        received = [*map(order_of, _RECEIVED), *examples.OPEN_ENTRIES["order_ids"], *opened]
        lines = [
            self._line(order_of("record_shipment"), shipped=False, received=False),
            self._line(order_of("record_receipt_confirmation"), received=False),
            *map(self._line, received),
        ]
        await self._calls.import_lines(f"{self._shop}/orders/import", lines)
        body = {"cost_acknowledged": True, "order_ids": self._stock.examples.of(opened)}
        result = await self._calls.post(
            f"{self._shop}/after-sales-entries/open", body, by="merchant"
        )
        expect(all(one["status"] == 200 for one in result["results"]), "entries open", result)

    def _line(self, order_id: str, *, shipped: bool = True, received: bool = True) -> Json:
        large = order_id in map(order_of, _PAYOUTS[1:])
        line = json.loads(json.dumps({**examples.REGISTER_ORDER, "order_id": order_id}))
        if large:
            line["payment"]["amount"]["amount"] = line["items"][0]["amount_paid"] = LARGE
        if shipped:
            line |= examples.SHIPMENT
        if received:
            line["receipt_confirmed_at"] = examples.RECEIPT_CONFIRMATION["confirmed_at"]
        found: Json = self._stock.examples.of(line)
        return found

    async def tickets(self) -> None:
        """Apply for what is to be decided on, and bring it into the right state."""
        orders = {order_of(operation): ticket for operation, ticket in _TICKETS.items()} | _BATCH
        await asyncio.gather(*(self._ticket(*one) for one in orders.items()))
        await asyncio.gather(*map(self._payout, _PAYOUTS))

    async def _ticket(self, order_id: str, ticket: _Ticket) -> None:
        named = self._stock.examples.text(order_id)
        applying = f"{self._shop}/orders/{named}/{ticket.path}"
        await self._calls.post(applying, ticket.body, key=f"stock-{named}")
        for by, step, body in ticket.steps:
            await self._calls.post(f"{self._shop}/tickets/{named}-1/{step}", body, by=by)

    async def _payout(self, operation: str) -> None:
        """Wait until the provider refused; let a colleague ask for what is to be approved."""
        refund_id = f"{self._stock.examples.text(order_of(operation))}-1"

        async def refused() -> Json | None:
            ticket = await self._calls.get(f"{self._shop}/tickets/{refund_id}", by="platform")
            refund = ticket["refund"]
            return ticket if refund is not None and refund["status"] == "refused" else None

        await until_seen(refused, "the provider refused")
        if operation != "start_advance_payout":
            path = f"{self._shop}/refunds/{refund_id}/advance-payouts"
            ticket = await self._calls.post(
                path, examples.START_ADVANCE_PAYOUT, by="colleague", key=f"stock-{refund_id}"
            )
            payout_id = ticket["advance_payouts"][0]["payout_id"]
            self._stock.ids[generated_id(operation, "payout_id")] = payout_id

    async def money(self) -> None:
        """Pay in what examples spend, so that trying them leaves no arrears."""
        for account, amount in (("deposit", DEPOSIT), ("cash_alipay", CASH)):
            reference = f"stock-{self._stock.name}-{account}"
            body = {"reference": reference, "account": account, "amount": amount}
            await self._calls.post(
                f"{self._shop}/funds/top-ups", body, by="platform", key=reference
            )

    async def shops(self) -> None:
        """Put shops into test mode."""
        for operation in ("get_test_clock", "advance_test_clock"):
            shop_id = self._stock.examples.text(order_of(operation))
            body = self._stock.examples.of(examples.CREATE_TEST_CLOCK)
            await self._calls.post(f"/v1/shops/{shop_id}/test-clock", body, by="platform")

    async def inbox(self) -> None:
        """Find a message to be read and register a device to be removed."""
        ids, device = self._stock.ids, {"platform": "ios", "token": f"stock-{self._stock.name}"}
        registered = await self._calls.post(f"{self._shop}/devices", device, by="merchant")
        ids[generated_id("delete_device", "device_id")] = registered["device_id"]
        page = await self._calls.get(f"{self._shop}/notifications", by="merchant")
        message = page["notifications"][0]["notification_id"]
        ids[generated_id("read_notification", "notification_id")] = message

    async def endpoints(self) -> None:
        """Make webhook endpoints of the shop and of the platform, with something delivered."""
        self._stock.ids.update(await stock_of_endpoints(self._calls, self._shop, "merchant", ""))
        self._stock.ids.update(
            await stock_of_endpoints(self._calls, "/v1/platform", "platform", "platform_")
        )

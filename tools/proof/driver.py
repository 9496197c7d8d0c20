"""Those who use the service: they report orders, open entries, apply, agree, and watch refunds."""

import asyncio
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.proof.calling import Answer, Caller
from tools.proof.plan import Payment, PlannedOrder, Settled

LOOK_SECONDS = 0.25
ARREARS_PAID_MAX = 20

Refund = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """A refund the merchant agreed to: paid once, or refused, is all it may come to."""

    shop_id: str
    order_id: str
    ticket_id: str
    amount: int
    overdue: bool

    @property
    def key(self) -> str:
        """The name it must have at the provider."""
        return f"{self.shop_id}/{self.ticket_id}"


class NotGranted(Exception):
    """The service refuses what it must grant."""


@dataclass(slots=True, kw_only=True)
class Driver:
    """Carries out a plan's orders; the answers it got are one more witness."""

    caller: Caller
    began: datetime = field(default_factory=lambda: datetime.now(UTC))
    agreed: list[Agreed] = field(default_factory=list)
    paid_in: Counter[str] = field(default_factory=Counter)
    """Minor units that buyers and shops paid in, less what shops took out, by shop."""
    payments: dict[tuple[str, str], int] = field(default_factory=dict)
    """What finance was granted to book, by shop and reference."""

    async def pay_in(self, shop_id: str, payment: Payment) -> None:
        """Report a payment of a shop; only money that is not there may be refused."""
        kind, amount = ("top-ups", 1) if payment.amount > 0 else ("withdrawals", -1)
        body = {
            "reference": payment.reference,
            "account": payment.account,
            "amount": amount * payment.amount,
        }
        path, bearer = f"/v1/shops/{shop_id}/funds/{kind}", self.caller.keys.platform
        answer = await self.caller.post(path, bearer, body, key=payment.reference)
        if answer.code == "balance_insufficient":
            return
        _granted(path, answer)
        self.paid_in[shop_id] += payment.amount
        self.payments[shop_id, payment.reference] = payment.amount

    async def live(self, order: PlannedOrder) -> None:
        """Take an order from its registration to the end of its last refund."""
        path = await self._report(order)
        if order.overdue:
            await self._open(order, f"{path}/after-sales-entry/open")
        for number, amount in enumerate(order.refunds, 1):
            await self._refund(order, path, number, amount)
            if number == 1:
                await self._beside(order, path)
            if number < len(order.refunds) and not await self._succeeds(self.agreed_of(order)):
                return  # a refused one keeps its order from another until a person has acted

    def agreed_of(self, order: PlannedOrder) -> Agreed:
        """Return the latest refund of an order that was agreed to."""
        mine = (order.shop_id, order.order_id)
        return next(one for one in reversed(self.agreed) if (one.shop_id, one.order_id) == mine)

    async def end_of(self, refund: Agreed) -> Refund | None:
        """Return a ticket once its refund has ended, None while it has not."""
        path = f"/v1/shops/{refund.shop_id}/tickets/{refund.ticket_id}"
        answer = await self.caller.get(path, self.caller.keys.merchants[refund.shop_id])
        _granted(path, answer)
        ticket: Refund = answer.body
        status = (ticket["refund"] or {}).get("status")
        ended = ticket["state"] == "succeeded" or status == "refused"
        return ticket if ended else None

    async def _report(self, order: PlannedOrder) -> str:
        """Register an order and report its facts, and return its path."""
        orders, platform = f"/v1/shops/{order.shop_id}/orders", self.caller.keys.platform
        path = f"{orders}/{order.order_id}"
        days = 10 if order.overdue else 2
        reports = [
            (orders, self._facts(order)),
            (f"{path}/shipment", {"shipped_at": self._ago(days=29)}),
            (f"{path}/receipt-confirmation", {"confirmed_at": self._ago(days=days)}),
        ]
        if order.settled is Settled.BEFORE:
            reports.append((f"{path}/settlement", {"settled_at": self._ago(days=1)}))
        for reported, body in reports:
            answer = await self.caller.post(reported, platform, body, key=order.order_id)
            _granted(reported, answer)
        self.paid_in[order.shop_id] += order.paid
        return path

    async def _open(self, order: PlannedOrder, path: str) -> None:
        """Open the entry; a shop that may not for what it owes pays that first."""
        merchant = self.caller.keys.merchants[order.shop_id]
        for attempt in range(ARREARS_PAID_MAX):
            key = f"{order.order_id}-{attempt}"
            answer = await self.caller.post(path, merchant, {"cost_acknowledged": True}, key=key)
            if answer.code != "shop_restricted":
                break
            owed = int(answer.body["facts"]["arrears"])
            payment = Payment(reference=f"arrears-{key}", account="deposit", amount=owed)
            await self.pay_in(order.shop_id, payment)
        _granted(path, answer)

    async def _refund(self, order: PlannedOrder, path: str, number: int, amount: int) -> None:
        applying = f"{path}/refund-requests"
        asked = {
            "items": [{"item_id": "item-1", "quantity": 1, "amount": amount}],
            "return_goods": False,
            "reason": "promised_after_sales" if order.overdue else "agreed_with_merchant",
        }
        buyer = self.caller.keys.buyer(order.buyer_id)
        answer = await self.caller.post(applying, buyer, asked, key=f"refund-{number}")
        _granted(applying, answer)
        ticket_id = answer.body["ticket_id"]
        if number == 1 and order.drained_to is not None:
            await self._drain(order, order.drained_to)
        agreeing = f"/v1/shops/{order.shop_id}/tickets/{ticket_id}/agree-to-application"
        merchant = self.caller.keys.merchants[order.shop_id]
        _granted(agreeing, await self.caller.post(agreeing, merchant))
        self.agreed.append(
            Agreed(
                shop_id=order.shop_id,
                order_id=order.order_id,
                ticket_id=ticket_id,
                amount=amount,
                overdue=order.overdue,
            )
        )

    async def _drain(self, order: PlannedOrder, left: int) -> None:
        """Let the shop take out the cash of the order's channel but for a rest, if it still can."""
        path, account = f"/v1/shops/{order.shop_id}/funds", f"cash_{order.channel}"
        answer = await self.caller.get(path, self.caller.keys.merchants[order.shop_id])
        _granted(path, answer)
        held = {one["account"]: one["available"] for one in answer.body["accounts"]}[account]
        if held > left:
            reference = f"drain-{order.order_id}"
            payment = Payment(reference=reference, account=account, amount=left - held)
            await self.pay_in(order.shop_id, payment)

    async def _beside(self, order: PlannedOrder, path: str) -> None:
        """Let happen what races with the refund."""
        if order.settled is Settled.BESIDE:
            settling, body = f"{path}/settlement", {"settled_at": self._ago(hours=1)}
            _granted(settling, await self.caller.post(settling, self.caller.keys.platform, body))
        if order.beside is not None:
            await self.pay_in(order.shop_id, order.beside)

    async def _succeeds(self, refund: Agreed) -> bool:
        while True:
            ticket = await self.end_of(refund)
            if ticket is not None:
                return bool(ticket["state"] == "succeeded")
            await asyncio.sleep(LOOK_SECONDS)

    def _facts(self, order: PlannedOrder) -> Mapping[str, Any]:
        created_at = self._ago(days=30)
        talent, agency, service_fee = order.basis_points
        return {
            "order_id": order.order_id,
            "buyer_id": order.buyer_id,
            "created_at": created_at,
            "payment": {
                "method": "online",
                "channel": order.channel,
                "amount": {"amount": order.paid, "currency": "CNY"},
                "paid_at": created_at,
            },
            "items": [
                {
                    "item_id": "item-1",
                    "sku": "sku-1",
                    "title": "羊毛围巾",
                    "kind": "physical",
                    "quantity": 2,
                    "amount_paid": order.paid,
                }
            ],
            "commission": {
                "talent_basis_points": talent,
                "agency_basis_points": agency,
                "service_fee_basis_points": service_fee,
            },
        }

    def _ago(self, **past: int) -> str:
        return (self.began - timedelta(**past)).isoformat()


def _granted(path: str, answer: Answer) -> None:
    if answer.status >= 300:
        raise NotGranted(f"{path}: {answer.status} {answer.body}")

"""Orders that make events: registered, opened, applied for, agreed to; again until it is done."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from uuid_utils.compat import uuid7

from app.command_handling.apply_due_deadlines import Silent
from app.command_handling.handler import CommandHandler
from app.command_handling.requests import OrderRequest, TooManyConflicts
from app.domain.money import Money
from app.domain.order.answers import AgreeToApplication
from app.domain.order.applications import RequestRefund
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.facts import (
    BusinessLine,
    CommissionTerms,
    Item,
    ItemKind,
    OnlinePayment,
    OrderFacts,
    PaymentChannel,
)
from app.domain.order.registration import RecordReceiptConfirmation, RecordShipment, RegisterOrder
from app.domain.order.tickets import RequestedItem
from app.domain.reasons import ApplicationReason
from app.event_store.append import AppendOutcomeUnknown, EventStoreUnavailable
from app.event_store.connections import LOST_CONNECTION
from app.event_store.recorded_event import Actor, Role
from app.postgres.pool import CONNECTION_FAILURES, DatabaseUnavailable

EVENTS_OF_AN_ORDER = 4
"""At least: opened, created, agreed, refund requested."""

ORDERS_AT_ONCE = 16
RETRY_SECONDS = 0.2

_TROUBLE: tuple[type[Exception], ...] = (
    *(*CONNECTION_FAILURES, *LOST_CONNECTION),
    *(AppendOutcomeUnknown, EventStoreUnavailable, DatabaseUnavailable, TooManyConflicts),
)
_DAY = timedelta(days=1)
_Step: TypeAlias = tuple[Role, tuple[OrderCommand, ...]]


async def live_orders(
    handler: CommandHandler, shop_id: str, orders: int, on_order: Callable[[], None]
) -> None:
    """Let orders of a shop live as far as an agreed refund, some at a time."""
    places = asyncio.Semaphore(ORDERS_AT_ONCE)

    async def live(number: int) -> None:
        async with places:
            await _live(handler, shop_id, f"order-{number}")
        on_order()

    async with asyncio.TaskGroup() as tasks:
        for number in range(orders):
            tasks.create_task(live(number))


async def open_one(handler: CommandHandler, shop_id: str, order_id: str) -> None:
    """Open the entry of a new order: one event."""
    created_at = datetime.now(UTC) - 20 * _DAY
    for role, commands in _until_opened(_facts(shop_id, order_id, created_at)):
        await _patiently(handler, shop_id, order_id, role, commands)


async def _live(handler: CommandHandler, shop_id: str, order_id: str) -> None:
    created_at = datetime.now(UTC) - 20 * _DAY
    facts = _facts(shop_id, order_id, created_at)
    asked = RequestedItem(item_id="item-1", quantity=1, amount=1_000)
    why = ApplicationReason.PROMISED_AFTER_SALES
    application = RequestRefund(items=(asked,), return_goods=False, reason=why, description=None)
    steps: tuple[_Step, ...] = (
        *_until_opened(facts),
        (Role.CONSUMER, (application,)),
        (Role.MERCHANT, (AgreeToApplication(ticket_id=f"{order_id}-1"),)),
    )
    for role, commands in steps:
        await _patiently(handler, shop_id, order_id, role, commands)


def _until_opened(facts: OrderFacts) -> tuple[_Step, ...]:
    reported = (
        RegisterOrder(facts=facts),
        RecordShipment(shipped_at=facts.created_at + _DAY),
        RecordReceiptConfirmation(confirmed_at=facts.created_at + 4 * _DAY),
    )
    return ((Role.PLATFORM, reported), (Role.MERCHANT, (OpenAfterSalesEntry(),)))


async def _patiently(
    handler: CommandHandler,
    shop_id: str,
    order_id: str,
    role: Role,
    commands: tuple[OrderCommand, ...],
) -> None:
    """Ask until there is an answer: asked again, what was done already is refused or no change."""
    request = OrderRequest(
        shop_id=shop_id,
        order_id=order_id,
        commands=commands,
        actor=Actor(role=role, id="buyer-1" if role is Role.CONSUMER else "proof"),
        correlation_id=str(uuid7()),
        buyer_id="buyer-1" if role is Role.CONSUMER else None,
    )
    while True:
        try:
            await handler.handle(request, Silent())
        except _TROUBLE:
            await asyncio.sleep(RETRY_SECONDS)
        else:
            return


def _facts(shop_id: str, order_id: str, created_at: datetime) -> OrderFacts:
    return OrderFacts(
        shop_id=shop_id,
        order_id=order_id,
        buyer_id="buyer-1",
        created_at=created_at,
        payment=OnlinePayment(
            channel=PaymentChannel.ALIPAY,
            amount=Money(amount=10_000, currency="CNY"),
            paid_at=created_at,
        ),
        items=(
            Item(
                item_id="item-1",
                sku="kettle-1l",
                title="Kettle, 1 litre",
                kind=ItemKind.PHYSICAL,
                quantity=1,
                amount_paid=10_000,
            ),
        ),
        business_line=BusinessLine.GENERAL,
        commission=CommissionTerms(
            talent_basis_points=0, agency_basis_points=0, service_fee_basis_points=0
        ),
    )

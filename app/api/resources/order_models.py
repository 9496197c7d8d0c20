"""Orders: as the order system reports them, and as they are shown with their operation log."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field
from typing_extensions import TypeAliasType

from app.api.resources import examples
from app.api.resources.common import (
    Amount,
    Id,
    Instant,
    LocalizedText,
    Money,
    MoneyAmount,
    RequestModel,
    ResponseModel,
    ShortText,
    Version,
    Versioned,
    localized,
)
from app.api.resources.entry_models import AfterSalesEntry, entry_on_wire
from app.api.resources.ticket_models import Ticket, ticket_on_wire
from app.domain.money import Money as DomainMoney
from app.domain.order import facts as domain
from app.domain.order.facts import BusinessLine, ItemKind, PaymentChannel
from app.projections.operation_log import LogEntry, render
from app.projections.orders.view import OrderView


class LogActor(ResponseModel):
    """Who did it."""

    role: str
    """`merchant`, `consumer`, `platform` or `system`; more may come."""
    id: str
    """The id of the key, the buyer or the process."""


class OperationLogEntry(ResponseModel):
    """One thing that happened to the order."""

    version: Version
    """The order's version after it."""
    event_id: str
    occurred_at: datetime
    recorded_at: datetime
    clock: str
    """By whose time `occurred_at` is: `system`, or `test` for a shop with a test clock."""
    actor: LogActor
    code: str
    """Stable name of what happened; more may come."""
    text: LocalizedText
    subject: str
    """`order`, `entry` or the id of a ticket."""
    before: str | None
    """State of the subject before; null if it had none."""
    after: str | None
    facts: dict[str, Any]
    """Why, and on what evidence: codes, amounts in minor units, instants in RFC 3339."""


def log_entry_on_wire(entry: LogEntry) -> OperationLogEntry:
    """Show one line of the log."""
    return OperationLogEntry(
        version=entry.version,
        event_id=str(entry.event_id),
        occurred_at=entry.occurred_at,
        recorded_at=entry.recorded_at,
        clock=entry.clock.value,
        actor=LogActor(role=entry.actor_role.value, id=entry.actor_id),
        code=entry.code,
        text=localized(render(entry)),
        subject=entry.subject,
        before=entry.before,
        after=entry.after,
        facts=dict(entry.params),
    )


ITEMS_MAX = 100


class OnlinePaymentIn(RequestModel):
    """Paid online, through the channel a refund will go back to."""

    method: Literal["online"]
    channel: PaymentChannel
    amount: MoneyAmount
    paid_at: Instant


class CashOnDeliveryIn(RequestModel):
    """Paid in cash to the courier; `paid_at` is absent until the money was collected."""

    method: Literal["cod"]
    amount: MoneyAmount
    paid_at: Instant | None = None


PaymentIn = TypeAliasType(
    "PaymentIn", Annotated[OnlinePaymentIn | CashOnDeliveryIn, Field(discriminator="method")]
)
"""How the buyer paid, as it is reported; the document knows it by this name."""


class OrderItemIn(RequestModel):
    """One line of an order. Items add up to the payment."""

    item_id: Id
    sku: ShortText
    title: ShortText
    kind: ItemKind
    quantity: Annotated[int, Field(strict=True, ge=1, le=1_000_000)]
    amount_paid: Amount
    """Minor units paid for the whole quantity, in the payment's currency."""


BasisPoints = Annotated[int, Field(strict=True, ge=0, le=10_000)]


class CommissionTermsIn(RequestModel):
    """What others earn on the order, each in ten-thousandths of the amount paid."""

    talent_basis_points: BasisPoints = 0
    agency_basis_points: BasisPoints = 0
    service_fee_basis_points: BasisPoints = 0


class RegisterOrderBody(RequestModel):
    """An order as the platform's order system knows it."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.REGISTER_ORDER]})

    order_id: Id
    buyer_id: Id
    created_at: Instant
    payment: PaymentIn
    items: Annotated[list[OrderItemIn], Field(min_length=1, max_length=ITEMS_MAX)]
    business_line: BusinessLine = BusinessLine.GENERAL
    commission: CommissionTermsIn = Field(default_factory=CommissionTermsIn)


class ShipmentBody(RequestModel):
    """When the goods were shipped."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SHIPMENT]})

    shipped_at: Instant


class ReceiptConfirmationBody(RequestModel):
    """When the buyer confirmed receipt."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.RECEIPT_CONFIRMATION]})

    confirmed_at: Instant


class SettlementBody(RequestModel):
    """When the order was settled with the shop."""

    model_config = ConfigDict(json_schema_extra={"examples": [examples.SETTLEMENT]})

    settled_at: Instant


class OnlinePayment(ResponseModel):
    """Paid online."""

    method: Literal["online"]
    channel: str
    """`alipay`, `wechat` or `aggregate`; more may come."""
    amount: Money
    paid_at: datetime


class CashOnDelivery(ResponseModel):
    """Paid, or to be paid, in cash to the courier."""

    method: Literal["cod"]
    amount: Money
    paid_at: datetime | None


Payment = TypeAliasType(
    "Payment", Annotated[OnlinePayment | CashOnDelivery, Field(discriminator="method")]
)
"""How the buyer paid; the document knows it by this name."""


class OrderItem(ResponseModel):
    """One line of an order."""

    item_id: str
    sku: str
    title: str
    kind: str
    """`physical`, `virtual` or `card_voucher`; more may come."""
    quantity: int
    amount_paid: Amount


class CommissionTerms(ResponseModel):
    """What others earn on the order, in ten-thousandths of the amount paid."""

    talent_basis_points: int
    agency_basis_points: int
    service_fee_basis_points: int


class Order(Versioned):
    """An order with its after-sales entry and its tickets, oldest first."""

    shop_id: str
    order_id: str
    buyer_id: str
    created_at: datetime
    payment: Payment
    items: list[OrderItem]
    business_line: str
    """`general`, `qingbei`, `xuelang` or `haohaoxuexi`; more may come."""
    commission: CommissionTerms
    registered_at: datetime
    shipped_at: datetime | None
    receipt_confirmed_at: datetime | None
    settled_at: datetime | None
    refunded: Money
    after_sales_entry: AfterSalesEntry
    tickets: list[Ticket]
    updated_at: datetime


class OrderDetail(Order):
    """An order with everything that ever happened to it, oldest first."""

    operation_log: list[OperationLogEntry]


class OrderPage(ResponseModel):
    """A page of orders, newest first."""

    orders: list[Order]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to."""


def facts_of(shop_id: str, body: RegisterOrderBody) -> domain.OrderFacts:
    """Make the domain's facts of what was sent."""
    return domain.OrderFacts(
        shop_id=shop_id,
        order_id=body.order_id,
        buyer_id=body.buyer_id,
        created_at=body.created_at.astimezone(UTC),
        payment=_payment_of(body.payment),
        items=tuple(
            domain.Item(
                item_id=item.item_id,
                sku=item.sku,
                title=item.title,
                kind=item.kind,
                quantity=item.quantity,
                amount_paid=item.amount_paid,
            )
            for item in body.items
        ),
        business_line=body.business_line,
        commission=domain.CommissionTerms(
            talent_basis_points=body.commission.talent_basis_points,
            agency_basis_points=body.commission.agency_basis_points,
            service_fee_basis_points=body.commission.service_fee_basis_points,
        ),
    )


def _payment_of(payment: OnlinePaymentIn | CashOnDeliveryIn) -> domain.Payment:
    amount = DomainMoney(amount=payment.amount.amount, currency=payment.amount.currency)
    if isinstance(payment, OnlinePaymentIn):
        return domain.OnlinePayment(channel=payment.channel, amount=amount, paid_at=payment.paid_at)
    return domain.CashOnDelivery(amount=amount, paid_at=payment.paid_at)


def order_on_wire(view: OrderView, now: datetime, *, open_books: bool = True) -> Order:
    """Show an order as it stands at an instant; consumers see no books of the shop's."""
    return Order(**_order_fields(view, now, open_books=open_books))


def order_detail_on_wire(
    view: OrderView, log: list[LogEntry], now: datetime, *, open_books: bool
) -> OrderDetail:
    """Show an order with its operation log."""
    return OrderDetail(
        **_order_fields(view, now, open_books=open_books),
        operation_log=[log_entry_on_wire(entry) for entry in log],
    )


def _order_fields(view: OrderView, now: datetime, *, open_books: bool) -> dict[str, Any]:
    facts = view.facts
    return {
        "shop_id": facts.shop_id,
        "order_id": facts.order_id,
        "buyer_id": facts.buyer_id,
        "created_at": facts.created_at,
        "payment": _payment_on_wire(facts.payment),
        "items": [
            OrderItem(
                item_id=item.item_id,
                sku=item.sku,
                title=item.title,
                kind=item.kind.value,
                quantity=item.quantity,
                amount_paid=item.amount_paid,
            )
            for item in facts.items
        ],
        "business_line": facts.business_line.value,
        "commission": CommissionTerms(
            talent_basis_points=facts.commission.talent_basis_points,
            agency_basis_points=facts.commission.agency_basis_points,
            service_fee_basis_points=facts.commission.service_fee_basis_points,
        ),
        "registered_at": view.registered_at,
        "shipped_at": view.shipped_at,
        "receipt_confirmed_at": view.receipt_confirmed_at,
        "settled_at": view.settled_at,
        "refunded": Money(amount=view.refunded_amount, currency=facts.payment.amount.currency),
        "after_sales_entry": entry_on_wire(view, now, open_books=open_books),
        "tickets": [ticket_on_wire(ticket) for ticket in view.tickets],
        "version": view.version,
        "updated_at": view.updated_at,
    }


def _payment_on_wire(payment: domain.Payment) -> OnlinePayment | CashOnDelivery:
    amount = Money(amount=payment.amount.amount, currency=payment.amount.currency)
    if isinstance(payment, domain.OnlinePayment):
        return OnlinePayment(
            method="online", channel=payment.channel.value, amount=amount, paid_at=payment.paid_at
        )
    return CashOnDelivery(method="cod", amount=amount, paid_at=payment.paid_at)

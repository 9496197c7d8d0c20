"""Sample orders for tests: facts, commands, and histories told as given, when, then.

    given = order_with_open_entry()
    when = given.ask(request_refund(), at=OPENED + DAY)
    assert refusal_of(when).code is ...

Everything defaults to one plain order that may be opened at `OPENED`; name only what matters.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from app.domain.attachments import Attachment, MediaType
from app.domain.money import Money
from app.domain.order.answers import AgreeToApplication, RejectApplication
from app.domain.order.applications import (
    Application,
    RequestExchange,
    RequestRefund,
    RequestReissue,
    RequestRepair,
    WithdrawApplication,
)
from app.domain.order.commands import ActOnDeadlines, OrderCommand
from app.domain.order.decide import Accepted, decide
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.events import OrderEvent
from app.domain.order.evolve import fold
from app.domain.order.facts import (
    BusinessLine,
    CashOnDelivery,
    CommissionTerms,
    Item,
    ItemKind,
    OnlinePayment,
    OrderFacts,
    Payment,
    PaymentChannel,
)
from app.domain.order.refunds import RecordRefundSuccess
from app.domain.order.registration import RecordReceiptConfirmation, RecordShipment, RegisterOrder
from app.domain.order.state import EntryOpen, Order, OrderState, Unregistered
from app.domain.order.tickets import RequestedItem, Ticket, TicketType
from app.domain.policy import POLICY, Policy
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.rejections import Rejection, RejectionCode

HOUR = timedelta(hours=1)
DAY = timedelta(hours=24)
INSTANT = timedelta(microseconds=1)
"""The smallest step of time there is here: one side of a boundary to the other."""

CREATED = datetime(2021, 3, 1, 4, 0, tzinfo=UTC)
SHIPPED = CREATED + DAY
RECEIVED = CREATED + 4 * DAY
PERIOD_OVER = RECEIVED + 7 * DAY
OPENED = RECEIVED + 10 * DAY
"""When the entry of `order_with_open_entry` was opened."""
EXPIRES = OPENED + 5 * DAY

SHOP, ORDER, BUYER = "shop-1", "order-1", "buyer-1"
FIRST_TICKET = f"{ORDER}-1"
CNY = "CNY"


def an_item(
    item_id: str = "item-1",
    *,
    kind: ItemKind = ItemKind.PHYSICAL,
    quantity: int = 2,
    amount_paid: int = 10_000,
) -> Item:
    """Return a line of an order; ``amount_paid`` in minor units for the whole quantity."""
    return Item(
        item_id=item_id,
        sku=f"sku-of-{item_id}",
        title="羊毛围巾",
        kind=kind,
        quantity=quantity,
        amount_paid=amount_paid,
    )


def paid_online(amount: int, *, paid_at: datetime = CREATED) -> OnlinePayment:
    """Return a payment through 支付宝 of an amount in minor units."""
    return OnlinePayment(
        channel=PaymentChannel.ALIPAY, amount=Money(amount=amount, currency=CNY), paid_at=paid_at
    )


def paid_on_delivery(amount: int, *, paid_at: datetime | None = None) -> CashOnDelivery:
    """Return a cash payment of an amount in minor units, not yet collected unless said."""
    return CashOnDelivery(amount=Money(amount=amount, currency=CNY), paid_at=paid_at)


def order_facts(
    *items: Item,
    created_at: datetime = CREATED,
    payment: Payment | None = None,
    business_line: BusinessLine = BusinessLine.GENERAL,
    shop_id: str = SHOP,
    order_id: str = ORDER,
    buyer_id: str = BUYER,
) -> OrderFacts:
    """Return facts of an order of these items (one plain item if none), paid online in full."""
    lines = items or (an_item(),)
    total = sum(item.amount_paid for item in lines)
    return OrderFacts(
        shop_id=shop_id,
        order_id=order_id,
        buyer_id=buyer_id,
        created_at=created_at,
        payment=payment or paid_online(total, paid_at=created_at),
        items=lines,
        business_line=business_line,
        commission=CommissionTerms(
            talent_basis_points=1_000, agency_basis_points=200, service_fee_basis_points=60
        ),
    )


def some(item_id: str = "item-1", *, quantity: int = 1, amount: int = 0) -> RequestedItem:
    """Return units of an item concerned, and the minor units asked for them."""
    return RequestedItem(item_id=item_id, quantity=quantity, amount=amount)


def request_refund(*items: RequestedItem, return_goods: bool = False) -> RequestRefund:
    """Ask for money back: 10 yuan for one unit of the plain item unless said otherwise."""
    return RequestRefund(
        items=items or (some(amount=1_000),),
        return_goods=return_goods,
        reason=ApplicationReason.PROMISED_AFTER_SALES,
        description=None,
    )


def apply_for(ticket_type: TicketType, *items: RequestedItem) -> Application:
    """Return the application for a type, of items that suit it unless given."""
    goods = items or (some(),)
    why = ApplicationReason.PROMISED_AFTER_SALES
    match ticket_type:
        case TicketType.REFUND_ONLY | TicketType.RETURN_AND_REFUND:
            with_return = ticket_type is TicketType.RETURN_AND_REFUND
            return request_refund(*items, return_goods=with_return)
        case TicketType.EXCHANGE:
            return RequestExchange(items=goods, reason=why, description=None)
        case TicketType.REISSUE:
            return RequestReissue(items=goods, reason=why, description=None)
        case TicketType.REPAIR:
            return RequestRepair(items=goods, reason=why, description=None)


def a_photo(
    url: str = "https://example.com/1.jpg",
    *,
    media_type: str | None = MediaType.JPEG,
    size_bytes: int | None = 200_000,
) -> Attachment:
    """Return a picture as somebody would attach it."""
    return Attachment(url=url, media_type=media_type, size_bytes=size_bytes)


def withdraw(ticket_id: str = FIRST_TICKET) -> WithdrawApplication:
    """Take an application back."""
    return WithdrawApplication(ticket_id=ticket_id)


def agree(ticket_id: str = FIRST_TICKET) -> AgreeToApplication:
    """Grant an application."""
    return AgreeToApplication(ticket_id=ticket_id)


def refuse(ticket_id: str = FIRST_TICKET) -> RejectApplication:
    """Reject an application."""
    return RejectApplication(
        ticket_id=ticket_id,
        reason=RejectReason.NO_EVIDENCE,
        note="请补充照片",
        evidence=(a_photo(),),
    )


def refund_arrived(ticket_id: str = FIRST_TICKET) -> RecordRefundSuccess:
    """Note that a ticket's money reached the buyer."""
    return RecordRefundSuccess(ticket_id=ticket_id)


@dataclass(frozen=True, slots=True)
class History:
    """What has happened to one order. Immutable: one history can be the start of many tests."""

    events: tuple[OrderEvent, ...] = ()
    policy: Policy = POLICY

    @property
    def state(self) -> OrderState:
        """The order as its rules see it, registered or not."""
        return fold(Unregistered(), self.events)

    @property
    def order(self) -> Order:
        """The registered order."""
        state = self.state
        assert isinstance(state, Order)
        return state

    @property
    def open_entry(self) -> EntryOpen:
        """The entry, which must be open."""
        entry = self.order.entry
        assert isinstance(entry, EntryOpen), entry
        return entry

    @property
    def tickets(self) -> Mapping[str, Ticket]:
        """The order's tickets by id."""
        return self.order.tickets

    def ask(self, command: OrderCommand, *, at: datetime) -> Accepted | Rejection:
        """Decide a command at an instant; the history stays as it is."""
        return decide(command, self.state, at, self.policy)

    def then(self, command: OrderCommand, *, at: datetime) -> "History":
        """Return this history and what an accepted command adds to it."""
        return self.and_events(*accepted(self.ask(command, at=at)).all_events)

    def and_events(self, *events: OrderEvent) -> "History":
        """Return this history followed by events."""
        return History((*self.events, *events), self.policy)

    def once_timers_ran(self, *, at: datetime) -> "History":
        """Return this history once a timer has woken up at an instant."""
        return self.then(ActOnDeadlines(), at=at)


def accepted(outcome: Accepted | Rejection) -> Accepted:
    """Insist that a command was granted."""
    assert isinstance(outcome, Accepted), outcome
    return outcome


def refusal_of(outcome: Accepted | Rejection) -> Rejection:
    """Insist that a command was refused."""
    assert isinstance(outcome, Rejection), outcome
    return outcome


def code_of(outcome: Accepted | Rejection) -> RejectionCode:
    """Return the code a command was refused with."""
    return refusal_of(outcome).code


def registered_order(facts: OrderFacts | None = None) -> History:
    """Given an order that was registered when it was created."""
    facts = facts or order_facts()
    return History().then(RegisterOrder(facts=facts), at=facts.created_at)


def received_order(facts: OrderFacts | None = None) -> History:
    """Given an order whose buyer confirmed receipt four days after creating it."""
    given = registered_order(facts)
    shipped_at = given.order.facts.created_at + (SHIPPED - CREATED)
    received_at = given.order.facts.created_at + (RECEIVED - CREATED)
    return given.then(RecordShipment(shipped_at=shipped_at), at=shipped_at).then(
        RecordReceiptConfirmation(confirmed_at=received_at), at=received_at
    )


def order_with_open_entry(facts: OrderFacts | None = None) -> History:
    """Given an order created at `CREATED` whose entry was opened at `OPENED`."""
    return received_order(facts).then(OpenAfterSalesEntry(), at=OPENED)


def order_with_ticket(
    ticket_type: TicketType = TicketType.REFUND_ONLY, *, applied_at: datetime = OPENED + HOUR
) -> History:
    """Given an application through the opened entry that waits for the merchant's answer."""
    return order_with_open_entry().then(apply_for(ticket_type), at=applied_at)

"""The facts of an order as the order system reports them.

The same fact twice changes nothing; a different one is refused.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import assert_never

from app.domain.money import AMOUNT_MAX
from app.domain.order.commission_split import shares_at_settlement
from app.domain.order.facts import OrderFacts
from app.domain.order.state import Order, OrderState
from app.domain.policy import Policy
from app.domain.refunds import Shares
from app.domain.rejections import Decision, Rejection, RejectionCode, reject


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterOrder:
    """Take note of an order. The same facts again change nothing; other facts are a conflict."""

    facts: OrderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordShipment:
    """Take note that the goods were shipped."""

    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReceiptConfirmation:
    """Take note that the buyer confirmed receipt."""

    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettlement:
    """Take note that the order was settled with the shop."""

    settled_at: datetime


FactCommand = RegisterOrder | RecordShipment | RecordReceiptConfirmation | RecordSettlement


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRegistered:
    """The order system told us about an order."""

    at: datetime
    facts: OrderFacts


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderShipped:
    """The goods left the merchant at ``shipped_at``."""

    at: datetime
    shipped_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptConfirmed:
    """The buyer confirmed receipt at ``confirmed_at``; the after-sales period runs from there."""

    at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSettled:
    """The money left escrow for the shop's accounts at ``settled_at``."""

    at: datetime
    settled_at: datetime
    shares: Shares
    """How the money was shared; every later figure is taken from what is left of it."""


FactEvent = OrderRegistered | OrderShipped | ReceiptConfirmed | OrderSettled


def register(
    command: RegisterOrder, state: OrderState, now: datetime, policy: Policy
) -> Decision[FactEvent]:
    """Register an order, once its facts agree with each other."""
    facts = command.facts
    if isinstance(state, Order):
        return () if state.facts == facts else reject(RejectionCode.ORDER_FACTS_CONFLICT)
    problem = contradiction_in(facts, now, policy)
    return problem or (OrderRegistered(at=now, facts=facts),)


def contradiction_in(facts: OrderFacts, now: datetime, policy: Policy) -> Rejection | None:
    """Return why facts cannot be true together, or None."""
    latest = now + policy.fact_clock_skew_max
    paid_at = facts.payment.paid_at
    for name, instant in (("created_at", facts.created_at), ("payment.paid_at", paid_at)):
        if instant is not None and instant > latest:
            return reject(RejectionCode.FACT_IN_FUTURE, fact=name, value=instant.isoformat())
    if paid_at is not None and paid_at < facts.created_at:
        return reject(RejectionCode.FACT_BEFORE_ORDER, fact="payment.paid_at")
    ids = [item.item_id for item in facts.items]
    repeated = next((item_id for item_id in ids if ids.count(item_id) > 1), None)
    if repeated is not None:
        return reject(RejectionCode.ITEM_REPEATED, item_id=repeated)
    total, paid = sum(item.amount_paid for item in facts.items), facts.payment.amount.amount
    real = all(item.quantity >= 1 and item.amount_paid >= 0 for item in facts.items)
    if not facts.items or not real or total != paid or total > AMOUNT_MAX:
        return reject(RejectionCode.ITEMS_DO_NOT_ADD_UP, items=str(total), payment=str(paid))
    return None


def record(
    command: RecordShipment | RecordReceiptConfirmation | RecordSettlement,
    order: Order,
    now: datetime,
    policy: Policy,
) -> Decision[FactEvent]:
    """Take note of a later fact, once."""
    match command:
        case RecordShipment(shipped_at=instant):
            known, after = order.shipped_at, replace(order, shipped_at=instant)
            event: OrderShipped | ReceiptConfirmed | OrderSettled = OrderShipped(
                at=now, shipped_at=instant
            )
        case RecordReceiptConfirmation(confirmed_at=instant):
            known, after = order.receipt_confirmed_at, replace(order, receipt_confirmed_at=instant)
            event = ReceiptConfirmed(at=now, confirmed_at=instant)
        case RecordSettlement(settled_at=instant):
            known, after = order.settled_at, replace(order, settled_at=instant)
            shares = shares_at_settlement(order)
            event = OrderSettled(at=now, settled_at=instant, shares=shares)
        case _:
            assert_never(command)
    if known is not None:
        known_text = known.isoformat()
        return () if known == instant else reject(RejectionCode.FACT_CONFLICT, known=known_text)
    if instant > now + policy.fact_clock_skew_max:
        return reject(RejectionCode.FACT_IN_FUTURE, value=instant.isoformat())
    return _out_of_order(after, instant) or (event,)


def _out_of_order(order: Order, instant: datetime) -> Rejection | None:
    """Created, shipped, received, settled: each no earlier than those known before it."""
    created_at = order.facts.created_at
    if instant < created_at:
        return reject(RejectionCode.FACT_BEFORE_ORDER, created_at=created_at.isoformat())
    reported = (order.shipped_at, order.receipt_confirmed_at, order.settled_at)
    known = [at for at in reported if at is not None]
    if known != sorted(known):
        return reject(RejectionCode.FACT_OUT_OF_ORDER)
    return None

"""A journal of a shop's books as the ledger shows it, and how an event becomes one."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import assert_never

from app.domain.funds.accounts import OWN_ACCOUNTS, Account, Journal, journal
from app.domain.funds.events import (
    AccountToppedUp,
    ArrearsCollected,
    CashWithdrawn,
    FundingReversed,
    Movement,
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
    SettlementReceived,
)
from app.domain.order.facts import OnlinePayment
from app.domain.order.registration import OrderRegistered
from app.domain.text import TextEnum
from app.event_store.recorded_event import Recorded
from app.event_store.streams import shop_of_funds_stream
from app.event_types.registry import ServiceEvent


class LedgerKind(TextEnum):
    """Why money moved. Stable."""

    ORDER_PAID = "order_paid", "买家付款", "The buyer paid"
    ORDER_SETTLED = "order_settled", "订单结算", "The order was settled"
    TOPPED_UP = "topped_up", "充值", "Top-up"
    ARREARS_COLLECTED = "arrears_collected", "追缴欠款", "Arrears collected"
    WITHDRAWN = "withdrawn", "提现", "Withdrawal"
    REFUND_FUNDED = "refund_funded", "退款出资", "Money set aside for a refund"
    PAYOUT_FUNDED = "payout_funded", "先行赔付出资", "Money set aside for an advance payout"
    REFUND_PAID = "refund_paid", "退款已付", "The refund was paid"
    FUNDING_REVERSED = "funding_reversed", "退款资金退回", "The refund's money went back"


FUNDED_KINDS = frozenset({LedgerKind.REFUND_FUNDED, LedgerKind.PAYOUT_FUNDED})
"""The kinds that put a refund's or a payout's money on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerEntry:
    """One journal: when and why money moved, for what, and the lines, which add up to zero.

    ``journal_id`` is the id of the event it is copied from, ``position`` its place in the log.
    Amounts are minor units in the shop's one currency.
    """

    partition_id: int
    position: int
    shop_id: str
    journal_id: str
    at: datetime
    kind: LedgerKind
    order_id: str | None = None
    ticket_id: str | None = None
    refund_key: str | None = None
    reference: str | None = None
    lines: Journal


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matter:
    """What a journal is about."""

    kind: LedgerKind
    order_id: str | None = None
    ticket_id: str | None = None
    refund_key: str | None = None
    reference: str | None = None


Fundings = Mapping[tuple[str, str], LedgerEntry]
"""By shop and refund key: how a refund's money was put on its way, the last time it was."""


def ledger_entry(recorded: Recorded[ServiceEvent], fundings: Fundings) -> LedgerEntry | None:
    """Return the journal an event books; None if it moves nothing."""
    event = recorded.event
    if isinstance(event, OrderRegistered):
        facts = event.facts
        return _entry(
            recorded,
            facts.shop_id,
            _Matter(kind=LedgerKind.ORDER_PAID, order_id=facts.order_id),
            _paid_in(event),
        )
    if isinstance(event, Movement) and event.journal:  # a refund of nothing moves nothing
        shop_id = shop_of_funds_stream(recorded.stream_id)
        return _entry(recorded, shop_id, _matter(event, shop_id, fundings), event.journal)
    return None


def reserved_by(lines: Journal) -> dict[Account, int]:
    """Return what a refund's funding takes from each of the shop's accounts, in minor units."""
    return {
        line.account: -line.amount
        for line in lines
        if line.amount < 0 and line.account in OWN_ACCOUNTS
    }


def _paid_in(event: OrderRegistered) -> Journal:
    """Book what the buyer paid online: it is in escrow until the order is settled."""
    payment = event.facts.payment
    if not isinstance(payment, OnlinePayment):
        return ()  # cash on delivery is not ours to move
    amount = payment.amount.amount
    return journal((Account.OUTSIDE, -amount), (Account.ESCROW, amount))


def _matter(event: Movement, shop_id: str, fundings: Fundings) -> _Matter:
    match event:
        case SettlementReceived(order_id=order_id):
            return _Matter(kind=LedgerKind.ORDER_SETTLED, order_id=order_id)
        case AccountToppedUp(reference=reference):
            return _Matter(kind=LedgerKind.TOPPED_UP, reference=reference)
        case ArrearsCollected(reference=reference):
            return _Matter(kind=LedgerKind.ARREARS_COLLECTED, reference=reference)
        case CashWithdrawn(reference=reference):
            return _Matter(kind=LedgerKind.WITHDRAWN, reference=reference)
        case RefundFundsReserved(refund_key=key, order_id=order_id, ticket_id=ticket_id):
            return _Matter(
                kind=LedgerKind.REFUND_FUNDED,
                order_id=order_id,
                ticket_id=ticket_id,
                refund_key=key,
            )
        case PayoutFundsReserved(payout_key=key, order_id=order_id, ticket_id=ticket_id):
            return _Matter(
                kind=LedgerKind.PAYOUT_FUNDED,
                order_id=order_id,
                ticket_id=ticket_id,
                refund_key=key,
            )
        case RefundPaidOut(refund_key=key):
            return _of_refund(LedgerKind.REFUND_PAID, key, fundings[shop_id, key])
        case FundingReversed(refund_key=key):
            return _of_refund(LedgerKind.FUNDING_REVERSED, key, fundings[shop_id, key])
        case _:
            assert_never(event)


def _of_refund(kind: LedgerKind, key: str, funding: LedgerEntry) -> _Matter:
    return _Matter(
        kind=kind, order_id=funding.order_id, ticket_id=funding.ticket_id, refund_key=key
    )


def _entry(
    recorded: Recorded[ServiceEvent], shop_id: str, matter: _Matter, lines: Journal
) -> LedgerEntry | None:
    if not lines:
        return None
    return LedgerEntry(
        partition_id=recorded.partition_id,
        position=recorded.position,
        shop_id=shop_id,
        journal_id=str(recorded.event_id),
        at=recorded.occurred_at,
        kind=matter.kind,
        order_id=matter.order_id,
        ticket_id=matter.ticket_id,
        refund_key=matter.refund_key,
        reference=matter.reference,
        lines=lines,
    )

"""What an event, of the order or of the shop's money, makes of a refund.

What a shop owes for refunds paid in advance (先行赔付) is collected (追缴) when its deposit is
raised: a deposit below zero is what is owed for all of them together, and the oldest is paid back
first. So the debts of a shop's refunds always add up to its arrears.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from app.domain.funds.accounts import Account, change_of
from app.domain.funds.events import (
    AccountToppedUp,
    ArrearsCollected,
    CashWithdrawn,
    DepositFellBelowRequired,
    DepositRequired,
    DepositRestored,
    FundingReversed,
    FundsEvent,
    MerchantFundsInsufficient,
    Movement,
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
    RestrictionLifted,
    SettlementReceived,
    ShopRestricted,
)
from app.domain.order.answers import AnswerToApplication
from app.domain.order.applications import BuyersChange, TicketRemarked
from app.domain.order.arbitration import ArbitrationChange
from app.domain.order.commission_split import fees_kept, fees_lost
from app.domain.order.events import TicketChange
from app.domain.order.facts import OnlinePayment
from app.domain.order.payouts import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.domain.order.refunds import (
    RefundFunded,
    RefundOutcomeUnknown,
    RefundRefused,
    RefundSucceeded,
)
from app.domain.order.replacements import ReplacementChange
from app.domain.order.returns import ReturnChange
from app.domain.order.state import Order
from app.domain.order.tickets import TicketState
from app.domain.refunds import FundingSource, PayoutStatus, refund_key_of
from app.event_store.recorded_event import Recorded
from app.projections.refunds.view import ShopRefund

FundsOfRefund = (
    RefundFundsReserved
    | PayoutFundsReserved
    | MerchantFundsInsufficient
    | RefundPaidOut
    | FundingReversed
)
"""What happens to a shop's money for one refund; `refund_key_in` returns which."""


_NOT_OF_MONEY = (
    AnswerToApplication
    | BuyersChange
    | ReturnChange
    | ReplacementChange
    | ArbitrationChange
    | TicketRemarked
)


def refund_granted(order: Order, event: TicketChange, version: int) -> ShopRefund | None:
    """Return the refund an event begins, if it does; ``order`` is as the event left it."""
    if event.state is not TicketState.REFUNDING:
        return None
    ticket = order.tickets[event.ticket_id]
    return ShopRefund(
        shop_id=order.facts.shop_id,
        ticket_id=ticket.ticket_id,
        order_id=order.facts.order_id,
        buyer_id=order.facts.buyer_id,
        refund_key=refund_key_of(order.facts.shop_id, ticket.ticket_id),
        amount=ticket.amount,
        currency=order.facts.payment.amount.currency,
        overdue=ticket.overdue,
        paid_online=isinstance(order.facts.payment, OnlinePayment),
        fees_kept=fees_kept(order, ticket),
        fees_if_advanced=fees_lost(order, ticket),
        requested_at=event.at,
        order_version=version,
    )


def fold_order_event(
    refund: ShopRefund, event: TicketChange, recorded: Recorded[object]
) -> ShopRefund:
    """Return the refund after an event of its ticket; one it has seen already changes nothing."""
    if recorded.version <= refund.order_version:
        return refund
    changed = _changed(refund, event)
    if changed is refund:
        return refund
    return replace(changed, order_version=recorded.version)


def _changed(refund: ShopRefund, event: TicketChange) -> ShopRefund:
    if isinstance(event, _NOT_OF_MONEY):
        return refund
    if isinstance(event, PayoutChange):
        return _paid_out(refund, event)
    match event:
        case RefundFunded():
            return replace(
                refund,
                source=refund.source or event.source,
                funded_at=event.at,
                preview=event.preview,
            )
        case RefundOutcomeUnknown():
            since = refund.unknown_since or event.at
            return replace(refund, unknown_since=since, unknown_why=event.why)
        case RefundRefused():
            return replace(
                refund,
                refused_at=event.at,
                refusal=event.refusal,
                provider_text=event.provider_text,
            )
        case RefundSucceeded():
            return replace(
                refund, succeeded_at=event.at, provider_reference=event.provider_reference
            )
        case _:
            assert_never(event)


def _paid_out(refund: ShopRefund, event: PayoutChange) -> ShopRefund:
    at = replace(refund, payout_key=event.payout_key, payout_at=event.at, unknown_why=None)
    match event:
        case AdvancePayoutRequested():
            return replace(at, payout=PayoutStatus.REQUESTED)
        case AdvancePayoutStarted():
            return replace(at, payout=PayoutStatus.STARTED)
        case AdvancePayoutDeclined():
            return replace(at, payout=PayoutStatus.DECLINED)
        case AdvancePayoutOutcomeUnknown():
            return replace(at, payout=PayoutStatus.UNKNOWN, unknown_why=event.why)
        case AdvancePayoutRefused():
            return replace(at, payout=PayoutStatus.REFUSED)
        case AdvancePayoutPaid(provider_reference=reference):
            paid = replace(at, payout=PayoutStatus.PAID, provider_reference=reference)
            fees = refund.fees_if_advanced or refund.fees_kept
            return replace(paid, succeeded_at=event.at, fees_kept=fees)
        case _:
            assert_never(event)


def fold_funds_event(
    refund: ShopRefund, event: FundsOfRefund, recorded: Recorded[object]
) -> ShopRefund:
    """Return the refund after what its shop's money did for it; once, like all folding."""
    if recorded.version <= refund.funds_version:
        return refund
    return replace(_booked(refund, event), funds_version=recorded.version)


def _booked(refund: ShopRefund, event: FundsOfRefund) -> ShopRefund:
    match event:
        case MerchantFundsInsufficient():
            cash, deposit = event.cash_available, event.deposit_available
            lacking = event.amount + max(0, -deposit) - max(cash, deposit)
            arrears = event.amount - max(0, deposit)
            return replace(refund, shortfall=lacking, arrears=arrears, owed=arrears)
        case RefundFundsReserved():
            return replace(
                refund,
                source=event.source,
                account=event.account,
                borne=event.borne,
                reserved_at=event.at,
                booked_at=None,
            )
        case PayoutFundsReserved():
            deposit = event.deposit_available
            arrears = max(0, event.borne - max(0, deposit))
            return replace(
                refund,
                source=FundingSource.PLATFORM_ADVANCE,
                account=Account.DEPOSIT,
                borne=event.borne,
                shortfall=max(0, event.borne - deposit),
                arrears=arrears,
                owed=arrears,
                reserved_at=event.at,
                booked_at=None,
                collected_at=None,
            )
        case RefundPaidOut():
            return replace(refund, booked_at=event.at)
        case FundingReversed():
            return replace(refund, booked_at=event.at, owed=0, collected_at=None)
        case _:
            assert_never(event)


def refund_key_in(event: FundsOfRefund) -> str:
    """Return the key of the refund an event is about: a payout's begins with its refund's."""
    if isinstance(event, PayoutFundsReserved):
        return _of_refund(event.payout_key)
    return _of_refund(event.refund_key)


def _of_refund(key: str) -> str:
    return "/".join(key.split("/")[:2])


def refund_in(event: FundsEvent) -> FundsOfRefund | None:
    """Return an event if it is about one refund, else None."""
    if isinstance(event, FundsOfRefund):
        return event
    match event:
        case (
            SettlementReceived()
            | AccountToppedUp()
            | ArrearsCollected()
            | CashWithdrawn()
            | DepositRequired()
            | DepositFellBelowRequired()
            | DepositRestored()
            | ShopRestricted()
            | RestrictionLifted()
        ):
            return None
        case _:
            assert_never(event)


def raises_deposit(event: FundsEvent) -> int:
    """Return by how many minor units an event raises the deposit; 0 if it does not."""
    if not isinstance(event, Movement):
        return 0
    return max(0, change_of(Account.DEPOSIT, event.journal))


def collected(
    owing: Iterable[ShopRefund], amount: int, at: datetime, *, given_back: str | None
) -> list[ShopRefund]:
    """Return the refunds that an amount, in minor units, pays something back of.

    ``given_back``: the key of the refund whose own money came back, which owes nothing any more
    and has not been collected either.
    """
    paid: list[ShopRefund] = []
    for refund in sorted(owing, key=lambda one: (one.refund_key != given_back, *_age(one))):
        part = min(amount, refund.owed)
        if part == 0:
            continue
        amount -= part
        left = refund.owed - part
        ended = left == 0 and refund.refund_key != given_back
        paid.append(replace(refund, owed=left, collected_at=at if ended else None))
    return paid


def _age(refund: ShopRefund) -> tuple[datetime, str]:
    return refund.reserved_at or refund.requested_at, refund.refund_key

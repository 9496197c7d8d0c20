"""The one door to the rules of a shop's money: command and state in; events out."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from app.domain.funds.accounts import OWN_ACCOUNTS, Account, Line, cash_account, journal
from app.domain.funds.commands import (
    CompleteRefund,
    FundPayout,
    FundRefund,
    FundsCommand,
    RequireDeposit,
    ReverseFunding,
    SettleOrder,
    TopUp,
    WithdrawCash,
)
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
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
    RestrictionLifted,
    SettlementReceived,
    ShopRestricted,
)
from app.domain.funds.state import Funds, fold
from app.domain.funds.waterfall import choose, in_advance
from app.domain.money import AMOUNT_MAX
from app.domain.policy import Policy
from app.domain.refunds import FundingSource
from app.domain.rejections import Rejection, RejectionCode, reject

FundsDecision = tuple[FundsEvent, ...] | Rejection
"""The events that follow (none where asking again changes nothing), or a refusal."""


def decide(
    command: FundsCommand,
    funds: Funds,
    now: datetime,
    policy: Policy,
    *,
    reference_booked: bool = False,
) -> FundsDecision:
    """Decide a command; whatever it makes of the deposit is noticed at once, in the same breath.

    ``reference_booked``: the log holds a movement under the command's reference already.
    """
    if reference_booked and isinstance(command, TopUp | WithdrawCash):
        return reject(RejectionCode.REFERENCE_REPEATED, reference=command.reference)
    decision = _decide(command, funds, now)
    if isinstance(decision, Rejection):
        return decision
    return (*decision, *_noticed(fold(funds, decision), now, policy))


def _decide(command: FundsCommand, funds: Funds, now: datetime) -> FundsDecision:
    match command:
        case SettleOrder():
            return _settle(command, now)
        case FundRefund():
            return _fund(command, funds, now)
        case FundPayout():
            return _fund_payout(command, funds, now)
        case CompleteRefund():
            return _complete(command, funds, now)
        case ReverseFunding():
            return _reverse(command, funds, now)
        case TopUp():
            return _top_up(command, funds, now)
        case WithdrawCash():
            return _withdraw(command, funds, now)
        case RequireDeposit(level=level):
            return (
                () if level == funds.deposit_required else (DepositRequired(at=now, level=level),)
            )
        case _:
            assert_never(command)


def _settle(command: SettleOrder, now: datetime) -> FundsDecision:
    shares, account = command.shares, cash_account(command.channel)
    if shares.total == 0:
        return ()
    return (
        SettlementReceived(
            at=now,
            order_id=command.order_id,
            account=account,
            amount=shares.shop,
            journal=journal(
                (Account.ESCROW, -shares.total),
                (account, shares.shop),
                (Account.TALENT, shares.talent),
                (Account.AGENCY, shares.agency),
                (Account.SERVICE_FEE, shares.service_fee),
            ),
        ),
    )


def _fund(command: FundRefund, funds: Funds, now: datetime) -> FundsDecision:
    if command.refund_key in funds.in_transit:
        return ()
    chosen = choose(command, funds)
    funded = RefundFundsReserved(
        at=now,
        refund_key=command.refund_key,
        order_id=command.order_id,
        ticket_id=command.ticket_id,
        source=chosen.source,
        account=chosen.account,
        amount=command.amount,
        borne=chosen.borne,
        journal=chosen.journal,
    )
    if chosen.source is not FundingSource.PLATFORM_ADVANCE:
        return (funded,)
    insufficient = MerchantFundsInsufficient(
        at=now,
        refund_key=command.refund_key,
        order_id=command.order_id,
        ticket_id=command.ticket_id,
        amount=chosen.borne,
        cash_available=funds.available[cash_account(command.channel)],
        deposit_available=funds.deposit,
    )
    return insufficient, funded


def _fund_payout(command: FundPayout, funds: Funds, now: datetime) -> FundsDecision:
    if command.payout_key in funds.in_transit:
        return ()
    shares = command.shares
    advance = in_advance(shares.total, shares.shop, replace(shares, shop=0))
    return (
        PayoutFundsReserved(
            at=now,
            payout_key=command.payout_key,
            order_id=command.order_id,
            ticket_id=command.ticket_id,
            amount=shares.total,
            borne=advance.borne,
            deposit_available=funds.deposit,
            journal=advance.journal,
        ),
    )


def _complete(command: CompleteRefund, funds: Funds, now: datetime) -> FundsDecision:
    funding = funds.in_transit.get(command.refund_key)
    if funding is None:
        return reject(RejectionCode.REFUND_NOT_IN_TRANSIT, refund_key=command.refund_key)
    return (
        RefundPaidOut(
            at=now,
            refund_key=command.refund_key,
            amount=funding.amount,
            journal=journal(
                (Account.IN_TRANSIT, -funding.amount), (Account.OUTSIDE, funding.amount)
            ),
        ),
    )


def _reverse(command: ReverseFunding, funds: Funds, now: datetime) -> FundsDecision:
    funding = funds.in_transit.get(command.refund_key)
    if funding is None:
        return reject(RejectionCode.REFUND_NOT_IN_TRANSIT, refund_key=command.refund_key)
    back = tuple(Line(account=line.account, amount=-line.amount) for line in funding.journal)
    return (
        FundingReversed(at=now, refund_key=command.refund_key, amount=funding.amount, journal=back),
    )


def _top_up(command: TopUp, funds: Funds, now: datetime) -> FundsDecision:
    refusal = _movement_refused(command, funds)
    if refusal is not None:
        return refusal
    topped_up = AccountToppedUp(
        at=now,
        reference=command.reference,
        account=command.account,
        amount=command.amount,
        journal=journal((Account.OUTSIDE, -command.amount), (command.account, command.amount)),
    )
    collected = min(funds.arrears, command.amount)
    if collected == 0:
        return (topped_up,)
    moved = journal((command.account, -collected), (Account.DEPOSIT, collected))
    return topped_up, ArrearsCollected(
        at=now,
        reference=command.reference,
        amount=collected,
        arrears_left=funds.arrears - collected,
        # A deposit topped up has paid its own arrears: nothing moves any more.
        journal=() if command.account is Account.DEPOSIT else moved,
    )


def _withdraw(command: WithdrawCash, funds: Funds, now: datetime) -> FundsDecision:
    refusal = _movement_refused(command, funds)
    if refusal is not None:
        return refusal
    held = funds.available[command.account]
    if command.account is Account.DEPOSIT or command.amount > held:
        return reject(RejectionCode.BALANCE_INSUFFICIENT, available=str(held))
    return (
        CashWithdrawn(
            at=now,
            reference=command.reference,
            account=command.account,
            amount=command.amount,
            journal=journal((command.account, -command.amount), (Account.OUTSIDE, command.amount)),
        ),
    )


def _movement_refused(command: TopUp | WithdrawCash, funds: Funds) -> Rejection | None:
    if command.account not in OWN_ACCOUNTS or command.amount < 1:
        return reject(RejectionCode.AMOUNT_NOT_MOVABLE, amount=str(command.amount))
    if funds.available[command.account] + command.amount > AMOUNT_MAX:
        return reject(RejectionCode.AMOUNT_NOT_MOVABLE, amount=str(command.amount))
    return None


def _noticed(funds: Funds, now: datetime, policy: Policy) -> tuple[FundsEvent, ...]:
    noticed: list[FundsEvent] = []
    level, deposit = funds.deposit_required, funds.deposit
    if deposit < level and not funds.below_required:
        noticed.append(DepositFellBelowRequired(at=now, deposit=deposit, level=level))
    if deposit >= level and funds.below_required:
        noticed.append(DepositRestored(at=now, deposit=deposit, level=level))
    limit = policy.arrears_max
    if funds.arrears > limit and not funds.restricted:
        noticed.append(ShopRestricted(at=now, arrears=funds.arrears, limit=limit))
    if funds.arrears <= limit and funds.restricted:
        noticed.append(RestrictionLifted(at=now, arrears=funds.arrears))
    return tuple(noticed)

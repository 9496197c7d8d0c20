"""Which source pays for a refund (domain: money), and the journal that says so."""

from dataclasses import dataclass, replace

from app.domain.funds.accounts import Account, Journal, cash_account, journal
from app.domain.funds.commands import FundRefund
from app.domain.funds.state import Funds
from app.domain.refunds import FundingSource, Shares, flowing_back


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """The source that pays, and the movement that puts the money on its way.

    ``borne``: minor units that are the shop's own; the rest flowed back from others.
    """

    source: FundingSource
    account: Account
    borne: int
    journal: Journal


def choose(command: FundRefund, funds: Funds) -> Chosen:
    """Choose the source for a refund: escrow before settlement, then cash, deposit, the platform.

    One source pays the shop's whole part. The platform's advance is charged to the deposit, which
    may go below zero.
    """
    if command.shares is None:
        return _from_escrow(command)
    back = _flowing_back(command, command.shares)
    borne = command.amount - back.total
    cash = cash_account(command.channel)
    if funds.available[cash] >= borne:
        return _from(FundingSource.CASH, cash, command.amount, borne, back)
    if funds.deposit >= borne:
        return _from(FundingSource.DEPOSIT, Account.DEPOSIT, command.amount, borne, back)
    return in_advance(command.amount, borne, back)


def shortfall(command: FundRefund, funds: Funds) -> int:
    """Return the least top-up, in minor units, with which cash or deposit would pay; 0 if one does.

    Arrears are collected from a top-up before anything else, so they count too.
    """
    chosen = choose(command, funds)
    if chosen.source is not FundingSource.PLATFORM_ADVANCE:
        return 0
    cash = funds.available[cash_account(command.channel)]
    return chosen.borne + funds.arrears - max(cash, funds.deposit)


def _flowing_back(command: FundRefund, shares: Shares) -> Shares:
    """Return what comes back from commissions and fee: pro rata in the period, else nothing."""
    if command.overdue:
        return Shares(shop=0, talent=0, agency=0, service_fee=0)
    return replace(flowing_back(command.amount, shares), shop=0)


def _from_escrow(command: FundRefund) -> Chosen:
    return Chosen(
        source=FundingSource.ESCROW,
        account=Account.ESCROW,
        borne=command.amount,
        journal=journal((Account.ESCROW, -command.amount), (Account.IN_TRANSIT, command.amount)),
    )


def _from(source: FundingSource, account: Account, amount: int, borne: int, back: Shares) -> Chosen:
    moved = journal((account, -borne), *_returned(back), (Account.IN_TRANSIT, amount))
    return Chosen(source=source, account=account, borne=borne, journal=moved)


def in_advance(amount: int, borne: int, back: Shares) -> Chosen:
    """The platform pays, and charges the deposit for it."""
    moved = journal(
        (Account.PLATFORM_ADVANCE, -borne),
        *_returned(back),
        (Account.IN_TRANSIT, amount),
        (Account.DEPOSIT, -borne),
        (Account.PLATFORM_ADVANCE, borne),
    )
    return Chosen(
        source=FundingSource.PLATFORM_ADVANCE,
        account=Account.DEPOSIT,
        borne=borne,
        journal=moved,
    )


def _returned(back: Shares) -> tuple[tuple[Account, int], ...]:
    return (
        (Account.TALENT, -back.talent),
        (Account.AGENCY, -back.agency),
        (Account.SERVICE_FEE, -back.service_fee),
    )

"""The accounts money moves between, and journals: movements whose lines add up to zero."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from app.domain.order.facts import PaymentChannel


class Account(StrEnum):
    """An account in the books of one shop.

    ``escrow`` holds what buyers paid for orders not settled yet, ``in_transit`` what is on its way
    to a buyer. ``outside`` is the world: buyers, banks, the payment provider; it mirrors all that
    came in and went out, so that the books always add up to zero.
    """

    CASH_ALIPAY = "cash_alipay"
    CASH_WECHAT = "cash_wechat"
    CASH_AGGREGATE = "cash_aggregate"
    DEPOSIT = "deposit"
    ESCROW = "escrow"
    TALENT = "talent"
    AGENCY = "agency"
    SERVICE_FEE = "service_fee"
    PLATFORM_ADVANCE = "platform_advance"
    IN_TRANSIT = "in_transit"
    OUTSIDE = "outside"


OWN_ACCOUNTS = (
    Account.CASH_ALIPAY,
    Account.CASH_WECHAT,
    Account.CASH_AGGREGATE,
    Account.DEPOSIT,
)
"""The accounts that are the shop's to spend from; only the deposit may go below zero."""


def cash_account(channel: PaymentChannel) -> Account:
    """Return the cash account (现金户) of a channel."""
    return Account(f"cash_{channel.value}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One side of a movement: minor units that come to an account, or leave it if negative."""

    account: Account
    amount: int


Journal = tuple[Line, ...]
"""One movement; its lines add up to zero and none of them is zero."""


def journal(*lines: tuple[Account, int]) -> Journal:
    """Return a movement of its lines, without those of zero; ValueError if it is not balanced."""
    made = tuple(Line(account=account, amount=amount) for account, amount in lines if amount != 0)
    if sum(line.amount for line in made) != 0:
        raise ValueError(f"a journal that does not add up: {lines}")
    return made


def change_of(account: Account, lines: Iterable[Line]) -> int:
    """Return by how much lines change an account, in minor units."""
    return sum(line.amount for line in lines if line.account is account)

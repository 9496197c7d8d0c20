"""What shops owe for refunds paid in advance (先行赔付), and what is collected of it (追缴).

A deposit below zero is what is owed for all of them together: what raises it pays back the
oldest first. So the debts of a shop's refunds always add up to its arrears.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from app.domain.funds.accounts import Account, change_of
from app.domain.funds.events import FundsEvent, Movement
from app.projections.refunds.view import ShopRefund


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

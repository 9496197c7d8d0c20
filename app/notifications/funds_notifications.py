"""What a merchant is told of the shop's money: warnings, and their end."""

from typing import assert_never

from pydantic import JsonValue

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
from app.notifications.templates import Template

Params = dict[str, JsonValue]


def notifications_for_funds(event: FundsEvent) -> tuple[Template, Params] | None:
    """Return what the merchant is told, with which facts; None for what needs no message.

    Amounts are minor units in the shop's one currency.
    """
    match event:
        case DepositFellBelowRequired():
            return Template.DEPOSIT_BELOW_REQUIRED, {"deposit": event.deposit, "level": event.level}
        case DepositRestored():
            return Template.DEPOSIT_RESTORED, {"deposit": event.deposit, "level": event.level}
        case ShopRestricted():
            return Template.SHOP_RESTRICTED, {"arrears": event.arrears, "limit": event.limit}
        case RestrictionLifted():
            return Template.RESTRICTION_LIFTED, {"arrears": event.arrears}
        case ArrearsCollected():
            return Template.ARREARS_COLLECTED, {
                "reference": event.reference,
                "collected": event.amount,
                "arrears": event.arrears_left,
            }
        case (
            SettlementReceived()
            | AccountToppedUp()
            | CashWithdrawn()
            | RefundFundsReserved()
            | PayoutFundsReserved()
            | MerchantFundsInsufficient()
            | RefundPaidOut()
            | FundingReversed()
            | DepositRequired()
        ):
            return None
        case _:
            assert_never(event)

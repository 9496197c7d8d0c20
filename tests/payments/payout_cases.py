"""Settled orders whose refunds the real sandbox refused, and payouts asked for in their stead."""

from app.domain.order.payouts import StartAdvancePayout
from app.domain.payees import Payee, PayeeKind
from app.domain.refunds import RefundStatus, refund_key_of
from app.payments.ticket_commands import seal_payee
from tests.payments.refund_cases import SEAL, Refunding, refund_agreed
from tests.support.orders import SHOP
from tools.sandboxes.payment_provider.behaviours import Behaviour

AMOUNT = 8_001


def start(order_id: str, account: str, number: int = 1) -> StartAdvancePayout:
    """Ask for a payout to an account, sealed as the API seals it."""
    key = f"{refund_key_of(SHOP, f'{order_id}-1')}/{number:032x}"
    payee = Payee(kind=PayeeKind.ALIPAY, account=account, holder="王小明")
    return StartAdvancePayout(
        ticket_id=f"{order_id}-1",
        payout_key=key,
        payee=seal_payee(SEAL, payee, key),
        note=None,
        requested_by="ada",
    )


async def refused(refunding: Refunding, *names: str) -> list[str]:
    """Bring settled orders so far that their refunds were refused; return their ids."""
    order_ids = [f"{name}-{Behaviour.BUYER_ACCOUNT_CLOSED.value}" for name in names]
    await refunding.agree(*(refund_agreed(order_id, AMOUNT) for order_id in order_ids))
    await refunding.work_until_done()
    for order_id in order_ids:
        refund = (await refunding.ticket(order_id)).refund
        assert refund is not None
        assert refund.status is RefundStatus.REFUSED
    return order_ids

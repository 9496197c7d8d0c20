"""A refund the provider refused, and what customer service does about it."""

from datetime import timedelta

from app.domain.order.payouts import (
    ApproveAdvancePayout,
    RecordPayoutRefusal,
    RecordPayoutSuccess,
    RecordPayoutUnknown,
    StartAdvancePayout,
)
from app.domain.order.refunds import RecordRefundFunding, RecordRefundRefusal
from app.domain.order.tickets import RequestedItem
from app.domain.payees import PayeeKind, SealedPayee
from app.domain.policy import POLICY
from app.domain.refunds import FundingSource, RefundRefusal, Shares
from tests.support.orders import (
    FIRST_TICKET,
    HOUR,
    OPENED,
    SHOP,
    History,
    agree,
    an_item,
    order_facts,
    order_with_open_entry,
    request_refund,
)

REFUND_KEY = f"{SHOP}/{FIRST_TICKET}"
AGREED = OPENED + 2 * HOUR
REFUSED = OPENED + 3 * HOUR
ASKED = OPENED + 4 * HOUR
"""When customer service starts a payout."""
LATER = ASKED + timedelta(hours=1)
SMALL = POLICY.payout_dual_control_above
"""Minor units one person may pay out alone."""

PAYEE = SealedPayee(
    kind=PayeeKind.ALIPAY, account_masked="138****1234", holder_masked="*明", sealed="c2VhbGVk"
)


def refund_on_its_way(amount: int = SMALL) -> History:
    """Given an unsettled order whose whole refund is in the provider's hands."""
    opened = order_with_open_entry(order_facts(an_item(amount_paid=amount)))
    wanted = RequestedItem(item_id="item-1", quantity=1, amount=amount)
    agreed = opened.then(request_refund(wanted), at=OPENED + HOUR).then(agree(), at=AGREED)
    funding = RecordRefundFunding(
        ticket_id=FIRST_TICKET,
        refund_key=REFUND_KEY,
        source=FundingSource.ESCROW,
        shares=Shares(shop=amount, talent=0, agency=0, service_fee=0),
        insufficient=False,
    )
    return agreed.then(funding, at=AGREED)


def refused_refund(amount: int = SMALL) -> History:
    """Given a refund the provider refused because of the buyer's account."""
    refusal = RecordRefundRefusal(
        ticket_id=FIRST_TICKET,
        refund_key=REFUND_KEY,
        refusal=RefundRefusal.BUYER_ACCOUNT_CLOSED,
        provider_text="closed",
    )
    return refund_on_its_way(amount).then(refusal, at=REFUSED)


def payout_key(number: int = 1) -> str:
    """Return the key of a payout of the first ticket."""
    return f"{REFUND_KEY}/{number:032x}"


def start(number: int = 1, *, by: str = "ada") -> StartAdvancePayout:
    """Ask for a payout."""
    return StartAdvancePayout(
        ticket_id=FIRST_TICKET,
        payout_key=payout_key(number),
        payee=PAYEE,
        note=None,
        requested_by=by,
    )


def approve(number: int = 1, *, by: str = "bob") -> ApproveAdvancePayout:
    """Let a payout go."""
    return ApproveAdvancePayout(
        ticket_id=FIRST_TICKET, payout_key=payout_key(number), approved_by=by
    )


def paid(number: int = 1) -> RecordPayoutSuccess:
    """Tell that the provider paid."""
    return RecordPayoutSuccess(
        ticket_id=FIRST_TICKET, payout_key=payout_key(number), provider_reference="p-1"
    )


def payout_refused(number: int = 1) -> RecordPayoutRefusal:
    """Tell that the provider refused."""
    return RecordPayoutRefusal(
        ticket_id=FIRST_TICKET,
        payout_key=payout_key(number),
        refusal=RefundRefusal.PAYEE_NOT_ACCEPTED,
        provider_text="no such account",
    )


def payout_unknown(number: int = 1) -> RecordPayoutUnknown:
    """Tell that the provider gave no answer."""
    return RecordPayoutUnknown(
        ticket_id=FIRST_TICKET, payout_key=payout_key(number), why="timed_out"
    )

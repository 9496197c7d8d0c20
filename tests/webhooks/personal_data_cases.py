"""Orders on which people wrote and showed everything there is to write and show."""

from dataclasses import replace

from app.domain.attachments import ATTACHMENTS_MAX, URL_LENGTH_MAX, Attachment, MediaType
from app.domain.order.tickets import ArbitrationCause, Blame, Ruling, Side
from app.domain.payees import PayeeKind
from app.domain.policy import POLICY
from app.domain.reasons import DeclineReason, RejectReason
from app.domain.refunds import (
    FundingSource,
    PayoutStatus,
    RefundRefusal,
    RefundStatus,
    Shares,
)
from app.domain.shipments import Carrier, Shipment
from app.projections.orders.fold import fold_history
from app.projections.orders.view import OrderView, ReopeningDecline, ReopeningRequest
from app.projections.refunds.payout_view import PayoutView
from app.projections.tickets.view import (
    ArbitrationView,
    EvidenceView,
    RefundView,
    RemarkView,
    RulingView,
    ShipmentView,
    TicketRejection,
    TicketView,
)
from tests.projections.random_histories import recorded
from tests.support.orders import order_with_ticket
from tests.webhooks.largest_event import LATE

NUMBER = "X" * 32
SECRETS = ("138****1234", "王*", "付到新账户", "account of Wang is closed")
"""What is said of a payee, and by the provider."""


def an_order_full_of(
    text: str,
    *,
    ticket_id: str,
    remarks: int = 100,
    files: int = ATTACHMENTS_MAX,
    evidence: int = POLICY.arbitration_evidence_max,
) -> OrderView:
    """Return an order whose entry and one ticket say a text wherever somebody may write one."""
    view = fold_history(recorded(order_with_ticket().events))
    entry = replace(
        view.entry,
        reopening=ReopeningRequest(requested_at=LATE, note=text),
        declined=ReopeningDecline(at=LATE, reason=DeclineReason.OTHER, note=text),
    )
    ticket = _full_of(text, replace(view.tickets[0], ticket_id=ticket_id), remarks, files, evidence)
    return replace(view, entry=entry, tickets=(ticket,))


def _full_of(text: str, ticket: TicketView, remarks: int, files: int, evidence: int) -> TicketView:
    start = "https://example.com/"
    url = start + "x" * (URL_LENGTH_MAX - len(start))
    shown = (Attachment(url=url, media_type=MediaType.PDF, size_bytes=20 * 2**20),) * files
    no = TicketRejection(at=LATE, reason=RejectReason.OTHER, note=text, evidence=shown)
    parcel = ShipmentView(
        at=LATE, shipment=Shipment(carrier=Carrier.JTEXPRESS, tracking_number=NUMBER)
    )
    given = EvidenceView(at=LATE, side=Side.CONSUMER, note=text, evidence=shown)
    return replace(
        ticket,
        description=text,
        evidence=shown,
        rejected=no,
        returned_goods_rejected=no,
        return_shipment=parcel,
        replacement=parcel,
        remarks=tuple(
            RemarkView(at=LATE, side=Side.CONSUMER, text=f"{number} {text}"[:500], pictures=shown)
            for number in range(remarks)
        ),
        arbitration=ArbitrationView(
            number=1,
            cause=ArbitrationCause.BUYER_REQUEST,
            began_at=LATE,
            evidence=(given,) * evidence,
            ruling=RulingView(
                at=LATE,
                automatic=False,
                ruling=Ruling.FOR_BUYER,
                blame=Blame.MERCHANT,
                final_amount=1,
                note=text,
            ),
        ),
        refund=_refund(),
        payouts=(_payout(),),
    )


def _refund() -> RefundView:
    return RefundView(
        refund_key="shop-1:order-1-1",
        status=RefundStatus.REFUSED,
        source=FundingSource.CASH,
        shares=Shares(shop=1, talent=0, agency=0, service_fee=0),
        insufficient=False,
        funded_at=LATE,
        refusal=RefundRefusal.BUYER_ACCOUNT_CLOSED,
        provider_text=SECRETS[3],
    )


def _payout() -> PayoutView:
    return PayoutView(
        payout_key="shop-1:order-1-1/1",
        status=PayoutStatus.PAID,
        payee_kind=PayeeKind.ALIPAY,
        account_masked=SECRETS[0],
        holder_masked=SECRETS[1],
        note=SECRETS[2],
        requested_at=LATE,
        requested_by="ada",
        needs_approval=False,
        provider_text=SECRETS[3],
    )

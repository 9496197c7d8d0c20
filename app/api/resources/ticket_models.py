"""Tickets (售后单) on the wire."""

from datetime import datetime

from app.api.resources.advance_payouts import AdvancePayout, payout_on_wire
from app.api.resources.common import (
    Amount,
    AttachmentOut,
    LocalizedText,
    Money,
    ResponseModel,
    Version,
    Versioned,
    attachments_on_wire,
    localized,
)
from app.api.resources.ticket_parts import (
    Arbitration,
    TicketRefund,
    arbitration_on_wire,
    refund_on_wire,
)
from app.domain.order.tickets import DOUDIAN_CODES, AppliedRule, Due, TicketState, concerned_by
from app.projections.texts import LABEL_TEXTS
from app.projections.tickets.list import labels_of
from app.projections.tickets.view import RemarkView, ShipmentView, TicketRejection, TicketView


class TicketItem(ResponseModel):
    """Units of one item concerned, and the money asked for them in minor units."""

    item_id: str
    quantity: int
    amount: Amount


class TicketDue(ResponseModel):
    """What happens if no side acts."""

    at: datetime
    action: str
    """`agree`, `close`, `confirm_return`, `escalate`, `complete` or `rule_for_buyer`; more may
    come."""
    text: LocalizedText
    concerns: str
    """Who must act if this is not to happen: `consumer` or `merchant`; more may come."""
    remind_at: datetime | None
    """When that side is reminded."""


class TicketRejected(ResponseModel):
    """The merchant's no."""

    rejected_at: datetime
    reason: str
    reason_text: LocalizedText
    note: str | None
    evidence: list[AttachmentOut]


class TicketParcel(ResponseModel):
    """A parcel: the buyer's return, or what the merchant sent."""

    shipped_at: datetime
    carrier: str
    """`sf`, `zto`, `yto`, ..., `other`, see `GET /v1/reasons`; more may come."""
    carrier_text: LocalizedText
    tracking_number: str
    corrected_at: datetime | None
    received_at: datetime | None
    received_automatically: bool | None


class TicketRemark(ResponseModel):
    """What one side added."""

    remarked_at: datetime
    side: str
    """`consumer`, `merchant` or `platform`; more may come."""
    side_text: LocalizedText
    text: str
    pictures: list[AttachmentOut]


class TicketRule(ResponseModel):
    """The assistant's rule that agreed, in the version of the shop's rules it stood in."""

    rule_id: str
    name: str
    version: Version


class TicketLabel(ResponseModel):
    """A label shown on the ticket."""

    code: str
    """`overdue`; more may come."""
    text: LocalizedText


class Ticket(Versioned):
    """A ticket: one application and its outcome."""

    ticket_id: str
    shop_id: str
    order_id: str
    buyer_id: str
    type: str
    """`refund_only`, `return_and_refund`, `exchange`, `reissue` or `repair`; more may come."""
    state: str
    """`pending_merchant`, `awaiting_return`, `awaiting_merchant_receipt`, `awaiting_replacement`,
    `awaiting_buyer_receipt`, `refunding`, `rejected`, `rejected_after_return`, `in_arbitration`,
    `succeeded`, `completed` or `closed`; more may come."""
    state_text: LocalizedText
    waiting_for: str | None
    """Who has to act now: `consumer`, `merchant` or `platform`; more may come. Null when final."""
    doudian_code: int
    """抖店's code of the state; in arbitration that of the rejection it is about."""
    items: list[TicketItem]
    amount: Money
    reason: str
    reason_text: LocalizedText
    description: str | None
    evidence: list[AttachmentOut]
    modifications: int
    """How often the buyer has modified the application."""
    overdue: bool
    """True if the application came through an opened entry: the label 超期售后."""
    labels: list[TicketLabel]
    entry_generation: int | None
    due: TicketDue | None
    agreed_at: datetime | None
    agreed_automatically: bool | None
    agreed_without_return: bool | None
    agreed_by_rule: TicketRule | None
    rejection: TicketRejected | None
    returned_goods_rejection: TicketRejected | None
    rejection_reversed_at: datetime | None
    """When the merchant took the rejected ticket up again (拒绝后再次处理)."""
    return_parcel: TicketParcel | None
    return_extensions: int
    """How often the merchant extended the time for the return."""
    replacement_parcel: TicketParcel | None
    arbitration: Arbitration | None
    """The latest."""
    remarks: list[TicketRemark]
    closed_at: datetime | None
    close_cause: str | None
    """`withdrawn`, `not_returned_in_time`, `rejection_not_contested`, `ruled_for_merchant` or
    `nothing_left_to_refund`; more may come."""
    refund: TicketRefund | None
    """Null until a source was found for the money, and where finance reports refunds by hand."""
    advance_payouts: list[AdvancePayout]
    """Payments to another account of the buyer, once the provider had refused the refund."""
    refunded: Money
    created_at: datetime
    updated_at: datetime


class TicketPage(ResponseModel):
    """A page of tickets, in the order asked for."""

    tickets: list[Ticket]
    next_cursor: str | None
    """Pass as `cursor` for the next page; null on the last one."""
    current_to: Version
    """The position in the shop's partition of the log this list is current to."""


def ticket_on_wire(view: TicketView) -> Ticket:
    """Show a ticket."""
    return Ticket(
        ticket_id=view.ticket_id,
        shop_id=view.shop_id,
        order_id=view.order_id,
        buyer_id=view.buyer_id,
        type=view.type.value,
        state=view.state.value,
        state_text=localized(view.state.text),
        waiting_for=None if view.waiting_for is None else view.waiting_for.value,
        doudian_code=_doudian_code(view),
        items=[
            TicketItem(item_id=item.item_id, quantity=item.quantity, amount=item.amount)
            for item in view.items
        ],
        amount=Money(amount=view.amount, currency=view.currency),
        reason=view.reason.value,
        reason_text=localized(view.reason.text),
        description=view.description,
        evidence=attachments_on_wire(view.evidence),
        modifications=view.modifications,
        overdue=view.overdue,
        labels=_labels(view),
        entry_generation=view.entry_generation,
        due=None if view.due is None else _due(view.due),
        agreed_at=view.agreed_at,
        agreed_automatically=view.agreed_automatically,
        agreed_without_return=view.agreed_without_return,
        agreed_by_rule=rule_on_wire(view.agreed_by_rule),
        rejection=_rejection(view.rejected),
        returned_goods_rejection=_rejection(view.returned_goods_rejected),
        rejection_reversed_at=view.rejection_reversed_at,
        return_parcel=_parcel(view.return_shipment),
        return_extensions=view.return_extensions,
        replacement_parcel=_parcel(view.replacement),
        arbitration=arbitration_on_wire(view.arbitration, view.currency),
        remarks=[_remark(remark) for remark in view.remarks],
        closed_at=view.closed_at,
        close_cause=None if view.close_cause is None else view.close_cause.value,
        refund=refund_on_wire(view.refund),
        advance_payouts=[payout_on_wire(payout) for payout in view.payouts],
        refunded=Money(amount=view.refunded_amount, currency=view.currency),
        created_at=view.created_at,
        updated_at=view.updated_at,
        version=view.version,
    )


def _labels(view: TicketView) -> list[TicketLabel]:
    return [TicketLabel(code=code, text=localized(LABEL_TEXTS[code])) for code in labels_of(view)]


def _doudian_code(view: TicketView) -> int:
    if view.state is TicketState.IN_ARBITRATION and view.goods_returned:
        return DOUDIAN_CODES[TicketState.REJECTED_AFTER_RETURN]
    return DOUDIAN_CODES[view.state]


def _due(due: Due) -> TicketDue:
    return TicketDue(
        at=due.at,
        action=due.action.value,
        text=localized(due.action.text),
        concerns=concerned_by(due.action).value,
        remind_at=due.remind_at,
    )


def rule_on_wire(rule: AppliedRule | None) -> TicketRule | None:
    """Show the rule that decided; None if none did."""
    if rule is None:
        return None
    return TicketRule(rule_id=rule.rule_id, name=rule.name, version=rule.version)


def _parcel(parcel: ShipmentView | None) -> TicketParcel | None:
    if parcel is None:
        return None
    return TicketParcel(
        shipped_at=parcel.at,
        carrier=parcel.shipment.carrier.value,
        carrier_text=localized(parcel.shipment.carrier.text),
        tracking_number=parcel.shipment.tracking_number,
        corrected_at=parcel.corrected_at,
        received_at=parcel.received_at,
        received_automatically=parcel.received_automatically,
    )


def _remark(remark: RemarkView) -> TicketRemark:
    return TicketRemark(
        remarked_at=remark.at,
        side=remark.side.value,
        side_text=localized(remark.side.text),
        text=remark.text,
        pictures=attachments_on_wire(remark.pictures),
    )


def _rejection(rejected: TicketRejection | None) -> TicketRejected | None:
    if rejected is None:
        return None
    return TicketRejected(
        rejected_at=rejected.at,
        reason=rejected.reason.value,
        reason_text=localized(rejected.reason.text),
        note=rejected.note,
        evidence=attachments_on_wire(rejected.evidence),
    )

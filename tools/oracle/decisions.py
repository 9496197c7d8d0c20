"""Each decision on a ticket: who may make it, in which states, and what it makes of the ticket.

To add a decision, add a function named as its operation.
"""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from tools.oracle import rules
from tools.oracle.input_rules import as_kept, check_files, check_parcel
from tools.oracle.order import PlainOrder
from tools.oracle.passing_time import notifications_for_agreement
from tools.oracle.ticket import Asked, PlainTicket, Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A decision asked for: by which side, with which body, at which instant."""

    order: PlainOrder
    ticket: PlainTicket
    side: str
    body: Mapping[str, Any]
    at: datetime

    def done(self, code: str, **messages: str) -> None:
        """Record its line of the log, and the message to each side."""
        self.order.changed(self.ticket, self.at, code, self.side, **messages)

    def to_the_other(self, message: str) -> dict[str, str]:
        """Return a message for each side but the one that decides."""
        return {side: message for side in ("consumer", "merchant") if side != self.side}


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision on a ticket: by which sides, in which states, and the refusal in all others.

    ``batched``: a merchant may decide it in a batch, too; ``creates``: it is answered with 201;
    ``apply`` changes the ticket or raises `Refused`. Without sides no request can ask for it.
    """

    sides: frozenset[str]
    states: frozenset[str]
    elsewhere: str
    batched: bool
    creates: bool
    apply: Callable[[Asking], None]


TABLE: dict[str, Decision] = {}
"""Every decision on a ticket, by the name of its operation."""


def _decision(
    sides: str,
    states: str | Set[str],
    elsewhere: str,
    *,
    batched: bool = False,
    creates: bool = False,
) -> Callable[[Callable[[Asking], None]], Callable[[Asking], None]]:
    """Enter the function into the table, under its name."""

    def enter(apply: Callable[[Asking], None]) -> Callable[[Asking], None]:
        name = apply.__name__
        TABLE[name] = Decision(
            sides=frozenset(sides.split()),
            states=frozenset({states} if isinstance(states, str) else states),
            elsewhere=elsewhere,
            batched=batched,
            creates=creates,
            apply=apply,
        )
        return apply

    return enter


def decide(name: str, asking: Asking) -> None:
    """Make a decision; raise `Refused` if the ticket's state or the body does not allow it."""
    decision, state = TABLE[name], asking.ticket.state
    if state in rules.FINAL:
        raise Refused("ticket_final")
    if state not in decision.states:
        raise Refused(decision.elsewhere)
    if decision.sides and asking.side not in decision.sides:
        raise Refused("decision_of_another_side")
    decision.apply(asking)


@_decision("merchant", "pending_merchant", "already_decided", batched=True)
def agree_to_application(asking: Asking) -> None:
    _agree(asking, without_return=False)


def _agree(asking: Asking, *, without_return: bool) -> None:
    ticket = asking.ticket
    ticket.grant(asking.at, goods_settled=without_return or ticket.goods_back)
    ticket.agreed_automatically, ticket.agreed_without_return = False, without_return
    code = "application_agreed_without_return" if without_return else "application_agreed"
    asking.done(code, consumer=notifications_for_agreement(ticket))


@_decision("merchant", "pending_merchant", "already_decided", batched=True)
def agree_without_return(asking: Asking) -> None:
    _agree(asking, without_return=True)


@_decision("", "pending_merchant", "already_decided")
def apply_assistant_rule(asking: Asking) -> None:
    ticket, action = asking.ticket, asking.body["action"]
    if action != "notify_only":
        without_return = action == "agree_without_return"
        ticket.grant(asking.at, goods_settled=without_return or ticket.goods_back)
        ticket.agreed_automatically, ticket.agreed_without_return = True, without_return
        asking.done("application_agreed_by_rule", consumer=notifications_for_agreement(ticket))
    elif not ticket.notified:
        ticket.notified = True
        asking.done("assistant_notified", merchant="assistant_notified")


@_decision("merchant", "pending_merchant", "already_decided", batched=True)
def reject_application(asking: Asking) -> None:
    if asking.body["reason"] not in rules.APPLICATION_REJECTIONS:
        raise Refused("reason_not_for_decision")
    check_files(asking.body.get("evidence", ()))
    asking.ticket.rejection = asking.body["reason"]
    asking.ticket.enter("rejected", asking.at)
    asking.done("application_rejected", consumer="application_rejected")


@_decision("merchant", rules.REJECTED, "ticket_not_rejected", batched=True)
def process_rejected_ticket(asking: Asking) -> None:
    asking.ticket.grant(asking.at, goods_settled=asking.ticket.goods_back)
    asking.done("rejection_reversed", consumer="rejection_reversed")


@_decision("consumer", rules.REJECTED | {"pending_merchant"}, "modification_not_allowed")
def modify_application(asking: Asking) -> None:
    ticket, body = asking.ticket, asking.body
    if ticket.modifications >= asking.order.limits.modifications:
        raise Refused("modification_limit_reached")
    wish = asking.order.checked_wish(body["type"], body)
    came_back = {item.item_id: item.quantity for item in ticket.granted}
    if any(item.quantity > came_back.get(item.item_id, 0) for item in wish):
        ticket.goods_back = False
    ticket.type, ticket.asked, ticket.granted = body["type"], wish, wish
    ticket.reason = body["reason"]
    ticket.modifications += 1
    ticket.notified = False
    ticket.enter("pending_merchant", asking.at)
    asking.done("application_modified", merchant="application_modified")


@_decision(
    "consumer",
    rules.REJECTED | {"awaiting_return", "pending_merchant"},
    "withdrawal_not_allowed",
)
def withdraw_application(asking: Asking) -> None:
    asking.ticket.close("withdrawn", asking.at)
    asking.done("application_withdrawn", merchant="application_withdrawn")


@_decision("consumer", "awaiting_return", "return_not_awaited")
def ship_goods_back(asking: Asking) -> None:
    parcel = as_kept(asking.body)
    check_parcel(parcel)
    asking.ticket.parcel, asking.ticket.parcel_corrected = parcel, False
    asking.ticket.enter("awaiting_merchant_receipt", asking.at)
    asking.done("goods_shipped_back", merchant="goods_shipped_back")


@_decision("consumer", "awaiting_merchant_receipt", "return_not_under_way")
def correct_return_shipment(asking: Asking) -> None:
    ticket, parcel = asking.ticket, as_kept(asking.body)
    if parcel == ticket.parcel:
        return
    if ticket.parcel_corrected:
        raise Refused("return_shipment_already_corrected")
    check_parcel(parcel)
    ticket.parcel, ticket.parcel_corrected = parcel, True
    asking.done("return_shipment_corrected", merchant="return_shipment_corrected")


@_decision("merchant", "awaiting_return", "return_not_awaited", batched=True)
def extend_return_deadline(asking: Asking) -> None:
    ticket, days = asking.ticket, asking.body["days"]
    if ticket.extensions >= asking.order.limits.extensions:
        raise Refused("return_extension_limit_reached")
    if not 1 <= days <= rules.EXTENSION_DAYS_MAX:
        raise Refused("return_extension_too_long")
    assert ticket.due is not None  # noqa: S101 - a return is awaited for so long
    ticket.extended_due(ticket.due.at + timedelta(days=days), asking.at)
    ticket.extensions += 1
    asking.done("return_deadline_extended", consumer="return_deadline_extended")


@_decision(
    "merchant",
    "awaiting_merchant_receipt",
    "return_not_under_way",
    batched=True,
)
def confirm_return_receipt(asking: Asking) -> None:
    asking.ticket.goods_back = True
    asking.ticket.grant(asking.at, goods_settled=True)
    asking.done("return_received", consumer="return_received")


@_decision(
    "merchant",
    "awaiting_merchant_receipt",
    "return_not_under_way",
    batched=True,
)
def reject_returned_goods(asking: Asking) -> None:
    if asking.body["reason"] not in rules.RETURN_REJECTIONS:
        raise Refused("reason_not_for_decision")
    if not asking.body.get("evidence"):
        raise Refused("evidence_required")
    check_files(asking.body["evidence"])
    asking.ticket.return_rejection = asking.body["reason"]
    asking.ticket.goods_back = True
    asking.ticket.enter("rejected_after_return", asking.at)
    asking.done("returned_goods_rejected", consumer="returned_goods_rejected")


@_decision("merchant", "awaiting_replacement", "replacement_not_awaited", batched=True)
def ship_replacement(asking: Asking) -> None:
    parcel = as_kept(asking.body)
    check_parcel(parcel)
    asking.ticket.replacement = parcel
    asking.ticket.enter("awaiting_buyer_receipt", asking.at)
    asking.done("replacement_shipped", consumer="replacement_shipped")


@_decision("consumer", "awaiting_buyer_receipt", "replacement_not_under_way")
def confirm_replacement_receipt(asking: Asking) -> None:
    asking.ticket.enter("completed", asking.at)
    asking.done("replacement_received", merchant="replacement_received")


@_decision("consumer", rules.REJECTED, "arbitration_not_available")
def request_arbitration(asking: Asking) -> None:
    ticket = asking.ticket
    if ticket.arbitrations >= asking.order.limits.arbitrations:
        raise Refused("arbitration_limit_reached")
    check_files(asking.body.get("evidence", ()))
    ticket.arbitrations += 1
    ticket.begin_arbitration("buyer_request", asking.at, shown=1)
    asking.done("arbitration_requested", merchant="arbitration_requested")


@_decision(
    "consumer merchant",
    "in_arbitration",
    "not_in_arbitration",
    creates=True,
)
def submit_arbitration_evidence(asking: Asking) -> None:
    ticket, side = asking.ticket, asking.side
    arbitration = ticket.arbitration
    assert arbitration is not None  # noqa: S101 - it is in arbitration
    if arbitration.given[side] >= asking.order.limits.evidence:
        raise Refused("arbitration_evidence_limit_reached")
    if not asking.body.get("evidence") and not asking.body.get("note"):
        raise Refused("evidence_required")
    check_files(asking.body.get("evidence", ()))
    arbitration.given[side] += 1
    arbitration.shown += 1
    if side == "merchant":
        ticket.due = None
    message = asking.to_the_other("arbitration_evidence_submitted")
    asking.done("arbitration_evidence_submitted", **message)


@_decision("platform", "in_arbitration", "not_in_arbitration")
def rule_arbitration(asking: Asking) -> None:
    ticket, body, at = asking.ticket, asking.body, asking.at
    final_amount = body.get("final_amount")
    for_buyer = body["ruling"] == "for_buyer"
    if not for_buyer and final_amount is not None:
        raise Refused("ruling_contradicts_itself")
    granted = _granted(asking.order, ticket, final_amount) if for_buyer else []
    paid = sum(asked.amount for asked in granted)
    arbitration = ticket.arbitration
    assert arbitration is not None  # noqa: S101 - it is in arbitration
    arbitration.ruling = {
        "ruling": body["ruling"],
        "blame": body["blame"],
        "automatic": False,
        "final_amount": {"amount": paid},
        "ruled_at": at,
    }
    if not for_buyer:
        ticket.close("ruled_for_merchant", at)
    else:
        ticket.granted = granted
        if paid and ticket.type not in rules.MONEY:
            ticket.enter("refunding", at)
        else:
            ticket.grant(at, goods_settled=ticket.goods_back)
    asking.done("arbitration_ruled", consumer="arbitration_ruled", merchant="arbitration_ruled")


def _granted(order: PlainOrder, ticket: PlainTicket, final_amount: int | None) -> list[Asked]:
    """Share a final amount in proportion; what is left over goes to those who lost most by it."""
    if final_amount is None:
        return ticket.granted
    if final_amount == 0:
        raise Refused("nothing_requested")
    most = ticket.granted if ticket.type in rules.MONEY else order.worth(ticket)
    total = sum(asked.amount for asked in most)
    if final_amount > total:
        raise Refused("amount_exceeds_refundable")
    exact = [Fraction(final_amount * asked.amount, total) for asked in most]
    shares = [int(share) for share in exact]
    while sum(shares) < final_amount:
        lost = [share - given for share, given in zip(exact, shares, strict=True)]
        shares[lost.index(max(lost))] += 1
    return [
        Asked(item_id=asked.item_id, quantity=asked.quantity, amount=share)
        for asked, share in zip(most, shares, strict=True)
    ]


@_decision("consumer", "in_arbitration", "not_in_arbitration")
def withdraw_arbitration(asking: Asking) -> None:
    ticket, arbitration = asking.ticket, asking.ticket.arbitration
    assert arbitration is not None  # noqa: S101 - it is in arbitration
    if arbitration.cause != "buyer_request":
        raise Refused("escalation_not_withdrawable")
    arbitration.withdrawn_at = asking.at
    ticket.enter(arbitration.came_from, asking.at)
    asking.done("arbitration_withdrawn", merchant="arbitration_withdrawn")


@_decision("platform", "refunding", "not_refunding")
def record_refund_success(asking: Asking) -> None:
    order, ticket = asking.order, asking.ticket
    for asked in ticket.granted:
        order.paid_back[asked.item_id] = order.paid_back.get(asked.item_id, 0) + asked.amount
        if ticket.goods_back:
            back = order.sent_back.get(asked.item_id, 0) + asked.quantity
            order.sent_back[asked.item_id] = back
    ticket.refunded = sum(asked.amount for asked in ticket.granted)
    ticket.enter("succeeded", asking.at)
    asking.done("refund_succeeded", consumer="refund_succeeded")


@_decision("consumer merchant platform", rules.ACTIVE, "ticket_final", creates=True)
def add_ticket_remark(asking: Asking) -> None:
    if asking.ticket.remarks >= asking.order.limits.remarks:
        raise Refused("remark_limit_reached")
    check_files(asking.body.get("pictures", ()), pictures_only=True)
    asking.ticket.remarks += 1
    asking.done("ticket_remarked", **asking.to_the_other("ticket_remarked"))


DECISIONS = {name: decision for name, decision in TABLE.items() if decision.sides}
"""Those a request can ask for."""
BATCHED = frozenset(name for name, decision in TABLE.items() if decision.batched)
"""What a merchant may decide in a batch, too."""

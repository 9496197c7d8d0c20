"""Decisions on a ticket in the plain telling, a few lines each."""

from datetime import datetime, timedelta
from typing import Any

from tests.domain.plain_inputs import check_files, check_parcel, parcel, shared_out
from tests.domain.plain_tables import (
    ALLOWED,
    FINAL,
    MONEY_TYPES,
    OF_BOTH,
    ONLY_OF_GOODS_BACK,
    RefusedError,
)
from tests.domain.plain_ticket import PlainTicket, TicketKeeping, reminder


class PlainTickets(TicketKeeping):
    """The tickets of one order and what is decided on them."""

    def on_ticket(self, now: datetime, asked: Any) -> None:
        """Decide on a ticket."""
        found = [ticket for ticket in self.tickets if ticket.ticket_id == asked.ticket_id]
        if not found:
            raise RefusedError("ticket_not_found")
        (ticket,) = found
        word, states, sides, code = ALLOWED[type(asked).__name__]
        if ticket.state in FINAL:
            raise RefusedError("ticket_final")
        if ticket.state not in states:
            raise RefusedError(code)
        if hasattr(asked, "side") and asked.side not in sides:
            raise RefusedError("decision_of_another_side")
        getattr(self, f"_{word}")(ticket, now, asked)

    def act_by_itself(self, ticket: PlainTicket, at: datetime) -> None:
        """Let happen what happens when nobody acts."""
        match ticket.state:
            case "pending_merchant":
                self._grant(ticket, at)
                self._note("ApplicationAgreed", at, ticket)
            case "awaiting_merchant_receipt":
                self._take_goods(ticket, at, None)
            case "awaiting_replacement":
                ticket.cause, ticket.before = "replacement_not_shipped", ticket.state
                ticket.evidence = {}
                self._move(ticket, "in_arbitration", at)
                self._note("TicketEscalated", at, ticket)
            case "awaiting_buyer_receipt":
                self._receive(ticket, at, None)
            case "in_arbitration":
                self._rule_for_buyer(ticket, at)
            case _:
                self._move(ticket, "closed", at)
                self._note("TicketClosed", at, ticket)

    def _agree(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        ticket.goods_kept = asked.without_return
        self._grant(ticket, now)
        self._note("ApplicationAgreed", now, ticket)

    def _assist(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        if asked.action != "notify_only":
            ticket.goods_kept = asked.action == "agree_without_return"
            self._grant(ticket, now)
            self._note("ApplicationAgreed", now, ticket)
        elif not ticket.noticed:
            ticket.noticed = True
            self._note("AssistantNotified", now, ticket)

    def _reject(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        if asked.reason in ONLY_OF_GOODS_BACK:
            raise RefusedError("reason_not_for_decision")
        check_files(asked.evidence)
        self._move(ticket, "rejected", now)
        self._note("ApplicationRejected", now, ticket)

    def _process_again(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        self._grant(ticket, now)
        self._note("RejectionReversed", now, ticket)

    def _modify(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        self._once_more(ticket, "modifications", "modification_limit_reached")
        self.check_wish(asked.type, asked)
        units = {item_id: units for item_id, units, _ in ticket.wanted}
        more = any(item.quantity > units.get(item.item_id, 0) for item in asked.items)
        ticket.goods_back = ticket.goods_back and not more
        ticket.kind, ticket.reason = str(asked.type), str(asked.reason)
        ticket.wanted = [(item.item_id, item.quantity, item.amount) for item in asked.items]
        ticket.noticed = False
        self._move(ticket, "pending_merchant", now)
        self._note("ApplicationModified", now, ticket)

    def _withdraw(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        self._move(ticket, "closed", now)
        self._note("TicketClosed", now, ticket)

    def _ship_back(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        ticket.parcel, ticket.corrected = parcel(asked.shipment), False
        check_parcel(ticket.parcel)
        self._move(ticket, "awaiting_merchant_receipt", now)
        self._note("GoodsShippedBack", now, ticket)

    def _correct(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        now_said = parcel(asked.shipment)
        if now_said == ticket.parcel:
            return
        if ticket.corrected:
            raise RefusedError("return_shipment_already_corrected")
        check_parcel(now_said)
        ticket.parcel, ticket.corrected = now_said, True
        self._note("ReturnShipmentCorrected", now, ticket)

    def _extend(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        self._once_more(ticket, "extensions", "return_extension_limit_reached")
        if asked.days < 1 or asked.days > 7:
            raise RefusedError("return_extension_too_long")
        assert ticket.due is not None
        ticket.due += timedelta(days=asked.days)
        ticket.remind = reminder(ticket.due, now)
        self._note("ReturnDeadlineExtended", now, ticket)

    def _take_goods(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        ticket.goods_back = True
        self._grant(ticket, now)
        self._note("ReturnReceived", now, ticket)

    def _reject_goods(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        if asked.reason not in ONLY_OF_GOODS_BACK | OF_BOTH:
            raise RefusedError("reason_not_for_decision")
        if not asked.evidence:
            raise RefusedError("evidence_required")
        check_files(asked.evidence)
        ticket.goods_back = True
        self._move(ticket, "rejected_after_return", now)
        self._note("ReturnedGoodsRejected", now, ticket)

    def _replace(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        check_parcel(parcel(asked.shipment))
        self._move(ticket, "awaiting_buyer_receipt", now)
        self._note("ReplacementShipped", now, ticket)

    def _receive(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        self._move(ticket, "completed", now)
        self._note("ReplacementReceived", now, ticket)

    def _dispute(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        self._once_more(ticket, "disputes", "arbitration_limit_reached")
        check_files(asked.evidence)
        ticket.cause, ticket.before, ticket.evidence = "buyer_request", ticket.state, {}
        self._move(ticket, "in_arbitration", now)
        self._note("ArbitrationRequested", now, ticket)

    def _prove(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        side = str(asked.side)
        given = ticket.evidence.get(side, 0)
        if given >= self.limits["evidence"]:
            raise RefusedError("arbitration_evidence_limit_reached")
        if not asked.evidence and not asked.note:
            raise RefusedError("evidence_required")
        check_files(asked.evidence)
        ticket.evidence[side] = given + 1
        if side == "merchant":
            ticket.due = ticket.remind = None
        self._note("ArbitrationEvidenceSubmitted", now, ticket)

    def _make_peace(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        if ticket.cause != "buyer_request":
            raise RefusedError("escalation_not_withdrawable")
        assert ticket.before is not None
        self._move(ticket, ticket.before, now)
        self._note("ArbitrationWithdrawn", now, ticket)

    def _rule(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        if asked.ruling == "for_merchant":
            if asked.final_amount is not None:
                raise RefusedError("ruling_contradicts_itself")
            self._move(ticket, "closed", now)
        elif asked.final_amount is None:
            self._grant(ticket, now)
        else:
            if asked.final_amount < 1:
                raise RefusedError("nothing_requested")
            most = ticket.wanted if ticket.kind in MONEY_TYPES else self._worth(ticket)
            if asked.final_amount > sum(amount for _, _, amount in most):
                raise RefusedError("amount_exceeds_refundable")
            self._pay(ticket, shared_out(asked.final_amount, most), now)
        self._note("ArbitrationRuled", now, ticket)

    def _rule_for_buyer(self, ticket: PlainTicket, at: datetime) -> None:
        if ticket.cause == "buyer_request":
            self._grant(ticket, at)
        elif any(amount for _, _, amount in self._worth(ticket)):
            self._pay(ticket, self._worth(ticket), at)
        else:
            ticket.wanted = self._worth(ticket)
            self._move(ticket, "closed", at)
        self._note("ArbitrationRuled", at, ticket)

    def _remark(self, ticket: PlainTicket, now: datetime, asked: Any) -> None:
        self._once_more(ticket, "remarks", "remark_limit_reached")
        check_files(asked.pictures, pictures=True)
        self._note("TicketRemarked", now, ticket)

    def _money_arrived(self, ticket: PlainTicket, now: datetime, _: Any) -> None:
        for item_id, units, amount in ticket.wanted:
            self.paid_back[item_id] += amount
            self.sent_back[item_id] += units if ticket.goods_back else 0
        self._move(ticket, "succeeded", now)
        self._note("RefundSucceeded", now, ticket)

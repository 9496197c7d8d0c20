"""Decisions on tickets: one row each."""

from datetime import datetime
from typing import Any

from app.access.scopes import Scope
from app.api.command_operation import REQUIRED, PathValues, Target, command_operation
from app.api.operation import (
    BUYER_AND_MERCHANT,
    CONSUMER,
    EVERYBODY,
    MERCHANT,
    PLATFORM,
    SHOP,
    Operation,
    Roles,
)
from app.api.request_context import Presenter, RequestContext
from app.api.resources import ticket_bodies, ticket_parts
from app.api.resources.ticket_models import Ticket, ticket_on_wire
from app.domain.order import answers, applications, arbitration, refunds, replacements, returns
from app.projections.orders.view import OrderView


def show_ticket(ticket_id: str) -> Presenter:
    """Return what shows a ticket that was decided on."""

    def present(view: OrderView, _now: datetime) -> Ticket:
        ticket = view.ticket(ticket_id)
        assert ticket is not None  # noqa: S101 - it was decided on
        return ticket_on_wire(ticket)

    return present


def _present(_call: RequestContext, path_values: PathValues) -> Presenter:
    return show_ticket(path_values["ticket_id"])


TICKET = Target(
    path=f"{SHOP}/tickets/{{ticket_id}}",
    present=_present,
    not_found="ticket_not_found",
    problems=("ticket_final", "version_stale"),
)


def _decision(
    command: type[Any],
    roles: Roles,
    summary: str,
    description: str,
    *,
    tag: str = "tickets",
    scope: Scope = Scope.TICKETS_WRITE,
    **options: Any,
) -> Operation:
    return command_operation(
        TICKET,
        command,
        roles,
        summary,
        description,
        tag=tag,
        scope=scope,
        response=Ticket,
        if_match=True,
        **options,
    )


# fmt: off
DECISIONS = (
    _decision(
        applications.ModifyApplication, CONSUMER, "Modify an application",
        """Change what an application asks for, type included; the merchant has 48 hours again.

        Possible while the merchant has not agreed, and after a rejection; five times at most.
        """,
        body=ticket_bodies.ModifyApplicationBody, key=REQUIRED,
        problems=("modification_not_allowed", "modification_limit_reached", "reason_not_for_type",
                  "item_not_in_order", "item_repeated", "quantity_exceeded",
                  "amount_exceeds_refundable", "nothing_requested"),
    ),
    _decision(
        applications.WithdrawApplication, CONSUMER, "Withdraw an application",
        "Withdraw an application; within the entry's five days another may follow.",
        problems=("withdrawal_not_allowed",),
    ),
    _decision(
        answers.AgreeToApplication, MERCHANT, "Agree to an application",
        """Grant what a ticket asks for: the money is on its way, or the goods go back first.

        With a body, the cost as it is now is noted as acknowledged (see the ticket's cost preview).
        """,
        body=ticket_parts.AcknowledgeCostBody, optional_body=True,
        problems=("already_decided",), batch=True,
    ),
    _decision(
        answers.AgreeToApplication, MERCHANT,
        "Agree to an application and leave the goods with the buyer",
        """Grant what a ticket asks for without waiting for the goods to come back.

        With a body, the cost as it is now is noted as acknowledged.
        """,
        name="agree_without_return", values={"without_return": True},
        body=ticket_parts.AcknowledgeCostBody, optional_body=True, problems=("already_decided",),
        batch=True,
    ),
    _decision(
        answers.RejectApplication, MERCHANT, "Reject an application",
        "Refuse what a ticket asks for, for a coded reason and with what proves it.",
        body=ticket_bodies.RejectApplicationBody,
        problems=("already_decided", "reason_not_for_decision"), batch=True,
    ),
    _decision(
        answers.ProcessRejectedTicket, MERCHANT, "Process a rejected ticket again",
        "Grant what was rejected before (拒绝后再次处理), returned goods included.",
        problems=("ticket_not_rejected",), batch=True,
    ),
    _decision(
        returns.ShipGoodsBack, CONSUMER, "Send the goods back",
        "Report how the goods come back; the merchant has ten days to confirm or reject them.",
        tag="parcels", body=ticket_bodies.ParcelBody,
        problems=("return_not_awaited", "tracking_number_invalid"),
    ),
    _decision(
        returns.CorrectReturnShipment, CONSUMER, "Correct carrier or tracking number of a return",
        "Correct what was said of the parcel, once; the merchant's deadline stays.",
        tag="parcels", body=ticket_bodies.ParcelBody,
        problems=("return_not_under_way", "return_shipment_already_corrected",
                  "tracking_number_invalid"),
    ),
    _decision(
        returns.ExtendReturnDeadline, MERCHANT, "Give the buyer more time for the return",
        "Add days to the buyer's deadline, twice at most.",
        tag="parcels", body=ticket_bodies.ExtendReturnDeadlineBody,
        key=REQUIRED,
        problems=("return_not_awaited", "return_extension_limit_reached",
                  "return_extension_too_long"),
        batch=True,
    ),
    _decision(
        returns.ConfirmReturnReceipt, MERCHANT, "Confirm the returned goods",
        """Accept the returned goods as they are: the refund follows, or the merchant's parcel.

        With a body, the cost as it is now is noted as acknowledged.
        """,
        tag="parcels", body=ticket_parts.AcknowledgeCostBody,
        optional_body=True, problems=("return_not_under_way",), batch=True,
    ),
    _decision(
        returns.RejectReturnedGoods, MERCHANT, "Reject the returned goods",
        "Refuse what came back, for a coded reason and with at least one piece of evidence.",
        tag="parcels", body=ticket_bodies.RejectReturnedGoodsBody,
        problems=("return_not_under_way", "reason_not_for_decision", "evidence_required"),
        batch=True,
    ),
    _decision(
        replacements.ShipReplacement, MERCHANT,
        "Ship the replacement, the reissued or the repaired goods",
        "Report how the goods come to the buyer, who has seven days to confirm them.",
        tag="parcels", body=ticket_bodies.ParcelBody,
        problems=("replacement_not_awaited", "tracking_number_invalid"), batch=True,
    ),
    _decision(
        replacements.ConfirmReplacementReceipt, CONSUMER, "Confirm the goods the merchant sent",
        "Confirm that the goods have arrived; the ticket is completed.",
        tag="parcels", problems=("replacement_not_under_way",),
    ),
    _decision(
        arbitration.RequestArbitration, CONSUMER, "Ask the platform to arbitrate",
        """Bring a rejection before the platform.

        Without evidence of the merchant within seven days it rules for the buyer.
        """,
        tag="arbitration", body=ticket_bodies.RequestArbitrationBody,
        problems=("arbitration_not_available", "arbitration_limit_reached"),
    ),
    _decision(
        arbitration.SubmitArbitrationEvidence, BUYER_AND_MERCHANT,
        "Give evidence in an arbitration",
        "Give evidence for one's side: files, a note, or both.",
        tag="arbitration",
        body=ticket_bodies.SubmitArbitrationEvidenceBody, key=REQUIRED, status=201,
        problems=("not_in_arbitration", "arbitration_evidence_limit_reached", "evidence_required"),
    ),
    _decision(
        arbitration.RuleArbitration, PLATFORM, "Rule an arbitration",
        "Rule for buyer or merchant, with blame and the final amount; the flow goes on from there.",
        tag="arbitration", scope=Scope.ARBITRATIONS_WRITE,
        body=ticket_bodies.RuleArbitrationBody, key=REQUIRED,
        problems=("not_in_arbitration", "ruling_contradicts_itself", "amount_exceeds_refundable",
                  "nothing_requested"),
    ),
    _decision(
        arbitration.WithdrawArbitration, CONSUMER, "Withdraw a request for arbitration",
        "Return to the rejection, whose time begins again.",
        tag="arbitration",
        problems=("not_in_arbitration", "escalation_not_withdrawable"),
    ),
    _decision(
        applications.AddTicketRemark, EVERYBODY, "Add a remark to a ticket",
        "Add a remark, with pictures if need be; the other side is notified. Nothing else changes.",
        body=ticket_bodies.AddTicketRemarkBody, key=REQUIRED, status=201,
        problems=("remark_limit_reached",),
    ),
    _decision(
        refunds.RecordRefundSuccess, PLATFORM, "Report that a ticket's money reached the buyer",
        """Record that finance paid a refund; the ticket has succeeded.

        Once a payment provider has the refund, only the provider's answer ends it.
        """,
        scope=Scope.REFUNDS_WRITE, key=REQUIRED,
        problems=("not_refunding", "refund_key_differs"),
    ),
)
# fmt: on
"""Each decision on a ticket, and who may make it."""

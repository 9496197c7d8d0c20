"""Refunds, and payouts in advance of them (先行赔付)."""

from typing import Any, TypeVar

import structlog
from uuid_utils.compat import uuid7

from app.access.scopes import Scope
from app.api.command_operation import REQUIRED, PathValues, Target, command_operation
from app.api.operation import (
    MERCHANT_AND_PLATFORM,
    PLATFORM,
    PLATFORM_PATH,
    SHOP,
    Operation,
    operation,
)
from app.api.operations.decisions import show_ticket
from app.api.problems.problem import ProblemError
from app.api.request_context import Presenter, RequestContext
from app.api.resources import advance_payouts, refund_models, refunds
from app.api.resources.ticket_models import Ticket
from app.domain.order import payouts
from app.payments.ticket_commands import seal_payee

_log = structlog.get_logger(__name__)

C = TypeVar("C", bound=payouts.PayoutDecision)


def _show_ticket(_call: RequestContext, path_values: PathValues) -> Presenter:
    return show_ticket(path_values["refund_id"])


PAYOUT = Target(
    path=f"{SHOP}/refunds/{{refund_id}}/advance-payouts",
    present=_show_ticket,
    not_found="ticket_not_found",
    problems=("ticket_final", "version_stale"),
)


def _payout(
    command: type[Any], path: str, summary: str, description: str, **options: Any
) -> Operation:
    return command_operation(
        PAYOUT, command, PLATFORM, summary, description, path=path, tag="refunds",
        scope=Scope.REFUNDS_WRITE, response=Ticket, key=REQUIRED, if_match=True, **options,
    )  # fmt: skip


def _start(
    call: RequestContext, path_values: PathValues, body: advance_payouts.StartAdvancePayoutBody
) -> payouts.StartAdvancePayout:
    seal = call.services.seal
    if seal is None:
        raise ProblemError("sealing_not_configured")
    payout_key = _key({**path_values, "payout_id": uuid7().hex})
    command = payouts.StartAdvancePayout(
        ticket_id=path_values["refund_id"],
        payout_key=payout_key,
        payee=seal_payee(seal, advance_payouts.payee_in(body.payee), payout_key),
        note=body.note,
        requested_by=call.caller.actor.id,
    )
    return _logged(command)


def _approve(
    call: RequestContext, path_values: PathValues, _body: None
) -> payouts.ApproveAdvancePayout:
    command = payouts.ApproveAdvancePayout(
        ticket_id=path_values["refund_id"],
        payout_key=_key(path_values),
        approved_by=call.caller.actor.id,
    )
    return _logged(command)


def _decline(
    call: RequestContext, path_values: PathValues, body: advance_payouts.DeclineAdvancePayoutBody
) -> payouts.DeclineAdvancePayout:
    command = payouts.DeclineAdvancePayout(
        ticket_id=path_values["refund_id"],
        payout_key=_key(path_values),
        declined_by=call.caller.actor.id,
        note=body.note,
    )
    return _logged(command)


def _key(path_values: PathValues) -> str:
    """Return the key of a payout, which begins with that of its refund."""
    return "{shop_id}/{refund_id}/{payout_id}".format_map(path_values)


def _logged(command: C) -> C:
    """Log a command that moves money by hand; its outcome is in the log line of the request."""
    _log.info(
        "advance_payout_command",
        command=type(command).__name__,
        payout_key=command.payout_key,
    )
    return command


# fmt: off
OPERATIONS = (
    operation(
        "list_refunds", "GET", f"{SHOP}/refunds", MERCHANT_AND_PLATFORM, Scope.FUNDS_READ,
        "List a shop's refunds", refunds.get_refunds,
        tag="refunds", response=refund_models.RefundPage,
        problems=("cursor_invalid", "filters_contradict"),
    ),
    operation(
        "get_refund", "GET", f"{SHOP}/refunds/{{refund_id}}", MERCHANT_AND_PLATFORM,
        Scope.FUNDS_READ, "Get a refund", refunds.get_refund,
        tag="refunds", response=refund_models.Refund, problems=("refund_not_found",),
    ),
    operation(
        "list_waiting_refunds", "GET", f"{PLATFORM_PATH}/refunds", PLATFORM, Scope.FUNDS_READ,
        "List the refunds of all shops that wait", refunds.get_waiting_refunds,
        tag="refunds", response=refund_models.WaitingRefundPage, problems=("cursor_invalid",),
    ),
    _payout(
        payouts.StartAdvancePayout, "", "Pay a refused refund in advance to another account",
        """Pay to another account of the buyer what the provider refused to pay back.

        The deposit is charged and may go below zero. Above an amount another person must approve
        first. The account is encrypted; only its mask is ever shown.
        """,
        body=advance_payouts.StartAdvancePayoutBody, make=_start, status=201,
        problems=("sealing_not_configured", "refund_not_refused", "payout_under_way",
                  "payout_limit_reached"),
    ),
    _payout(
        payouts.ApproveAdvancePayout, "/{payout_id}/approve",
        "Approve an advance payout another person asked for",
        "Let a payout go that needs two persons: the key that asked for it cannot.",
        make=_approve,
        problems=("payout_not_found", "payout_not_awaiting_approval",
                  "payout_approved_by_requester"),
    ),
    _payout(
        payouts.DeclineAdvancePayout, "/{payout_id}/decline",
        "Decline an advance payout that waits for approval",
        "Do not let a payout go, or take one's own request back; another may follow.",
        body=advance_payouts.DeclineAdvancePayoutBody, make=_decline,
        problems=("payout_not_found", "payout_not_awaiting_approval"),
    ),
)

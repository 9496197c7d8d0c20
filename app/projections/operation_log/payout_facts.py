"""What the operation log says of an advance payout: who asked, who approved, and a masked payee."""

from typing import assert_never

from pydantic_core import to_jsonable_python

from app.domain.order.payouts import (
    AdvancePayoutDeclined,
    AdvancePayoutOutcomeUnknown,
    AdvancePayoutPaid,
    AdvancePayoutRefused,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    PayoutChange,
)
from app.projections.operation_log.codes import LogCode, Params


def payout_facts(event: PayoutChange) -> tuple[LogCode, Params]:
    """Return the code of a line and its facts."""
    code, facts = _of(event)
    return code, {"payout_key": event.payout_key, **facts}


def _of(event: PayoutChange) -> tuple[LogCode, Params]:
    match event:
        case AdvancePayoutRequested():
            return _code_of_request(event), {
                "amount": event.amount,
                "currency": event.currency,
                "payee_kind": event.payee.kind.value,
                "payee_account": event.payee.account_masked,
                "payee_holder": event.payee.holder_masked,
                "note": event.note,
                "requested_by": event.requested_by,
                "needs_approval": event.needs_approval,
            }
        case AdvancePayoutStarted():
            approved = event.approved_by is not None
            code = LogCode.PAYOUT_APPROVED if approved else LogCode.PAYOUT_STARTED
            return code, {
                "amount": event.amount,
                "currency": event.currency,
                "approved_by": event.approved_by,
                "shares": to_jsonable_python(event.shares),
            }
        case AdvancePayoutDeclined():
            return LogCode.PAYOUT_DECLINED, {"declined_by": event.declined_by, "note": event.note}
        case AdvancePayoutOutcomeUnknown():
            return LogCode.PAYOUT_OUTCOME_UNKNOWN, {"why": event.why}
        case AdvancePayoutRefused():
            return LogCode.PAYOUT_REFUSED, {
                "refund_refusal": event.refusal.value,
                "provider_text": event.provider_text,
            }
        case AdvancePayoutPaid():
            return LogCode.PAYOUT_PAID, {
                "amount": event.amount,
                "currency": event.currency,
                "provider_reference": event.provider_reference,
            }
        case _:
            assert_never(event)


def _code_of_request(event: AdvancePayoutRequested) -> LogCode:
    if event.needs_approval:
        return LogCode.PAYOUT_AWAITS_APPROVAL
    return LogCode.PAYOUT_REQUESTED

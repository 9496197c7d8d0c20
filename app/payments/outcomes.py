"""What a ticket is told of a payment's end, by a callback, an answer or a reconciliation."""

from typing import assert_never

from app.domain.money import Money
from app.domain.order.payouts import RecordPayoutRefusal, RecordPayoutSuccess
from app.domain.order.refunds import RecordRefundRefusal, RecordRefundSuccess
from app.domain.refunds import RefundRefusal
from app.payments.issue_command import PaymentCommand
from app.payments.provider.port import (
    Accepted,
    KeyReused,
    PaymentKind,
    Refused,
    Succeeded,
    Unknown,
)


def told_of(
    known: Succeeded | Accepted | Refused | Unknown, ordered: Money
) -> Succeeded | Accepted | Refused | KeyReused | Unknown:
    """Return what a query told of an order: it names the key only, the answer the amount paid."""
    if isinstance(known, Succeeded) and known.amount != ordered:
        return KeyReused(text="under this key another amount was paid than was ordered")
    return known


def ended_command(
    kind: PaymentKind, ticket_id: str, key: str, outcome: Succeeded | Refused
) -> PaymentCommand:
    """Return the command that records how the payment of a key ended."""
    match outcome:
        case Succeeded(provider_reference=reference):
            return paid_command(kind, ticket_id, key, reference)
        case Refused():
            return _refused(kind, ticket_id, key, outcome)
        case _:
            assert_never(outcome)


def paid_command(kind: PaymentKind, ticket_id: str, key: str, reference: str) -> PaymentCommand:
    """Return the command that records that the payment of a key was paid."""
    match kind:
        case PaymentKind.REFUND:
            return RecordRefundSuccess(
                ticket_id=ticket_id, refund_key=key, provider_reference=reference
            )
        case PaymentKind.PAYOUT:
            return RecordPayoutSuccess(
                ticket_id=ticket_id, payout_key=key, provider_reference=reference
            )
        case _:
            assert_never(kind)


def _refused(kind: PaymentKind, ticket_id: str, key: str, outcome: Refused) -> PaymentCommand:
    refusal = RefundRefusal(outcome.code.value)
    match kind:
        case PaymentKind.REFUND:
            return RecordRefundRefusal(
                ticket_id=ticket_id,
                refund_key=key,
                refusal=refusal,
                provider_text=outcome.text,
            )
        case PaymentKind.PAYOUT:
            return RecordPayoutRefusal(
                ticket_id=ticket_id,
                payout_key=key,
                refusal=refusal,
                provider_text=outcome.text,
            )
        case _:
            assert_never(kind)

"""Refunds and advance payouts lie in one table of work; each kind is carried out its own way."""

from dataclasses import dataclass
from typing import assert_never

from app.payments.payout_adapter import PayoutExecutor
from app.payments.provider.port import PaymentKind
from app.payments.queue import RefundWork
from app.payments.refund_adapter import RefundExecutor, Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentExecutor:
    """Carries out whatever is on its way to a buyer."""

    refunds: RefundExecutor
    payouts: PayoutExecutor

    async def step(self, work: RefundWork) -> Step:
        """Bring it further. Raises what the command handler and the database raise."""
        match work.kind:
            case PaymentKind.REFUND:
                return await self.refunds.step(work)
            case PaymentKind.PAYOUT:
                return await self.payouts.step(work)
            case _:
                assert_never(work.kind)

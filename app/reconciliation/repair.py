"""Repairs what needs no decision: queries the provider again, and resumes readers."""

from dataclasses import dataclass
from typing import assert_never

from app.command_handling.handler import CommandHandler
from app.payments.provider.port import (
    Accepted,
    NotKnown,
    PaymentProvider,
    Refused,
    Succeeded,
    Unknown,
)
from app.payments.ticket_commands import command_order, paid_command
from app.postgres.pool import Pool
from app.projections.checkpoints import resume
from app.reconciliation.differences import (
    Difference,
    DifferenceCode,
    KeyDifference,
    ReaderDifference,
)
from app.reconciliation.facts import KeyFacts, TicketSide
from app.reconciliation.scan import Reconciler


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAttempt:
    """What was done about a difference, and whether it is gone by that."""

    done: str
    repaired: bool


class Repairer:
    """Carries out the repairs that are safe, and no others."""

    def __init__(
        self,
        pool: Pool,
        handler: CommandHandler,
        provider: PaymentProvider | None,
        reconciler: Reconciler,
    ) -> None:
        self._pool = pool
        self._handler = handler
        self._provider = provider
        self._reconciler = reconciler

    async def repair(self, difference: Difference) -> RepairAttempt | None:
        """Repair a difference if that is safe; None if it is left as it is.

        Raises what the command handler raises.
        """
        if isinstance(difference, ReaderDifference):
            going = await resume(self._pool, difference.reader, difference.partition_id)
            return RepairAttempt(done="the reader was set going again", repaired=going)
        if not isinstance(difference, KeyDifference) or difference.repair is None:
            return None
        ticket = difference.facts.ticket
        if difference.code is not DifferenceCode.PAID_NOT_RECORDED or ticket is None:
            return None
        if self._provider is None:
            return None
        done = await self._asked_again(self._provider, difference.facts, ticket)
        _, codes = await self._reconciler.key(difference.shop_id, difference.facts.key)
        return RepairAttempt(done=done, repaired=difference.code not in codes)

    async def _asked_again(
        self, provider: PaymentProvider, facts: KeyFacts, ticket: TicketSide
    ) -> str:
        """Ask the provider under the same key, and record that it paid if it says so."""
        answer = await provider.query(facts.key)
        match answer:
            case Succeeded(amount=amount) if amount != ticket.amount:
                return "nothing was done: the provider names another amount than the ticket"
            case Succeeded(provider_reference=reference):
                return await self._recorded(facts, ticket, reference)
            case Refused() | Accepted() | NotKnown() | Unknown():
                return f"nothing was done: asked again, it says {type(answer).__name__}"
            case _:
                assert_never(answer)

    async def _recorded(self, facts: KeyFacts, ticket: TicketSide, reference: str) -> str:
        command = paid_command(ticket.kind, ticket.ticket_id, facts.key, reference)
        order_id = ticket.ticket_id.rpartition("-")[0]
        outcome = await command_order(
            self._handler, facts.shop_id, order_id, command, correlation_id=facts.key
        )
        if outcome.refusal is not None:
            return f"nothing was done: the ticket refuses ({outcome.refusal})"
        return f"asked again under the same key and recorded as paid, reference {reference}"

"""Whether the three sides agree on a key. Pure: facts in, names of differences out."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import assert_never

from app.reconciliation.differences import PASSING, DifferenceCode
from app.reconciliation.facts import KeyFacts, LedgerEnd, LedgerSide, Standing, TicketSide


def differences_of(facts: KeyFacts) -> tuple[DifferenceCode, ...]:
    """Return what does not fit, however young it is; nothing if all sides agree."""
    return (*_at_provider(facts), *_in_ledger(facts))


def old_enough(
    codes: tuple[DifferenceCode, ...], facts: KeyFacts, now: datetime, grace: timedelta
) -> tuple[DifferenceCode, ...]:
    """Leave out what may resolve without action while the last movement is younger than ``grace``.

    ``now``: real time, like the instants of the provider's book and of recording.
    """
    young = any(now - instant < grace for instant in _real_instants(facts))
    return tuple(code for code in codes if not (young and code in PASSING))


def is_under_way(facts: KeyFacts) -> bool:
    """Return whether the money is on its way, which may take long."""
    ticket, ledger = facts.ticket, facts.ledger
    if ticket is not None and ticket.standing is Standing.UNDER_WAY:
        return True
    return ledger is not None and ledger.end is LedgerEnd.IN_TRANSIT


def _real_instants(facts: KeyFacts) -> Iterator[datetime]:
    yield from (entry.paid_at for entry in facts.paid or ())
    if facts.ticket is not None and facts.ticket.recorded_at is not None:
        yield facts.ticket.recorded_at


def _at_provider(facts: KeyFacts) -> Iterator[DifferenceCode]:
    paid, ticket = facts.paid, facts.ticket
    if paid is None:
        return
    if not paid:
        if _counts_as_paid_through_provider(facts):
            yield DifferenceCode.PAID_UNKNOWN_TO_PROVIDER
        return
    if len(paid) > 1:
        yield DifferenceCode.PAID_TWICE
    if ticket is None:
        yield DifferenceCode.PAID_WITHOUT_TICKET
        return
    if any((one.amount, one.kind) != (ticket.amount, ticket.kind) for one in paid):
        yield DifferenceCode.AMOUNT_DIFFERS
    match ticket.standing:
        case Standing.NOT_ASKED | Standing.PAID_BY_HAND:
            yield DifferenceCode.PAID_UNASKED
        case Standing.UNDER_WAY:
            yield DifferenceCode.PAID_NOT_RECORDED
        case Standing.REFUSED:
            yield DifferenceCode.PAID_THOUGH_REFUSED
        case Standing.PAID:
            if ticket.provider_reference not in {one.provider_reference for one in paid}:
                yield DifferenceCode.REFERENCE_DIFFERS
        case _:
            assert_never(ticket.standing)


def _counts_as_paid_through_provider(facts: KeyFacts) -> bool:
    ticket, ledger = facts.ticket, facts.ledger
    if ticket is not None and ticket.standing is Standing.PAID:
        return True
    by_hand = ticket is not None and ticket.standing is Standing.PAID_BY_HAND
    return ledger is not None and ledger.end is LedgerEnd.PAID and not by_hand


def _in_ledger(facts: KeyFacts) -> Iterator[DifferenceCode]:
    ledger, ticket = facts.ledger, facts.ticket
    if ticket is None:
        if ledger is not None:
            yield DifferenceCode.LEDGER_WITHOUT_TICKET
    elif not ticket.in_books:
        return
    elif ledger is None:
        if ticket.standing in {Standing.PAID, Standing.PAID_BY_HAND}:
            yield DifferenceCode.LEDGER_WITHOUT_PAYMENT
        elif ticket.standing in {Standing.UNDER_WAY, Standing.REFUSED}:
            yield DifferenceCode.LEDGER_WITHOUT_FUNDING
    else:
        yield from _of_amounts(ledger, ticket)
        yield from _of_ends(ledger, ticket)


def _of_amounts(ledger: LedgerSide, ticket: TicketSide) -> Iterator[DifferenceCode]:
    paid = ledger.end is LedgerEnd.PAID and ledger.paid != ticket.amount.amount
    if paid or ledger.funded != ticket.amount.amount:
        yield DifferenceCode.LEDGER_AMOUNT_DIFFERS


def _of_ends(ledger: LedgerSide, ticket: TicketSide) -> Iterator[DifferenceCode]:
    expected = {
        Standing.NOT_ASKED: LedgerEnd.IN_TRANSIT,
        Standing.UNDER_WAY: LedgerEnd.IN_TRANSIT,
        Standing.REFUSED: LedgerEnd.REVERSED,
        Standing.PAID: LedgerEnd.PAID,
        Standing.PAID_BY_HAND: LedgerEnd.PAID,
    }[ticket.standing]
    if ledger.end is expected:
        return
    behind = ledger.end is LedgerEnd.IN_TRANSIT
    yield DifferenceCode.LEDGER_BEHIND if behind else DifferenceCode.LEDGER_END_DIFFERS

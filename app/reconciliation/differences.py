"""Every difference there can be between the provider, the ledger and the tickets, by name."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import assert_never

from app.domain.funds.accounts import Account
from app.domain.text import TextEnum
from app.reconciliation.facts import KeyFacts, LedgerEnd, LedgerSide, Standing, TicketSide


class DifferenceCode(TextEnum):
    """What does not fit. Stable."""

    PAID_TWICE = (
        "paid_twice",
        "支付渠道账簿中同一单号支付了不止一次",
        "The provider's book has more than one payment under this key",
    )
    PAID_WITHOUT_TICKET = (
        "paid_without_ticket",
        "支付渠道已支付,但没有对应的售后单",
        "The provider paid, but there is no ticket of this key",
    )
    PAID_UNASKED = (
        "paid_unasked",
        "支付渠道已支付,但该售后单从未提交支付渠道",
        "The provider paid, but the ticket never asked it to",
    )
    PAID_THOUGH_REFUSED = (
        "paid_though_refused",
        "售后单记录为支付渠道拒绝,支付渠道却已支付",
        "The ticket has it that the provider refused, but it paid",
    )
    PAID_NOT_RECORDED = (
        "paid_not_recorded",
        "支付渠道已支付,售后单尚未记录结果",
        "The provider paid, and the ticket does not know it yet",
    )
    PAID_UNKNOWN_TO_PROVIDER = (
        "paid_unknown_to_provider",
        "我方记录已支付,支付渠道账簿中没有",
        "It counts as paid here, but the provider's book does not have it",
    )
    AMOUNT_DIFFERS = (
        "amount_differs",
        "支付渠道支付的金额或币种与售后单不同",
        "The provider paid another amount or currency than the ticket says",
    )
    REFERENCE_DIFFERS = (
        "reference_differs",
        "售后单记录的支付渠道流水号不在支付渠道账簿中",
        "The ticket names a reference that the provider's book has not for this key",
    )
    LEDGER_BEHIND = (
        "ledger_behind",
        "售后单已结束,账本上的资金仍在途",
        "The ticket has ended, but in the ledger its money is still in transit",
    )
    LEDGER_WITHOUT_PAYMENT = (
        "ledger_without_payment",
        "售后单已退款成功,账本上没有该笔支付",
        "The ticket's money was paid, but the ledger has nothing of it",
    )
    LEDGER_WITHOUT_FUNDING = (
        "ledger_without_funding",
        "售后单的退款已出资,账本上没有该笔出资",
        "The ticket's money was set aside, but the ledger has nothing of it",
    )
    LEDGER_WITHOUT_TICKET = (
        "ledger_without_ticket",
        "账本上有该单号的资金变动,但没有对应的售后单",
        "The ledger moved money under this key, but there is no ticket of it",
    )
    LEDGER_END_DIFFERS = (
        "ledger_end_differs",
        "账本与售后单记录的结果不同",
        "Ledger and ticket do not agree on how it ended",
    )
    LEDGER_AMOUNT_DIFFERS = (
        "ledger_amount_differs",
        "账本金额与售后单金额不同",
        "The ledger moved another amount than the ticket says",
    )
    BALANCE_DIFFERS = (
        "balance_differs",
        "账户余额与账本各笔之和不符",
        "The balance of an account is not what its journals add up to",
    )
    LEDGER_INCOMPLETE = (
        "ledger_incomplete",
        "账本与资金事件不符",
        "The ledger is not what the events of the shop's money add up to",
    )
    READER_STOPPED = (
        "reader_stopped",
        "账务处理进程已停止",
        "A reader that keeps the books has stopped",
    )


PASSING = frozenset(
    {
        DifferenceCode.PAID_NOT_RECORDED,
        DifferenceCode.PAID_UNKNOWN_TO_PROVIDER,
        DifferenceCode.LEDGER_BEHIND,
        DifferenceCode.LEDGER_WITHOUT_PAYMENT,
        DifferenceCode.LEDGER_WITHOUT_FUNDING,
    }
)
"""What money under way looks like too; no difference while the key's last movement is young."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyDifference:
    """The sides do not agree on a key. ``repair``: a command; None where a person must decide."""

    code: DifferenceCode
    facts: KeyFacts
    repair: str | None

    @property
    def shop_id(self) -> str:
        """Whose money it is about."""
        return self.facts.shop_id


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDifference:
    """An account of a shop does not add up; minor units."""

    code: DifferenceCode
    shop_id: str
    account: Account
    expected: int
    found: int
    repair: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderDifference:
    """A reader stands still in the shop's partition, so the books do not follow."""

    code: DifferenceCode
    shop_id: str
    reader: str
    partition_id: int
    error: str | None
    repair: str | None


Difference = KeyDifference | AccountDifference | ReaderDifference


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

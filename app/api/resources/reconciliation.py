"""Whether the provider, the ledger and the tickets of a shop agree."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query, Response

from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext, ShopId
from app.api.resources.common import (
    FieldError,
    Instant,
    LocalizedText,
    Money,
    RequestModel,
    ResponseModel,
    localized,
)
from app.api.resources.fund_models import SignedAmount
from app.payments.provider.port import BookEntry, BookFilter
from app.reconciliation.differences import (
    AccountDifference,
    Difference,
    KeyDifference,
    ReaderDifference,
)
from app.reconciliation.facts import LedgerSide, Period, TicketSide
from app.reconciliation.load_facts import ProviderSilent
from app.reconciliation.provider_book import open_spool
from app.reconciliation.scan import ReconcileLimits, Reconciler, Tally, TooMuchToReconcile


class ProviderPayment(ResponseModel):
    """One payment in the provider's own book."""

    position: SignedAmount
    kind: str
    """`refund` or `payout`; more may come."""
    amount: Money
    provider_reference: str
    paid_at: datetime


class LedgerOfKey(ResponseModel):
    """What the ledger has under a key, in minor units."""

    end: str
    """`in_transit`, `paid` or `reversed`; more may come."""
    funded: SignedAmount
    """What was put on its way."""
    paid: SignedAmount
    """What arrived."""


class TicketOfKey(ResponseModel):
    """What the ticket says of a key."""

    ticket_id: str
    standing: str
    """`not_asked`, `under_way`, `refused`, `paid` or `paid_by_hand`; more may come."""
    amount: Money
    provider_reference: str | None


class AccountOfShop(ResponseModel):
    """An account that does not add up, in minor units."""

    account: str
    expected: SignedAmount
    found: SignedAmount


class StoppedReader(ResponseModel):
    """A reader that keeps the books and has stopped."""

    reader: str
    partition_id: int
    error: str | None


class ReconciliationDifference(ResponseModel):
    """One thing that does not fit, and what each side says of it."""

    code: str
    """`paid_twice`, `paid_without_ticket`, `paid_unasked`, `paid_though_refused`,
    `paid_not_recorded`, `paid_unknown_to_provider`, `amount_differs`, `reference_differs`,
    `ledger_behind`, `ledger_without_payment`, `ledger_without_funding`, `ledger_without_ticket`,
    `ledger_end_differs`, `ledger_amount_differs`, `balance_differs`, `ledger_incomplete` or
    `reader_stopped`; more may come."""
    text: LocalizedText
    shop_id: str
    key: str | None
    """Of the refund or payout, if it is about one."""
    provider: list[ProviderPayment]
    ledger: LedgerOfKey | None
    ticket: TicketOfKey | None
    account: AccountOfShop | None
    reader: StoppedReader | None
    repair: str | None
    """The command that repairs it; null where a person must decide."""


class Reconciliation(ResponseModel):
    """The provider's book, the ledger and the tickets of a shop, compared."""

    shop_id: str
    at_from: datetime | None
    at_to: datetime | None
    provider_compared: bool
    """False where no payment provider is configured: then ledger and tickets alone are compared."""
    keys: int
    """How many refunds and payouts were looked at."""
    under_way: int
    """How many of them are on their way; that is no difference."""
    differences: list[ReconciliationDifference]
    more: bool
    """Whether there are more differences than are shown."""


def reconciliation_on_wire(
    shop_id: str,
    period: Period,
    tally: Tally,
    differences: Sequence[Difference],
    *,
    provider_compared: bool,
) -> Reconciliation:
    """Show how a reconciliation ended."""
    return Reconciliation(
        shop_id=shop_id,
        at_from=period.at_from,
        at_to=period.at_to,
        provider_compared=provider_compared,
        keys=tally.keys,
        under_way=tally.under_way,
        differences=[difference_on_wire(difference) for difference in differences],
        more=tally.differences > len(differences),
    )


def difference_on_wire(difference: Difference) -> ReconciliationDifference:
    """Show a difference."""
    facts = difference.facts if isinstance(difference, KeyDifference) else None
    return ReconciliationDifference(
        code=difference.code.value,
        text=localized(difference.code.text),
        shop_id=difference.shop_id,
        key=None if facts is None else facts.key,
        provider=[] if facts is None else [_payment(entry) for entry in facts.paid or ()],
        ledger=None if facts is None else _ledger(facts.ledger),
        ticket=None if facts is None else _ticket(facts.ticket),
        account=_account(difference) if isinstance(difference, AccountDifference) else None,
        reader=_reader(difference) if isinstance(difference, ReaderDifference) else None,
        repair=difference.repair,
    )


def _payment(entry: BookEntry) -> ProviderPayment:
    return ProviderPayment(
        position=entry.position,
        kind=entry.kind.value,
        amount=Money(amount=entry.amount.amount, currency=entry.amount.currency),
        provider_reference=entry.provider_reference,
        paid_at=entry.paid_at,
    )


def _ledger(side: LedgerSide | None) -> LedgerOfKey | None:
    if side is None:
        return None
    return LedgerOfKey(end=side.end.value, funded=side.funded, paid=side.paid)


def _ticket(side: TicketSide | None) -> TicketOfKey | None:
    if side is None:
        return None
    return TicketOfKey(
        ticket_id=side.ticket_id,
        standing=side.standing.value,
        amount=Money(amount=side.amount.amount, currency=side.amount.currency),
        provider_reference=side.provider_reference,
    )


def _account(difference: AccountDifference) -> AccountOfShop:
    return AccountOfShop(
        account=difference.account.value, expected=difference.expected, found=difference.found
    )


def _reader(difference: ReaderDifference) -> StoppedReader:
    return StoppedReader(
        reader=difference.reader,
        partition_id=difference.partition_id,
        error=difference.error,
    )


KEYS_MAX = 20_000
DIFFERENCES_SHOWN_MAX = 200


class ReconciliationQuery(RequestModel):
    """Which refunds and payouts: those any side of which has something within the period."""

    at_from: Instant | None = None
    at_to: Instant | None = None
    """Exclusive."""
    grace_seconds: Annotated[int, Query(ge=0, le=86_400)] = 120
    """What is younger than this may be under way, and is counted so."""


async def get_reconciliation(
    shop_id: ShopId, query: Annotated[ReconciliationQuery, Query()], call: RequestContext
) -> Response:
    """Name everything that does not fit between the provider's book, the ledger and the tickets.

    What is on its way is counted, not named. Whatever looks wrong is read again before it is named.
    Up to 20,000 refunds at a time; `aftersales reconcile` knows no bound.
    """
    period = _period(query)
    limits = ReconcileLimits(grace=timedelta(seconds=query.grace_seconds), keys_max=KEYS_MAX)
    services = call.services
    reconciler = Reconciler(
        services.resources.pool, services.codec, services.provider, limits=limits
    )
    tally = Tally()
    try:
        shown = await _differences(reconciler, shop_id, period, tally)
    except ProviderSilent as silent:
        raise ProblemError("provider_unavailable", detail=str(silent)) from silent
    except TooMuchToReconcile as too_much:
        raise ProblemError("reconciliation_too_large") from too_much
    compared = services.provider is not None
    return call.json(
        reconciliation_on_wire(shop_id, period, tally, shown, provider_compared=compared)
    )


async def _differences(
    reconciler: Reconciler, shop_id: str, period: Period, tally: Tally
) -> list[Difference]:
    shown: list[Difference] = []
    wanted = BookFilter(shop_id=shop_id, paid_from=period.at_from, paid_to=period.at_to)
    async with open_spool() as spool:
        await reconciler.lay_out(spool, wanted, tally)
        async for difference in reconciler.shop(shop_id, spool, period, tally):
            if len(shown) < DIFFERENCES_SHOWN_MAX:
                shown.append(difference)
    return shown


def _period(query: ReconciliationQuery) -> Period:
    begin, end = query.at_from, query.at_to
    if begin is not None and end is not None and begin >= end:
        wrong = FieldError(pointer="query/at_from", detail="is not before at_to")
        raise ProblemError("filters_contradict", errors=[wrong])
    return Period(at_from=begin, at_to=end)

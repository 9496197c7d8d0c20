"""Whether the provider, the ledger and the tickets of a shop agree."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import problems
from app.api.request_context import RequestContext, ShopId, allow
from app.api.routes.funds import PATH
from app.api.strict_request import StrictRoute
from app.api.wire.common import FieldError, Instant, RequestModel
from app.api.wire.reconciliation import Reconciliation, reconciliation_on_wire
from app.event_store.recorded_event import Role
from app.payments.provider.port import BookFilter
from app.reconciliation.differences import Difference
from app.reconciliation.facts import Period
from app.reconciliation.load_facts import ProviderSilent
from app.reconciliation.provider_book import open_spool
from app.reconciliation.scan import ReconcileLimits, Reconciler, Tally, TooMuchToReconcile

router = APIRouter(route_class=StrictRoute, tags=["funds"])

KEYS_MAX = 20_000
DIFFERENCES_SHOWN_MAX = 200

FundsAuditor = Annotated[RequestContext, allow(Scope.FUNDS_READ, Role.PLATFORM)]


class ReconciliationQuery(RequestModel):
    """Which refunds and payouts: those any side of which has something within the period."""

    at_from: Instant | None = None
    at_to: Instant | None = None
    """Exclusive."""
    grace_seconds: Annotated[int, Query(ge=0, le=86_400)] = 120
    """What is younger than this may be under way, and is counted so."""


@router.get(
    f"{PATH}/reconciliation",
    name="get_reconciliation",
    summary="Compare provider, ledger and tickets",
    response_model=Reconciliation,
    responses=problems("filters_contradict", "reconciliation_too_large", "provider_unavailable"),
)
async def get_reconciliation(
    shop_id: ShopId, query: Annotated[ReconciliationQuery, Query()], call: FundsAuditor
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

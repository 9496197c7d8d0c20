"""Refunds: those of a shop, one refund, and those of all shops that wait for an action."""

from typing import Annotated

from fastapi import Path, Query, Response

from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext, ShopId
from app.api.resources.common import TICKET_ID_PATTERN, FieldError, Id, Instant, RequestModel
from app.api.resources.refund_models import RefundPage, WaitingRefundPage, shop_refund_on_wire
from app.domain.refunds import FundingSource
from app.event_types.registry import event_codec
from app.projections.refunds.list import STUCK, RefundFilters, list_refunds, list_waiting
from app.projections.refunds.queries import fetch_asked, fetch_asked_anywhere, fetch_refund
from app.projections.refunds.view import RefundProgress, RefundWaiting

RefundId = Annotated[
    str, Path(pattern=TICKET_ID_PATTERN, description="The refund: the id of its ticket.")
]
Cursor = Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)]
Limit = Annotated[int, Query(ge=1, le=200)]

_EVENTS = event_codec()
_CURSOR, _WAITING_CURSOR = "refunds", "waiting"
"""Distinguishes these lists' cursors from those of others."""


class RefundQuery(RequestModel):
    """Which page of which refunds."""

    status: RefundProgress | None = None
    source: FundingSource | None = None
    waiting: RefundWaiting | None = None
    """What they wait for."""
    overdue: bool | None = None
    """With the label 超期售后, or without."""
    order_id: Id | None = None
    requested_from: Instant | None = None
    requested_to: Instant | None = None
    """Exclusive."""
    cursor: Cursor = None
    """`next_cursor` of the page before."""
    limit: Limit = 50


class WaitingRefundQuery(RequestModel):
    """Which page of the refunds that wait."""

    waiting: RefundWaiting | None = None
    """What they wait for; `person` and `outcome` by default."""
    cursor: Cursor = None
    """`next_cursor` of the page before, of the same `waiting`."""
    limit: Limit = 50


async def get_refunds(
    shop_id: ShopId, query: Annotated[RefundQuery, Query()], call: RequestContext
) -> Response:
    """List refunds from the moment they are granted, newest first, and why each is not over.

    The list may lag by milliseconds; `current_to` says how far.
    """
    resources = call.services.resources
    page = await list_refunds(
        resources.engine,
        shop_id,
        _filters(query),
        after=after_of(query.cursor, _CURSOR),
        limit=query.limit,
    )
    asked = await fetch_asked(resources.pool, shop_id, page.rows)
    return call.json(
        RefundPage(
            refunds=[shop_refund_on_wire(one, asked.get(one.refund_key)) for one in page.rows],
            next_cursor=cursor_of(page.next, _CURSOR),
            current_to=page.current_to,
        )
    )


async def get_refund(shop_id: ShopId, refund_id: RefundId, call: RequestContext) -> Response:
    """Show a refund, where its money comes from, and why it is not over.

    What was just written is always shown, but for what the shop still owes for it, which may lag
    by milliseconds. It has no version: what it shows comes from an order and from a shop's money.
    """
    pool = call.services.resources.pool
    refund = await fetch_refund(pool, _EVENTS, shop_id, refund_id)
    if refund is None:
        raise ProblemError("refund_not_found")
    asked = await fetch_asked(pool, shop_id, [refund])
    return call.json(shop_refund_on_wire(refund, asked.get(refund.refund_key)))


async def get_waiting_refunds(
    query: Annotated[WaitingRefundQuery, Query()], call: RequestContext
) -> Response:
    """List refunds that wait, those first that have waited longest.

    What ends while one pages is left out, what begins to wait comes at the end. The list may lag
    by milliseconds.
    """
    resources = call.services.resources
    waiting = STUCK if query.waiting is None else (query.waiting,)
    of_list = (_WAITING_CURSOR, *(one.value for one in waiting))
    found, continued = await list_waiting(
        resources.pool,
        waiting,
        topology=resources.settings.topology,
        after=after_of(query.cursor, *of_list),
        limit=query.limit,
    )
    asked = await fetch_asked_anywhere(resources.pool, found)
    return call.json(
        WaitingRefundPage(
            refunds=[shop_refund_on_wire(one, asked.get(one.refund_key)) for one in found],
            next_cursor=cursor_of(continued, *of_list),
        )
    )


def _filters(query: RefundQuery) -> RefundFilters:
    begin, end = query.requested_from, query.requested_to
    if begin is not None and end is not None and begin >= end:
        wrong = FieldError(pointer="query/requested_from", detail="is not before requested_to")
        raise ProblemError("filters_contradict", errors=[wrong])
    return RefundFilters(
        progress=query.status,
        source=query.source,
        waiting=query.waiting,
        overdue=query.overdue,
        order_id=query.order_id,
        requested_from=begin,
        requested_to=end,
    )

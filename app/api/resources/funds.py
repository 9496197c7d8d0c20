"""A shop's money: what there is, what the platform's finance reports, and the ledger."""

from dataclasses import dataclass
from typing import Annotated

import structlog
from fastapi import Query, Response
from pydantic import StringConstraints

from app.api.csv_export import LEDGER_COLUMNS, csv_export
from app.api.cursors import CURSOR_LENGTH_MAX, after_of, cursor_of
from app.api.problems.problem import ProblemError, json_bytes
from app.api.request_context import (
    RequestContext,
    RequiredIdempotencyKey,
    ShopId,
    answer_response,
    problem_of,
)
from app.api.resources.common import FieldError, Id, Instant, RequestModel
from app.api.resources.fund_models import (
    Escrow,
    FundsWithEscrow,
    LedgerPage,
    RequiredDepositBody,
    TopUpBody,
    WithdrawalBody,
    funds_on_wire,
    journal_on_wire,
)
from app.command_handling.funds_handler import FundsRequest
from app.command_handling.requests import Answer
from app.domain.funds.accounts import Account
from app.domain.funds.commands import FundsCommand, RequireDeposit, TopUp, WithdrawCash
from app.domain.funds.state import Funds as FundsState
from app.domain.rejections import Rejection
from app.projections.ledger.entry import LedgerKind
from app.projections.ledger.list import (
    Balance,
    LedgerFilters,
    all_of_ledger,
    fetch_balances,
    list_ledger,
)

_log = structlog.get_logger(__name__)

RefundKey = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,200}$")]


class LedgerFilterQuery(RequestModel):
    """Which journals."""

    account: Account | None = None
    """Those with a line of this account."""
    kind: LedgerKind | None = None
    order_id: Id | None = None
    refund_key: RefundKey | None = None
    at_from: Instant | None = None
    at_to: Instant | None = None
    """Exclusive."""


class LedgerQuery(LedgerFilterQuery):
    """Which page of which journals."""

    cursor: Annotated[str | None, Query(max_length=CURSOR_LENGTH_MAX)] = None
    """`next_cursor` of the page before."""
    limit: Annotated[int, Query(ge=1, le=200)] = 50


async def get_funds(shop_id: ShopId, call: RequestContext) -> Response:
    """Show what each account holds, what is reserved for refunds under way, and the deposit.

    The accounts are as the last movement left them; escrow comes from the ledger.
    """
    services = call.services
    funds = await services.funds.current(shop_id)
    balances = await fetch_balances(services.resources.pool, shop_id)
    held = balances.of.get(Account.ESCROW, Balance(0, 0))
    shown = FundsWithEscrow(
        **dict(funds_on_wire(shop_id, funds)),
        escrow=Escrow(balance=held.balance, current_to=balances.current_to),
    )
    return call.json(shown, etag=shown.version)


async def record_top_up(
    shop_id: ShopId, body: TopUpBody, call: RequestContext, idempotency_key: RequiredIdempotencyKey
) -> Response:
    """Book a payment. What the shop owes is collected from it before anything else (追缴).

    A payment's reference is booked once, under whatever `Idempotency-Key` it comes again.
    """
    command = TopUp(reference=body.reference, account=body.account, amount=body.amount)
    return await _command(call, shop_id, command, status=201, key=idempotency_key)


async def record_withdrawal(
    shop_id: ShopId,
    body: WithdrawalBody,
    call: RequestContext,
    idempotency_key: RequiredIdempotencyKey,
) -> Response:
    """Book a withdrawal from a cash account; at most what is available."""
    command = WithdrawCash(reference=body.reference, account=body.account, amount=body.amount)
    return await _command(call, shop_id, command, status=201, key=idempotency_key)


async def put_required_deposit(
    shop_id: ShopId, body: RequiredDepositBody, call: RequestContext
) -> Response:
    """Set the level of the deposit; the same level again changes nothing."""
    return await _command(call, shop_id, RequireDeposit(level=body.level))


async def get_ledger(
    shop_id: ShopId, query: Annotated[LedgerQuery, Query()], call: RequestContext
) -> Response:
    """List movements of money, newest first; the lines of each add up to zero.

    The list may lag by milliseconds; `current_to` says how far.
    """
    page = await list_ledger(
        call.services.resources.engine,
        shop_id,
        _filters(query),
        after=after_of(query.cursor, _CURSOR),
        limit=query.limit,
    )
    return call.json(
        LedgerPage(
            journals=[journal_on_wire(entry) for entry in page.rows],
            next_cursor=cursor_of(page.next, _CURSOR),
            current_to=page.current_to,
        )
    )


async def export_ledger(
    shop_id: ShopId, query: Annotated[LedgerFilterQuery, Query()], call: RequestContext
) -> Response:
    """Send a row for each line of the journals, newest journal first."""
    engine = call.services.resources.engine
    pages = all_of_ledger(engine, shop_id, _filters(query))
    lines = ([(entry, line) for entry in page for line in entry.lines] async for page in pages)
    return await csv_export(call, f"ledger-{shop_id}.csv", LEDGER_COLUMNS, lines)


_CURSOR = "ledger"
"""Distinguishes this list's cursors from those of others."""


async def _command(
    call: RequestContext,
    shop_id: str,
    command: FundsCommand,
    *,
    status: int = 200,
    key: str | None = None,
) -> Response:
    idempotency = None
    if key is not None:
        idempotency = call.idempotency_key(shop_id, key, await call.request.body())
    request = FundsRequest(
        shop_id=shop_id,
        command=command,
        actor=call.caller.actor,
        correlation_id=call.request_id,
        idempotency=idempotency,
    )
    responder = _FundsResponder(call=call, shop_id=shop_id, status=status)
    return answer_response(await call.services.funds.handle(request, responder))


@dataclass(frozen=True, slots=True, kw_only=True)
class _FundsResponder:
    """Renders a command's answer from the money as it will be."""

    call: RequestContext
    shop_id: str
    status: int

    def accepted(self, funds: FundsState) -> Answer:
        body = json_bytes(funds_on_wire(self.shop_id, funds))
        return Answer(status=self.status, body=body, etag=f'"{funds.version}"')

    def refused(self, refusal: Rejection) -> Answer:
        _log.warning(
            "funds_command_refused",
            shop_id=self.shop_id,
            code=refusal.code.value,
            request_id=self.call.request_id,
        )
        return self.call.refusal(problem_of(refusal))


def _filters(query: LedgerFilterQuery) -> LedgerFilters:
    begin, end = query.at_from, query.at_to
    if begin is not None and end is not None and begin >= end:
        wrong = FieldError(pointer="query/at_from", detail="is not before at_to")
        raise ProblemError("filters_contradict", errors=[wrong])
    return LedgerFilters(
        account=query.account,
        kind=query.kind,
        order_id=query.order_id,
        refund_key=query.refund_key,
        at_from=begin,
        at_to=end,
    )

"""The ledger says what the events say, and every journal adds up or is refused."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.funds.accounts import OWN_ACCOUNTS, Account
from app.domain.funds.commands import (
    CompleteRefund,
    FundRefund,
    FundsCommand,
    ReverseFunding,
    TopUp,
)
from app.domain.funds.decide import decide
from app.domain.funds.events import FundsEvent, Movement
from app.domain.funds.state import Funds, fold
from app.domain.order.facts import PaymentChannel
from app.domain.order.registration import OrderRegistered
from app.domain.policy import POLICY
from app.domain.refunds import Shares
from app.domain.rejections import Rejection
from app.event_store.streams import partition_of
from app.projections.ledger.entry import LedgerEntry, LedgerKind
from app.projections.ledger.list import LedgerFilters, all_of_ledger, fetch_balances, list_ledger
from app.resources import Resources
from tests.conftest import START
from tests.domain.funds.test_conservation import COMMANDS
from tests.domain.search_depth import bounded
from tests.projections.event_log import Logged
from tests.support.orders import DAY, SHOP, an_item, order_facts

shops = (f"ledger-{number}" for number in count(1))

INSERT = """
INSERT INTO after_sales.ledger
    (partition_id, position, shop_id, journal_id, at, kind, accounts, amounts)
VALUES ($1, $2, 'shop-1', 'journal', now(), 'topped_up', $3, $4)
"""
UNBALANCED: tuple[tuple[list[str | None], list[int | None]], ...] = (
    (["outside", "deposit"], [-100, 99]),
    (["outside"], [0, 0]),
    (["outside", "deposit"], [-100, None]),
    (["outside", None], [-100, 100]),
    ([], []),
    (["deposit", "deposit", "outside"], [2**63 - 1, 2**63 - 1, 2]),
)


REFUND = FundRefund(
    refund_key="shop-1:order-1-1",
    order_id="order-1",
    ticket_id="order-1-1",
    channel=PaymentChannel.ALIPAY,
    amount=1_000,
    overdue=True,
    shares=Shares(shop=10_000, talent=0, agency=0, service_fee=0),
)


def decided(*commands: FundsCommand) -> tuple[FundsEvent, ...]:
    """Return what becomes of a shop's money, as the rules really make it; refusals are nothing."""
    events: list[FundsEvent] = []
    funds = Funds()
    for command in commands:
        decision = decide(command, funds, START, POLICY)
        if not isinstance(decision, Rejection):
            events += decision
            funds = fold(funds, decision)
    return tuple(events)


A_REFUND_REFUSED_AND_PAID = decided(
    TopUp(reference="top-up-1", account=Account.DEPOSIT, amount=5_000),
    REFUND,
    ReverseFunding(refund_key=REFUND.refund_key),
    REFUND,
    CompleteRefund(refund_key=REFUND.refund_key),
)

A_REFUND_OF_NOTHING = decided(
    replace(REFUND, amount=0), CompleteRefund(refund_key=REFUND.refund_key)
)

funds_histories = st.lists(COMMANDS, max_size=25).map(lambda commands: decided(*commands))


@given(
    histories=st.lists(funds_histories, min_size=1, max_size=3),
    seen=st.integers(0, 20),
    batch=st.sampled_from([1, 3, 1_000]),
)
@settings(bounded(examples=25), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_ledger_is_the_fold_of_its_events_whatever_happened(
    resources: Resources,
    logged: Logged,
    histories: Sequence[tuple[FundsEvent, ...]],
    seen: int,
    batch: int,
) -> None:
    for events in histories:
        shop_id = next(shops)
        facts = order_facts(shop_id=shop_id)
        await logged.write([OrderRegistered(at=START, facts=facts)], shop_id=shop_id)
        if events[:seen]:
            await logged.write_funds(events[:seen], shop_id=shop_id)
        await logged.follow(limit_each=batch)
        if events[seen:]:
            await logged.write_funds(
                events[seen:], shop_id=shop_id, after_version=len(events[:seen])
            )
        await logged.follow(limit_each=batch)
        await _agrees(resources, shop_id, events, paid=facts.payment.amount.amount)


async def _agrees(
    resources: Resources, shop_id: str, events: Sequence[FundsEvent], *, paid: int
) -> None:
    rows = await _all_rows(resources, shop_id)
    movements = [event for event in events if isinstance(event, Movement) and event.journal]
    assert [row.lines for row in rows[1:]] == [event.journal for event in movements]
    assert {line.account: line.amount for line in rows[0].lines} == {
        Account.OUTSIDE: -paid,
        Account.ESCROW: paid,
    }
    book = Counter[Account]()
    for row in rows:
        assert sum(line.amount for line in row.lines) == 0
        for line in row.lines:
            book[line.account] += line.amount
    kept = (await fetch_balances(resources.pool, shop_id)).of
    funds = fold(Funds(), events)
    assert {account: one.balance for account, one in kept.items()} == dict(book)
    assert sum(one.balance for one in kept.values()) == 0
    for account in OWN_ACCOUNTS:
        balance, reserved = kept.get(account, (0, 0))
        assert (balance, reserved) == (funds.available[account], funds.reserved(account))


async def _all_rows(resources: Resources, shop_id: str) -> list[LedgerEntry]:
    """Return every journal of a shop, in the order of the log."""
    pages = [rows async for rows in all_of_ledger(resources.engine, shop_id, LedgerFilters())]
    return sorted((row for rows in pages for row in rows), key=lambda row: row.position)


@pytest.mark.parametrize(("accounts", "amounts"), UNBALANCED)
async def test_the_database_refuses_a_journal_that_does_not_add_up(
    logged: Logged, accounts: list[str | None], amounts: list[int | None]
) -> None:
    with pytest.raises(asyncpg.CheckViolationError, match="ledger_adds_up"):
        await logged.pool.execute(INSERT, partition_of(SHOP), 1, accounts, amounts)


async def test_the_database_takes_a_journal_that_adds_up(logged: Logged) -> None:
    lines = (["outside", "deposit", "outside"], [-(2**63) + 1, 2**62, 2**62 - 1])
    await logged.pool.execute(INSERT, partition_of(SHOP), 1, *lines)


async def test_more_is_paid_for_many_orders_than_one_order_may_cost(
    resources: Resources, logged: Logged
) -> None:
    shop_id = next(shops)
    for number in range(3):
        facts = order_facts(
            an_item(amount_paid=2**63 - 1), shop_id=shop_id, order_id=f"order-{number}"
        )
        registered = OrderRegistered(at=START, facts=facts)
        await logged.write([registered], shop_id=shop_id, order_id=f"order-{number}")
    await logged.follow()
    kept = await fetch_balances(resources.pool, shop_id)
    assert kept.of[Account.ESCROW].balance == 3 * (2**63 - 1)
    assert kept.of[Account.OUTSIDE].balance == -3 * (2**63 - 1)


async def test_beginning_again_gives_the_same_ledger(logged: Logged) -> None:
    await logged.write_funds(A_REFUND_REFUSED_AND_PAID)
    await logged.follow(limit_each=1)
    kept = await logged.tables()
    assert [len(kept["ledger"]), len(kept["balances"])] == [5, 3]
    await logged.begin_again()
    assert not any((await logged.tables()).values())
    await logged.follow()
    assert await logged.tables() == kept


async def test_a_refund_of_nothing_is_in_no_journal(resources: Resources, logged: Logged) -> None:
    assert len(A_REFUND_OF_NOTHING) == 2
    await logged.write_funds(A_REFUND_OF_NOTHING)
    await logged.follow()
    assert not (await list_ledger(resources.engine, SHOP, LedgerFilters())).rows


async def test_what_ends_a_refund_names_its_order_and_its_ticket(
    resources: Resources, logged: Logged
) -> None:
    await logged.write_funds(A_REFUND_REFUSED_AND_PAID)
    await logged.follow()
    page = await list_ledger(resources.engine, SHOP, LedgerFilters(refund_key=REFUND.refund_key))
    assert [row.kind.value for row in page.rows] == [
        "refund_paid",
        "refund_funded",
        "funding_reversed",
        "refund_funded",
    ]
    assert {(row.order_id, row.ticket_id) for row in page.rows} == {("order-1", "order-1-1")}


async def test_each_filter_lists_what_fits_it_and_pages_meet(
    resources: Resources, logged: Logged
) -> None:
    await logged.write([OrderRegistered(at=START - DAY, facts=order_facts())])
    await logged.write_funds(A_REFUND_REFUSED_AND_PAID)
    await logged.follow()
    for filters, listed in (
        (LedgerFilters(), 6),
        (LedgerFilters(account=Account.ESCROW), 1),
        (LedgerFilters(account=Account.DEPOSIT), 4),
        (LedgerFilters(account=Account.TALENT), 0),
        (LedgerFilters(kind=LedgerKind.REFUND_FUNDED), 2),
        (LedgerFilters(order_id="order-1"), 5),
        (LedgerFilters(order_id="order-2"), 0),
        (LedgerFilters(at_from=START), 5),
        (LedgerFilters(at_to=START), 1),
    ):
        whole = await list_ledger(resources.engine, SHOP, filters)
        assert len(whole.rows) == listed, filters
        assert whole.next is None
        assert whole.current_to == 1 + len(A_REFUND_REFUSED_AND_PAID)
        found: list[LedgerEntry] = []
        page = await list_ledger(resources.engine, SHOP, filters, limit=1)
        while page.next is not None:
            found += page.rows
            page = await list_ledger(resources.engine, SHOP, filters, after=page.next, limit=1)
        assert (*found, *page.rows) == whole.rows

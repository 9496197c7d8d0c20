"""The row of a refund says what its order and its shop's money say, wherever the reader stands."""

from collections.abc import Sequence
from datetime import datetime
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.funds.accounts import Account
from app.domain.funds.commands import TopUp
from app.domain.order.payouts import RecordPayoutRefusal, RecordPayoutSuccess, RecordPayoutUnknown
from app.domain.refunds import FundingSource, PayoutStatus, RefundRefusal, Shares
from app.projections.paging import After
from app.projections.refunds.list import RefundFilters, list_refunds, list_waiting
from app.projections.refunds.queries import fetch_refund
from app.projections.refunds.view import RefundProgress, RefundWaiting, ShopRefund
from app.resources import Resources
from app.topology import Topology
from tests.domain.search_depth import bounded
from tests.projections.event_log import EVERYTHING, Logged
from tests.projections.refund_histories import AGREED, Refunded
from tests.support.orders import HOUR, SHOP

shops = (f"refunds-{number}" for number in count(1))


@pytest.fixture
def refunded(resources: Resources, logged: Logged) -> Refunded:
    """Return a shop without any refund yet."""
    return Refunded(resources.pool, logged)


async def shown(resources: Resources, refunded: Refunded, order_id: str) -> ShopRefund:
    """Return a refund, looked at afresh."""
    found = await fetch_refund(resources.pool, EVERYTHING, refunded.shop_id, f"{order_id}-1")
    assert found is not None
    return found


async def listed(resources: Resources, shop_id: str, filters: RefundFilters) -> list[str]:
    """Return the orders of the refunds that fit, as listed."""
    page = await list_refunds(resources.engine, shop_id, filters)
    return [one.order_id for one in page.rows]


async def test_a_refund_waits_for_one_thing_after_another_until_its_books_are_kept(
    resources: Resources, refunded: Refunded
) -> None:
    await refunded.grant("order-1")
    granted = await shown(resources, refunded, "order-1")
    assert (granted.progress, granted.waiting) == (RefundProgress.REQUESTED, RefundWaiting.MONEY)
    assert (granted.requested_at, granted.waiting_since) == (AGREED, AGREED)
    await refunded.find_money()
    funded = await shown(resources, refunded, "order-1")
    assert (funded.progress, funded.waiting) == (RefundProgress.FUNDED, RefundWaiting.PROVIDER)
    await refunded.note_funding("order-1", at=AGREED + HOUR)
    await refunded.unknown("order-1", at=AGREED + 2 * HOUR)
    lost = await shown(resources, refunded, "order-1")
    assert (lost.progress, lost.waiting) == (RefundProgress.UNKNOWN, RefundWaiting.OUTCOME)
    assert lost.waiting_since == AGREED + 2 * HOUR
    await refunded.succeed("order-1", at=AGREED + 3 * HOUR)
    arrived = await shown(resources, refunded, "order-1")
    assert (arrived.progress, arrived.waiting) == (RefundProgress.SUCCEEDED, RefundWaiting.BOOKS)
    assert arrived.provider_reference == "ref-order-1"
    await refunded.find_money()
    assert (await shown(resources, refunded, "order-1")).waiting is None


async def test_a_refused_refund_waits_for_a_person_once_its_money_went_back(
    resources: Resources, refunded: Refunded
) -> None:
    await refunded.grant("order-1")
    await refunded.find_money()
    await refunded.note_funding("order-1", at=AGREED + HOUR)
    await refunded.refuse("order-1", at=AGREED + 2 * HOUR)
    assert (await shown(resources, refunded, "order-1")).waiting is RefundWaiting.BOOKS
    await refunded.find_money()
    refused = await shown(resources, refunded, "order-1")
    assert (refused.waiting, refused.waiting_since) == (RefundWaiting.PERSON, AGREED + 2 * HOUR)
    assert refused.refusal is RefundRefusal.BUYER_ACCOUNT_CLOSED
    assert refused.provider_text == "账户已注销"


async def test_past_the_period_the_shop_bears_all_and_others_keep_what_they_earned(
    resources: Resources, refunded: Refunded
) -> None:
    await refunded.grant("late", 5_000, paid=10_000)
    await refunded.grant("in-time", 5_000, paid=10_000, overdue=False)
    await refunded.grant("unsettled", 5_000, paid=10_000, settled=False)
    await refunded.find_money()
    late = await shown(resources, refunded, "late")
    assert (late.source, late.borne) == (FundingSource.CASH, 5_000)
    assert late.fees_kept == Shares(shop=0, talent=500, agency=100, service_fee=30)
    in_time = await shown(resources, refunded, "in-time")
    assert (in_time.borne, in_time.fees_kept.total) == (5_000 - 630, 0)
    unsettled = await shown(resources, refunded, "unsettled")
    assert (unsettled.source, unsettled.borne) == (FundingSource.ESCROW, 5_000)
    assert unsettled.fees_kept.total == 0, "nobody has earned on what is still in escrow"


async def test_what_a_shop_lacks_is_advanced_and_collected_oldest_first(
    resources: Resources, logged: Logged, refunded: Refunded
) -> None:
    top_up = TopUp(reference="p-1", account=Account.DEPOSIT, amount=1_000)
    await refunded.move(top_up, at=AGREED)
    # Settled at 87.4 per cent: the cash does not cover the whole, nor does the deposit.
    for number in (1, 2):
        await refunded.grant(f"order-{number}", 10_000, at=AGREED + number * HOUR)
        await refunded.find_money()
        await refunded.succeed(f"order-{number}", at=AGREED + 3 * HOUR, told=False)
    await refunded.find_money()
    first, second = [await shown(resources, refunded, f"order-{number}") for number in (1, 2)]
    assert (first.source, first.shortfall) == (FundingSource.PLATFORM_ADVANCE, 1_260)
    assert first.arrears == 9_000, "all but the deposit"
    assert second.source is FundingSource.CASH, "the cash of both orders covers it"
    await refunded.grant("order-3", 10_000, at=AGREED + 4 * HOUR)
    await refunded.find_money()
    await refunded.succeed("order-3", at=AGREED + 5 * HOUR, told=False)
    third = await shown(resources, refunded, "order-3")
    assert third.source is FundingSource.CASH or third.shortfall > 0
    await logged.follow()
    before = await refunded.funds()
    await refunded.move(
        TopUp(reference="p-2", account=Account.CASH_WECHAT, amount=9_000), at=AGREED + 6 * HOUR
    )
    await logged.follow()
    paid_back = await shown(resources, refunded, "order-1")
    assert (paid_back.owed, paid_back.collected_at) == (0, AGREED + 6 * HOUR)
    assert (paid_back.shortfall, paid_back.arrears) == (1_260, 9_000), "what was stays told"
    left = [one.owed for one in await every_refund(resources, refunded.shop_id)]
    assert sum(left) == (await refunded.funds()).arrears == before.arrears - 9_000


async def test_each_filter_lists_what_fits_it_and_pages_meet(
    resources: Resources, logged: Logged, refunded: Refunded
) -> None:
    await refunded.grant("cash", 5_000, paid=10_000, at=AGREED)
    await refunded.grant("escrow", settled=False, at=AGREED + HOUR)
    await refunded.grant("in-time", 5_000, paid=10_000, overdue=False)
    await refunded.find_money()
    await refunded.note_funding("escrow", at=AGREED + 3 * HOUR)
    await refunded.refuse("escrow", at=AGREED + 3 * HOUR)
    await refunded.find_money()
    await refunded.succeed("cash", at=AGREED + 4 * HOUR, told=False)
    await refunded.find_money()
    await refunded.grant("new", at=AGREED + 5 * HOUR)
    await logged.follow()
    for filters, orders in (
        (RefundFilters(), ["new", "escrow", "cash", "in-time"]),
        (RefundFilters(progress=RefundProgress.REFUSED), ["escrow"]),
        (RefundFilters(source=FundingSource.CASH), ["cash", "in-time"]),
        (RefundFilters(waiting=RefundWaiting.MONEY), ["new"]),
        (RefundFilters(waiting=RefundWaiting.PERSON), ["escrow"]),
        (RefundFilters(overdue=True), ["new", "escrow", "cash"]),
        (RefundFilters(overdue=False), ["in-time"]),
        (RefundFilters(order_id="cash"), ["cash"]),
        (RefundFilters(requested_from=AGREED + 2 * HOUR), ["new"]),
        (RefundFilters(requested_to=AGREED + HOUR), ["cash", "in-time"]),
    ):
        assert await listed(resources, SHOP, filters) == orders, filters
    assert await listed(resources, "shop-2", RefundFilters()) == []
    pages, after = [], None
    while True:
        page = await list_refunds(resources.engine, SHOP, RefundFilters(), after=after, limit=1)
        pages += [one.order_id for one in page.rows]
        after = page.next
        if after is None:
            break
    assert pages == ["new", "escrow", "cash", "in-time"]


@pytest.mark.parametrize("topology", list(Topology))
async def test_those_that_wait_are_found_in_all_shops_longest_first(
    resources: Resources, logged: Logged, topology: Topology
) -> None:
    for number in range(6):
        shop = Refunded(resources.pool, logged, f"shop-{number}")
        await shop.grant("order-1", settled=False)
        await shop.grant("order-2", settled=False)
        await shop.find_money()
        for order_id, ends in (("order-1", shop.refuse), ("order-2", shop.unknown)):
            at = AGREED + (6 - number) * HOUR
            await shop.note_funding(order_id, at=at)
            await ends(order_id, at=at)
        await shop.find_money()
    await logged.follow()
    person = (RefundWaiting.PERSON,)
    assert await _walked(resources, person, topology) == [
        f"shop-{n}/order-1-1" for n in range(5, -1, -1)
    ]
    both = await _walked(resources, (*person, RefundWaiting.OUTCOME), topology)
    assert len(both) == len(set(both)) == 12
    assert both[:2] == ["shop-5/order-1-1", "shop-5/order-2-1"]
    assert await _walked(resources, (RefundWaiting.MONEY,), topology) == []


async def _walked(
    resources: Resources, waiting: Sequence[RefundWaiting], topology: Topology
) -> list[str]:
    """Return the keys of all that wait, page by page."""
    keys: list[str] = []
    after: After | None = None
    while True:
        found, after = await list_waiting(
            resources.pool, waiting, topology=topology, after=after, limit=2
        )
        keys += [one.refund_key for one in found]
        if after is None:
            return keys


async def every_refund(resources: Resources, shop_id: str) -> list[ShopRefund]:
    """Return a shop's refunds, newest first; no more than a page."""
    return list((await list_refunds(resources.engine, shop_id, RefundFilters(), limit=200)).rows)


STEPS = ("grant", "money", "note", "unknown", "refuse", "succeed", "top_up", "follow")


@given(
    steps=st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 20_000)), max_size=24),
    batch=st.sampled_from([1, 3, 1_000]),
)
@settings(bounded(examples=12), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_rows_fresh_reads_and_debts_agree_whatever_happened(
    resources: Resources, logged: Logged, steps: Sequence[tuple[str, int]], batch: int
) -> None:
    shop = Refunded(resources.pool, logged, next(shops))
    for number, (step, amount) in enumerate(steps):
        await _play(shop, step, amount, number, batch)
    await shop.find_money()
    fresh = [await shown(resources, shop, order_id) for order_id in shop.orders]
    await logged.follow(limit_each=batch)
    rows = {one.order_id: one for one in await every_refund(resources, shop.shop_id)}
    assert rows.keys() == shop.orders.keys()
    for one in fresh:
        row = rows[one.order_id]
        assert (row.progress, row.waiting, row.booked_at) == (
            one.progress,
            one.waiting,
            one.booked_at,
        )
        assert await shown(resources, shop, one.order_id) == row
    assert sum(row.owed for row in rows.values()) == (await shop.funds()).arrears


async def _play(shop: Refunded, step: str, amount: int, number: int, batch: int) -> None:
    """Do what a step says to the newest refund, where that makes sense."""
    at = AGREED + number * HOUR
    if step == "grant":
        await shop.grant(f"order-{number}", amount, settled=amount % 3 != 0, at=AGREED)
        return
    if step == "top_up":
        account = Account.DEPOSIT if amount % 2 else Account.CASH_WECHAT
        await shop.move(TopUp(reference=f"p-{number}", account=account, amount=amount), at=at)
        return
    if step == "follow":
        await shop.logged.follow(limit_each=batch)
        return
    await shop.find_money()
    if step == "money" or not shop.orders:
        return
    order_id = list(shop.orders)[amount % len(shop.orders)]
    refund = shop.orders[order_id].tickets[f"{order_id}-1"].refund
    if refund is None and step != "note":
        return
    if refund is not None and refund.status.value == "refused":
        await _play_payout(shop, step, order_id, at)
        return
    if refund is not None and refund.status.value == "succeeded":
        return
    match step:
        case "note" if refund is None:
            await shop.note_funding(order_id, at=at)
        case "unknown":
            await shop.unknown(order_id, at=at)
        case "refuse":
            await shop.refuse(order_id, at=at)
        case "succeed":
            await shop.succeed(order_id, at=at)


async def _play_payout(shop: Refunded, step: str, order_id: str, at: datetime) -> None:
    """Do the same to the payout of a refused refund, which a note starts."""
    ticket = shop.orders[order_id].tickets[f"{order_id}-1"]
    payout = ticket.last_payout
    if payout is None or payout.status is PayoutStatus.REFUSED:
        if step == "note":
            await shop.pay_out(order_id, at=at)
        return
    about = {"ticket_id": ticket.ticket_id, "payout_key": payout.payout_key}
    match step:
        case "unknown" if ticket.active:
            await shop.tell(order_id, RecordPayoutUnknown(**about, why="timed_out"), at=at)
        case "refuse" if ticket.active:
            refusal = RefundRefusal.PAYEE_NOT_ACCEPTED
            told = RecordPayoutRefusal(**about, refusal=refusal, provider_text="")
            await shop.tell(order_id, told, at=at)
        case "succeed" if ticket.active:
            await shop.tell(order_id, RecordPayoutSuccess(**about, provider_reference="p"), at=at)

"""Provider, ledger and tickets are compared for real; every kind of difference gets its name."""

from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from app.clock import ManualClock
from app.domain.funds.accounts import Account, journal
from app.domain.funds.events import FundingReversed, RefundFundsReserved
from app.domain.order.refunds import RecordRefundSuccess
from app.domain.order.tickets import TicketState
from app.domain.refunds import FundingSource
from app.event_store.streams import partition_of
from app.payments.provider.port import Succeeded
from app.payments.ticket_commands import command_order
from app.reconciliation.differences import Difference, DifferenceCode, KeyDifference
from app.reconciliation.facts import Period
from app.reconciliation.repair import Repairer
from app.reconciliation.scan import TooMuchToReconcile
from app.resources import Resources
from tests.payments.provider.sandbox import SandboxProcess, a_refund, running_sandbox
from tests.payments.refund_cases import refund_agreed, refund_ruled
from tests.reconciliation.reconciliation_cases import (
    Books,
    key_of,
    open_books,
    paid,
    payout_started,
    refused,
    unknown,
)
from tests.support.orders import SHOP
from tools.sandboxes.payment_provider.behaviours import Behaviour

PAID_AT = datetime(2026, 3, 1, 9, 0, tzinfo=UTC).isoformat(timespec="microseconds")
ADD_TO_BOOK = """
INSERT INTO book (key, kind, shop_id, order_id, amount, currency, provider_reference, paid_at)
VALUES (?, 'refund', ?, ?, ?, 'CNY', ?, ?)
"""


@pytest.fixture(scope="module")
def sandbox() -> Iterator[SandboxProcess]:
    """Run a sandbox for the tests of this file."""
    with (
        TemporaryDirectory(prefix="aftersales-test-") as folder,
        running_sandbox(Path(folder) / "sandbox.sqlite3") as running,
    ):
        yield running


@pytest.fixture
async def books(
    resources: Resources, clock: ManualClock, sandbox: SandboxProcess
) -> AsyncIterator[Books]:
    """Return what is reconciled, with nothing in it."""
    async with open_books(resources, clock, sandbox) as opened:
        yield opened


async def found(books: Books) -> list[tuple[DifferenceCode, str]]:
    """Return the differences of the shop that are about a key."""
    return (await books.reconciled()).codes


async def repaired(books: Books, difference: Difference) -> bool:
    """Have a difference repaired, if it may be; tell whether it was."""
    refunding = books.refunding
    repairer = Repairer(refunding.pool, refunding.handler, books.book, books.reconciler())
    done = await repairer.repair(difference)
    return done is not None and done.repaired


async def test_where_all_went_well_or_was_refused_nothing_differs(books: Books) -> None:
    histories = [refund_agreed(f"order-{one.value}", 8_001) for one in Behaviour]
    await books.refunding.agree(*histories)
    await books.refunding.work_until_done()
    small_pages = books.reconciler(page_keys=3)
    reconciled = await books.reconciled(small_pages)
    assert reconciled.codes == []
    assert (reconciled.tally.keys, reconciled.tally.under_way) == (len(Behaviour), 0)
    assert reconciled.tally.entries == len(Behaviour) - 3, "three were refused"


async def test_what_a_ruling_granted_and_not_what_was_asked_for_is_what_is_paid(
    books: Books,
) -> None:
    await books.refunding.agree(refund_ruled("order-1", asked=8_001, granted=3_000))
    await books.refunding.work_until_done()
    assert await books.refunding.paid("order-1-1") == [3_000]
    assert await found(books) == []
    books.at_provider("UPDATE book SET amount = 8001 WHERE key = ?", key_of("order-1"))
    assert await found(books) == [(DifferenceCode.AMOUNT_DIFFERS, key_of("order-1"))]


async def test_what_is_on_its_way_is_counted_and_not_named(books: Books) -> None:
    await books.refunding.agree(refund_agreed("order-1"), refund_agreed("order-2"))
    await books.refunding.follow()
    reconciled = await books.reconciled()
    assert (reconciled.codes, reconciled.tally.under_way) == ([], 2)


async def test_paid_and_not_known_here_is_named_and_repaired_by_asking_again(books: Books) -> None:
    key = await unknown(books)
    young = await books.reconciled(books.reconciler(grace=timedelta(hours=1)))
    assert (young.codes, young.tally.under_way) == ([], 1)
    (difference,) = (await books.reconciled()).differences
    assert difference.code is DifferenceCode.PAID_NOT_RECORDED
    assert difference.repair == f"aftersales reconcile --shop {SHOP} --repair"
    assert await repaired(books, difference)
    order_id = key.removeprefix(f"{SHOP}/").removesuffix("-1")
    assert (await books.refunding.ticket(order_id)).state is TicketState.SUCCEEDED
    await books.refunding.follow()
    assert await found(books) == []


async def test_paid_twice_under_one_key_is_for_a_person(books: Books) -> None:
    key = await unknown(books)
    books.at_provider(ADD_TO_BOOK, key, SHOP, "order-1", 7_001, "second", PAID_AT)
    differences = (await books.reconciled()).differences
    assert [one.code for one in differences] == [
        DifferenceCode.PAID_TWICE,
        DifferenceCode.PAID_NOT_RECORDED,
    ]
    for difference in differences:
        assert difference.repair is None, "what else is wrong forbids to record it"
        assert not await repaired(books, difference)


@pytest.mark.parametrize("key", [f"{SHOP}/order-9-1", "no-key-of-ours", "shop-2/order-1-1"])
async def test_paid_under_a_key_without_a_ticket_is_named(books: Books, key: str) -> None:
    await paid(books)
    assert isinstance(await books.book.refund(a_refund(key, 55)), Succeeded)
    assert await found(books) == [(DifferenceCode.PAID_WITHOUT_TICKET, key)]


async def test_paid_by_the_provider_and_by_hand_is_named(books: Books) -> None:
    await books.refunding.agree(refund_agreed("order-1", 8_001))
    by_hand = RecordRefundSuccess(ticket_id="order-1-1")
    outcome = await command_order(
        books.refunding.handler, SHOP, "order-1", by_hand, correlation_id="test"
    )
    assert outcome.refusal is None
    await books.refunding.follow()
    assert await found(books) == []
    await books.book.refund(a_refund(key_of("order-1"), 8_001))
    assert await found(books) == [(DifferenceCode.PAID_UNASKED, key_of("order-1"))]


async def test_paid_though_it_was_refused_is_named(books: Books) -> None:
    key = await paid(books, f"order-{Behaviour.BUYER_ACCOUNT_CLOSED.value}")
    assert await found(books) == []
    books.at_provider(ADD_TO_BOOK, key, SHOP, "order-1", 8_001, "late", PAID_AT)
    assert await found(books) == [(DifferenceCode.PAID_THOUGH_REFUSED, key)]


async def test_counted_as_paid_and_not_in_the_providers_book_is_named(books: Books) -> None:
    key = await paid(books)
    books.at_provider("DELETE FROM book WHERE key = ?", key)
    assert await found(books) == [(DifferenceCode.PAID_UNKNOWN_TO_PROVIDER, key)]


async def test_another_amount_or_reference_at_the_provider_is_named(books: Books) -> None:
    first, second = await paid(books, "order-1"), await paid(books, "order-2")
    books.at_provider("UPDATE book SET amount = amount + 1 WHERE key = ?", first)
    books.at_provider("UPDATE book SET provider_reference = 'x' WHERE key = ?", second)
    assert await found(books) == [
        (DifferenceCode.AMOUNT_DIFFERS, first),
        (DifferenceCode.REFERENCE_DIFFERS, second),
    ]


async def test_money_in_transit_though_the_ticket_has_ended_waits_for_a_reader(
    books: Books,
) -> None:
    await books.refunding.agree(refund_agreed("order-1"))
    await books.refunding.follow()
    assert await books.refunding.work_once() == 1
    (difference,) = (await books.reconciled()).differences
    assert (difference.code, difference.repair) == (
        DifferenceCode.LEDGER_BEHIND,
        "aftersales worker",
    )
    stop = "UPDATE after_sales.checkpoints SET status = 'stopped' WHERE reader = 'funding'"
    await books.here(stop)
    stopped, behind = (await books.reconciled()).differences
    command = f"aftersales readers resume funding {partition_of(SHOP)}"
    assert (stopped.code, stopped.repair) == (DifferenceCode.READER_STOPPED, command)
    assert (behind.code, behind.repair) == (DifferenceCode.LEDGER_BEHIND, command)
    assert await repaired(books, stopped)
    await books.refunding.follow()
    assert await found(books) == []


async def test_a_ledger_that_lost_rows_is_named_with_its_accounts(books: Books) -> None:
    key = await paid(books)
    await books.here("DELETE FROM after_sales.ledger WHERE refund_key = $1", key)
    reconciled = await books.reconciled()
    assert reconciled.codes[0] == (DifferenceCode.LEDGER_WITHOUT_PAYMENT, key)
    assert {code for code, _ in reconciled.codes[1:]} == {
        DifferenceCode.BALANCE_DIFFERS,
        DifferenceCode.LEDGER_INCOMPLETE,
    }
    assert {one.repair for one in reconciled.differences} == {"aftersales rebuild ledger"}


async def test_a_funding_the_ledger_lost_is_named(books: Books) -> None:
    key = await unknown(books)
    books.at_provider("DELETE FROM book")
    await books.here("DELETE FROM after_sales.ledger WHERE refund_key = $1", key)
    assert (await found(books))[0] == (DifferenceCode.LEDGER_WITHOUT_FUNDING, key)


async def test_a_balance_that_is_not_the_sum_of_its_journals_is_named(books: Books) -> None:
    await paid(books)
    await books.here(
        "UPDATE after_sales.balances SET balance = balance + 1 WHERE account = 'deposit'"
    )
    assert await found(books) == [(DifferenceCode.BALANCE_DIFFERS, Account.DEPOSIT)]


async def test_another_amount_in_the_ledger_is_named(books: Books) -> None:
    key = await paid(books)
    await books.here(
        "UPDATE after_sales.ledger SET amounts = ARRAY[-1, 1] WHERE kind = 'refund_paid'"
    )
    assert (await found(books))[0] == (DifferenceCode.LEDGER_AMOUNT_DIFFERS, key)


async def test_money_that_moved_for_no_ticket_is_named(books: Books) -> None:
    await paid(books)
    await books.append_funds(
        RefundFundsReserved(
            at=books.refunding.clock.now(),
            refund_key=key_of("order-9"),
            order_id="order-9",
            ticket_id="order-9-1",
            source=FundingSource.DEPOSIT,
            account=Account.DEPOSIT,
            amount=5,
            borne=5,
            journal=journal((Account.DEPOSIT, -5), (Account.IN_TRANSIT, 5)),
        )
    )
    assert await found(books) == [(DifferenceCode.LEDGER_WITHOUT_TICKET, key_of("order-9"))]


async def test_an_end_in_the_ledger_that_no_ticket_had_is_named(books: Books) -> None:
    order_id = f"order-{Behaviour.HANGS_WITHOUT_PAYING.value}"
    await books.refunding.agree(refund_agreed(order_id, 7_001))
    await books.refunding.follow()
    await books.refunding.work_once()
    back = journal((Account.IN_TRANSIT, -7_001), (Account.DEPOSIT, 7_001))
    await books.append_funds(
        FundingReversed(
            at=books.refunding.clock.now(), refund_key=key_of(order_id), amount=7_001, journal=back
        )
    )
    assert await found(books) == [(DifferenceCode.LEDGER_END_DIFFERS, key_of(order_id))]


async def test_an_advance_payout_is_reconciled_beside_the_refund_it_stands_in_for(
    books: Books,
) -> None:
    order_id = await refused(books)
    key = await payout_started(books, order_id, "13800001234")
    await books.refunding.follow()
    reconciled = await books.reconciled()
    assert (reconciled.codes, reconciled.tally.under_way) == ([], 1)
    await books.refunding.work_until_done()
    reconciled = await books.reconciled()
    assert (reconciled.codes, reconciled.tally.keys) == ([], 2)
    books.at_provider("UPDATE book SET amount = 1 WHERE key = ?", key)
    assert await found(books) == [(DifferenceCode.AMOUNT_DIFFERS, key)]


async def test_a_payout_paid_and_not_known_here_is_repaired_by_asking_again(books: Books) -> None:
    order_id = await refused(books)
    account = f"someone-{Behaviour.HANGS_AFTER_PAYING.value}"
    key = await payout_started(books, order_id, account)
    await books.refunding.follow()
    assert await books.refunding.work_once() == 1
    await books.refunding.follow()
    (difference,) = (await books.reconciled()).differences
    assert isinstance(difference, KeyDifference)
    assert (difference.code, difference.facts.key) == (DifferenceCode.PAID_NOT_RECORDED, key)
    assert await repaired(books, difference)
    assert (await books.refunding.ticket(order_id)).state is TicketState.SUCCEEDED
    await books.refunding.follow()
    assert await found(books) == []


async def test_everywhere_includes_shops_that_only_the_provider_has_paid_for(books: Books) -> None:
    await paid(books)
    await paid(books, "order-2")
    books.at_provider(ADD_TO_BOOK, "shop-x/order-1-1", "shop-x", "order-1", 5, "x", PAID_AT)
    reconciled = await books.reconciled_everywhere()
    assert reconciled.codes == [(DifferenceCode.PAID_WITHOUT_TICKET, "shop-x/order-1-1")]
    assert (reconciled.tally.shops, reconciled.tally.keys) == (2, 3)


async def test_a_period_looks_at_what_any_side_has_within_it(books: Books) -> None:
    first = await paid(books, "order-1")
    books.at_provider("UPDATE book SET paid_at = ?, amount = 1 WHERE key = ?", PAID_AT, first)
    day = datetime.fromisoformat(PAID_AT)
    that_day = Period(at_from=day, at_to=day + timedelta(days=1))
    day_after = Period(at_from=that_day.at_to, at_to=day + timedelta(days=2))
    amount_differs = [(DifferenceCode.AMOUNT_DIFFERS, first)]
    assert (await books.reconciled(period=that_day)).codes == amount_differs
    assert (await books.reconciled(period=day_after)).codes == []
    booked = books.refunding.clock.now() - timedelta(days=1)
    since = Period(at_from=booked - timedelta(days=1))
    assert (await books.reconciled(period=since)).codes == amount_differs


async def test_more_than_the_bound_is_refused(books: Books) -> None:
    await paid(books, "order-1")
    await paid(books, "order-2")
    with pytest.raises(TooMuchToReconcile):
        await books.reconciled(books.reconciler(keys_max=1))
    assert (await books.reconciled(books.reconciler(keys_max=2))).codes == []

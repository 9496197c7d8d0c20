"""Money is neither made nor lost, whatever happens in whatever order."""

from collections import Counter
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from app.domain.funds.accounts import OWN_ACCOUNTS, Account, cash_account
from app.domain.funds.commands import (
    CompleteRefund,
    FundPayout,
    FundRefund,
    FundsCommand,
    ReverseFunding,
    SettleOrder,
    TopUp,
    WithdrawCash,
)
from app.domain.funds.decide import decide
from app.domain.funds.events import Movement
from app.domain.funds.state import Funds, fold
from app.domain.money import AMOUNT_MAX, split
from app.domain.order.facts import PaymentChannel
from app.domain.policy import POLICY
from app.domain.refunds import Shares
from app.domain.rejections import Rejection
from tests.domain.search_depth import bounded

NOW = datetime(2021, 3, 15, 9, tzinfo=UTC)
AMOUNTS = st.integers(0, 5_000) | st.sampled_from([0, 1, 2, 99, 10**12])
SHARES = st.builds(Shares, shop=AMOUNTS, talent=AMOUNTS, agency=AMOUNTS, service_fee=AMOUNTS)
CHANNELS = st.sampled_from(PaymentChannel)
ACCOUNTS = st.sampled_from(OWN_ACCOUNTS)
KEYS = st.sampled_from(["r-1", "r-2", "r-3", "r-4"])
PAYOUT_KEYS = st.sampled_from(["p-1", "p-2"])


@st.composite
def refunds(draw: st.DrawFn) -> FundRefund:
    """A refund of no more than what the order's shares come to."""
    shares = draw(st.none() | SHARES)
    amount = draw(AMOUNTS if shares is None else st.integers(0, shares.total))
    return FundRefund(
        refund_key=draw(KEYS),
        order_id="order-1",
        ticket_id="order-1-1",
        channel=draw(CHANNELS),
        amount=amount,
        overdue=draw(st.booleans()),
        shares=shares,
    )


COMMANDS: st.SearchStrategy[FundsCommand] = st.one_of(
    refunds(),
    st.builds(
        FundPayout,
        payout_key=PAYOUT_KEYS,
        order_id=st.just("order-1"),
        ticket_id=st.just("order-1-1"),
        shares=SHARES,
    ),
    st.builds(CompleteRefund, refund_key=KEYS | PAYOUT_KEYS),
    st.builds(ReverseFunding, refund_key=KEYS | PAYOUT_KEYS),
    st.builds(TopUp, reference=st.uuids().map(str), account=ACCOUNTS, amount=AMOUNTS),
    st.builds(WithdrawCash, reference=st.uuids().map(str), account=ACCOUNTS, amount=AMOUNTS),
    st.builds(SettleOrder, order_id=st.just("order-1"), channel=CHANNELS, shares=SHARES),
)


@given(st.lists(COMMANDS, max_size=40))
@bounded(examples=300)
def test_whatever_happens_the_books_add_up(commands: list[FundsCommand]) -> None:
    funds, book = Funds(), Counter[Account]()
    for command in commands:
        decision = decide(command, funds, NOW, POLICY)
        if isinstance(decision, Rejection):
            continue
        for event in decision:
            if isinstance(event, Movement):
                assert sum(line.amount for line in event.journal) == 0
                for line in event.journal:
                    book[line.account] += line.amount
        funds = fold(funds, decision)
        assert {account: book[account] for account in OWN_ACCOUNTS} == dict(funds.available)
        assert sum(book.values()) == 0
        assert book[Account.IN_TRANSIT] == sum(one.amount for one in funds.in_transit.values())
        assert book[Account.PLATFORM_ADVANCE] == 0, "what it pays, the deposit owes"
        assert all(funds.available[cash_account(channel)] >= 0 for channel in PaymentChannel)
        assert funds.restricted == (funds.arrears > POLICY.arrears_max)


@given(st.lists(st.integers(0, AMOUNT_MAX), min_size=1, max_size=6), st.data())
@bounded(examples=300)
def test_shares_add_up_and_none_passes_its_limit(limits: list[int], data: st.DataObject) -> None:
    amount = data.draw(st.integers(0, sum(limits)))
    shares = split(amount, limits)
    assert sum(shares) == amount
    assert all(0 <= share <= limit for share, limit in zip(shares, limits, strict=True))


@given(SHARES, st.data())
@bounded(examples=200)
def test_partial_refunds_take_back_exactly_what_there_was(
    shares: Shares, data: st.DataObject
) -> None:
    left: tuple[int, ...] = (shares.shop, shares.talent, shares.agency, shares.service_fee)
    for _ in range(5):
        part = split(data.draw(st.integers(0, sum(left))), left)
        left = tuple(have - gone for have, gone in zip(left, part, strict=True))
        assert min(left) >= 0
    assert split(sum(left), left) == left

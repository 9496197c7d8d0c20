"""Nothing, one fen, and all there can be; parts that add up; who paid, read from events alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.funds.accounts import Account, cash_account, change_of
from app.domain.funds.commands import CompleteRefund, FundRefund, FundsCommand, SettleOrder, TopUp
from app.domain.funds.decide import decide
from app.domain.funds.events import FundsEvent, MerchantFundsInsufficient, RefundFundsReserved
from app.domain.funds.state import Funds, fold
from app.domain.money import AMOUNT_MAX
from app.domain.order.commission_split import shares_of
from app.domain.order.facts import CommissionTerms, PaymentChannel
from app.domain.policy import POLICY
from app.domain.refunds import FundingSource, Shares
from app.domain.rejections import Rejection
from tests.domain.funds.test_conservation import COMMANDS
from tests.domain.funds.test_waterfall import NOW, a_refund, a_shop, after, funded
from tests.domain.search_depth import bounded

TERMS = CommissionTerms(
    talent_basis_points=1_000, agency_basis_points=200, service_fee_basis_points=60
)
OTHERS = (Account.TALENT, Account.AGENCY, Account.SERVICE_FEE)


@pytest.mark.parametrize("overdue", [False, True])
@pytest.mark.parametrize("settled", [False, True])
def test_a_refund_of_nothing_moves_nothing(overdue: bool, settled: bool) -> None:
    event = funded(a_refund(0, overdue=overdue, settled=settled), Funds())
    assert (event.amount, event.borne, event.journal) == (0, 0, ())
    assert event.source is (FundingSource.CASH if settled else FundingSource.ESCROW)


def test_one_fen_goes_whole_to_one_and_comes_back_whole_from_the_same() -> None:
    shares = shares_of(1, TERMS)
    assert (shares.shop, shares.total) == (1, 1)
    settle = SettleOrder(order_id="order-1", channel=PaymentChannel.ALIPAY, shares=shares)
    funds = after(Funds(), settle)
    event = funded(refund_of_shares(shares, 1), funds)
    assert (event.source, event.borne) == (FundingSource.CASH, 1)
    assert fold(funds, [event]).available[Account.CASH_ALIPAY] == 0


def test_one_fen_too_little_is_too_little() -> None:
    assert funded(a_refund(2), a_shop(alipay=1, deposit=2)).source is FundingSource.DEPOSIT
    advance = funded(a_refund(2), a_shop(alipay=1, deposit=1))
    assert advance.source is FundingSource.PLATFORM_ADVANCE


@pytest.mark.parametrize(
    ("funds", "source"),
    [
        (a_shop(alipay=AMOUNT_MAX), FundingSource.CASH),
        (a_shop(alipay=AMOUNT_MAX - 1, deposit=AMOUNT_MAX), FundingSource.DEPOSIT),
        (a_shop(deposit=AMOUNT_MAX - 1), FundingSource.PLATFORM_ADVANCE),
    ],
)
def test_the_largest_amount_is_funded_exactly(funds: Funds, source: FundingSource) -> None:
    event = funded(a_refund(AMOUNT_MAX), funds)
    assert (event.source, event.amount, event.borne) == (source, AMOUNT_MAX, AMOUNT_MAX)
    assert sum(line.amount for line in event.journal) == 0
    assert change_of(Account.IN_TRANSIT, event.journal) == AMOUNT_MAX


def test_the_largest_arrears_are_collected_exactly_from_the_largest_top_up() -> None:
    owing = after(Funds(), a_refund(AMOUNT_MAX))
    assert owing.arrears == AMOUNT_MAX
    paid = after(owing, TopUp(reference="t", account=Account.CASH_WECHAT, amount=AMOUNT_MAX))
    assert (paid.arrears, paid.available[Account.CASH_WECHAT]) == (0, 0)
    assert not paid.restricted


def test_the_largest_amount_is_shared_to_the_last_unit() -> None:
    shares = shares_of(AMOUNT_MAX, TERMS)
    assert shares.total == AMOUNT_MAX
    assert shares.talent == (AMOUNT_MAX * 1_000 + 5_000) // 10_000


def refund_of_shares(shares: Shares, amount: int, *, key: str = "refund-1") -> FundRefund:
    """Return a refund in the period, of an order shared like this by now."""
    return FundRefund(
        refund_key=key,
        order_id="order-1",
        ticket_id="order-1-1",
        channel=PaymentChannel.ALIPAY,
        amount=amount,
        overdue=False,
        shares=shares,
    )


@given(
    amount=st.integers(1, 200) | st.integers(1, AMOUNT_MAX),
    parts=st.lists(st.integers(0, 100), min_size=1, max_size=6),
)
@bounded(examples=200)
def test_partial_refunds_in_the_period_bring_everybodys_part_back_to_the_last_unit(
    amount: int, parts: list[int]
) -> None:
    left = shares = shares_of(amount, TERMS)
    settle = SettleOrder(order_id="order-1", channel=PaymentChannel.ALIPAY, shares=shares)
    funds = after(Funds(), settle)
    for number, part in enumerate([*parts, 100]):
        refund = refund_of_shares(left, left.total * part // 100, key=f"r-{number}")
        event = funded(refund, funds)
        assert event.source is FundingSource.CASH, "each takes only the shop's own part of it"
        funds = after(funds, refund, CompleteRefund(refund_key=refund.refund_key))
        talent, agency, fee = (-change_of(account, event.journal) for account in OTHERS)
        left = Shares(
            shop=left.shop - event.borne,
            talent=left.talent - talent,
            agency=left.agency - agency,
            service_fee=left.service_fee - fee,
        )
        assert min(left.shop, left.talent, left.agency, left.service_fee) >= 0
    assert left.total == 0
    assert funds.available[Account.CASH_ALIPAY] == 0


@given(st.lists(COMMANDS, max_size=40))
@bounded(examples=300)
def test_who_paid_for_what_follows_from_the_events_before_it_alone(
    commands: list[FundsCommand],
) -> None:
    events: list[FundsEvent] = []
    for command in commands:
        decision = decide(command, fold(Funds(), events), NOW, POLICY)
        events += () if isinstance(decision, Rejection) else decision
    for number, event in enumerate(events):
        if not isinstance(event, RefundFundsReserved) or event.source is FundingSource.ESCROW:
            continue
        before = fold(Funds(), events[:number])
        cash = before.available[event.account] if event.source is FundingSource.CASH else None
        told = events[number - 1] if event.source is FundingSource.PLATFORM_ADVANCE else None
        if cash is not None:
            assert cash >= event.borne
        elif told is not None:
            assert isinstance(told, MerchantFundsInsufficient)
            assert max(told.cash_available, told.deposit_available) < event.borne
        else:
            assert before.deposit >= event.borne


@given(
    cash=st.integers(0, 30),
    deposit=st.integers(0, 30),
    amounts=st.lists(st.integers(1, 20), min_size=1, max_size=12),
)
@bounded(examples=300)
def test_refunds_beyond_what_there_is_never_spend_more_than_there_is(
    cash: int, deposit: int, amounts: list[int]
) -> None:
    funds, spent = a_shop(alipay=cash, deposit=deposit), dict.fromkeys(FundingSource, 0)
    for number, amount in enumerate(amounts):
        refund = FundRefund(
            refund_key=f"r-{number}",
            order_id=f"order-{number}",
            ticket_id=f"order-{number}-1",
            channel=PaymentChannel.ALIPAY,
            amount=amount,
            overdue=True,
            shares=Shares(shop=amount, talent=0, agency=0, service_fee=0),
        )
        spent[funded(refund, funds).source] += amount
        funds = after(funds, refund)
    assert spent[FundingSource.CASH] <= cash
    assert spent[FundingSource.DEPOSIT] <= deposit
    assert funds.available[cash_account(PaymentChannel.ALIPAY)] == cash - spent[FundingSource.CASH]
    owed = spent[FundingSource.DEPOSIT] + spent[FundingSource.PLATFORM_ADVANCE] - deposit
    assert funds.arrears == max(0, owed)
    assert sum(spent.values()) == sum(amounts)

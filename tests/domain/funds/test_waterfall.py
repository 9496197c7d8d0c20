"""Which source pays: escrow, the channel's cash, the whole from the deposit, the platform."""

from datetime import UTC, datetime

from app.domain.funds.accounts import Account, change_of
from app.domain.funds.commands import (
    CompleteRefund,
    FundPayout,
    FundRefund,
    FundsCommand,
    RequireDeposit,
    ReverseFunding,
    SettleOrder,
    TopUp,
    WithdrawCash,
)
from app.domain.funds.decide import decide
from app.domain.funds.events import (
    ArrearsCollected,
    DepositFellBelowRequired,
    DepositRestored,
    FundingReversed,
    MerchantFundsInsufficient,
    PayoutFundsReserved,
    RefundFundsReserved,
    RestrictionLifted,
    ShopRestricted,
)
from app.domain.funds.state import Funds, fold
from app.domain.order.facts import PaymentChannel
from app.domain.policy import POLICY
from app.domain.refunds import FundingSource, Shares
from app.domain.rejections import Rejection, RejectionCode

NOW = datetime(2021, 3, 15, 9, tzinfo=UTC)
SHARES = Shares(shop=8_300, talent=1_000, agency=200, service_fee=500)


def after(funds: Funds, *commands: FundsCommand) -> Funds:
    """Return the money after commands, each of which must be granted."""
    for command in commands:
        decision = decide(command, funds, NOW, POLICY)
        assert not isinstance(decision, Rejection), decision
        funds = fold(funds, decision)
    return funds


def a_shop(*, alipay: int = 0, wechat: int = 0, deposit: int = 0) -> Funds:
    """Return the money of a shop with these balances."""
    given = {
        Account.CASH_ALIPAY: alipay,
        Account.CASH_WECHAT: wechat,
        Account.DEPOSIT: deposit,
    }
    tops = [
        TopUp(reference=account.value, account=account, amount=amount)
        for account, amount in given.items()
        if amount
    ]
    return after(Funds(), *tops)


def a_refund(amount: int = 10_000, *, overdue: bool = True, settled: bool = True) -> FundRefund:
    """Return a refund of an order paid through Alipay."""
    return FundRefund(
        refund_key="refund-1",
        order_id="order-1",
        ticket_id="order-1-1",
        channel=PaymentChannel.ALIPAY,
        amount=amount,
        overdue=overdue,
        shares=SHARES if settled else None,
    )


def funded(command: FundRefund, funds: Funds) -> RefundFundsReserved:
    """Return how a refund is funded."""
    decision = decide(command, funds, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    return next(event for event in decision if isinstance(event, RefundFundsReserved))


def test_before_settlement_the_money_comes_out_of_escrow() -> None:
    event = funded(a_refund(settled=False), a_shop(alipay=50_000))
    assert (event.source, event.account) == (FundingSource.ESCROW, Account.ESCROW)


def test_cash_of_the_paying_channel_pays_first() -> None:
    event = funded(a_refund(), a_shop(alipay=10_000, deposit=50_000))
    assert (event.source, event.account) == (FundingSource.CASH, Account.CASH_ALIPAY)


def test_cash_of_another_channel_is_not_touched() -> None:
    event = funded(a_refund(), a_shop(wechat=50_000, deposit=10_000))
    assert (event.source, event.account) == (FundingSource.DEPOSIT, Account.DEPOSIT)


def test_the_deposit_pays_the_whole_amount_where_cash_covers_not_all() -> None:
    event = funded(a_refund(), a_shop(alipay=9_999, deposit=10_000))
    assert event.source is FundingSource.DEPOSIT
    assert change_of(Account.DEPOSIT, event.journal) == -10_000
    assert change_of(Account.CASH_ALIPAY, event.journal) == 0


def test_the_platform_pays_in_advance_where_nothing_covers_and_the_deposit_owes_it() -> None:
    shop = a_shop(alipay=9_999, deposit=9_999)
    decision = decide(a_refund(), shop, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    insufficient, event, *_ = decision
    assert isinstance(insufficient, MerchantFundsInsufficient)
    assert (insufficient.cash_available, insufficient.deposit_available) == (9_999, 9_999)
    assert isinstance(event, RefundFundsReserved)
    assert event.source is FundingSource.PLATFORM_ADVANCE
    assert fold(shop, decision).arrears == 1


def test_past_the_period_the_shop_bears_all_of_it() -> None:
    event = funded(a_refund(), a_shop(alipay=10_000))
    assert event.borne == 10_000
    assert {line.account for line in event.journal} == {Account.CASH_ALIPAY, Account.IN_TRANSIT}


def test_in_the_period_commissions_and_fee_flow_back_pro_rata() -> None:
    event = funded(a_refund(3_333, overdue=False), a_shop(alipay=10_000))
    back = {
        account: -change_of(account, event.journal)
        for account in (Account.TALENT, Account.AGENCY, Account.SERVICE_FEE)
    }
    assert back == {Account.TALENT: 333, Account.AGENCY: 67, Account.SERVICE_FEE: 167}
    assert event.borne == 3_333 - 567
    assert change_of(Account.CASH_ALIPAY, event.journal) == -event.borne


def test_the_same_refund_is_funded_once() -> None:
    shop = after(a_shop(alipay=50_000), a_refund())
    assert decide(a_refund(), shop, NOW, POLICY) == ()
    assert shop.reserved(Account.CASH_ALIPAY) == 10_000


def test_what_the_provider_refuses_goes_back_to_where_it_came_from() -> None:
    shop = a_shop(deposit=15_000)
    funded_shop = after(shop, a_refund())
    back = after(funded_shop, ReverseFunding(refund_key="refund-1"))
    assert (back.available, back.in_transit) == (shop.available, {})
    again = decide(ReverseFunding(refund_key="refund-1"), back, NOW, POLICY)
    assert isinstance(again, Rejection)
    assert again.code is RejectionCode.REFUND_NOT_IN_TRANSIT
    decision = decide(ReverseFunding(refund_key="refund-1"), funded_shop, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    assert isinstance(decision[0], FundingReversed)


def test_what_was_paid_out_is_in_transit_no_more() -> None:
    shop = after(a_shop(alipay=10_000), a_refund(), CompleteRefund(refund_key="refund-1"))
    assert (shop.in_transit, shop.reserved(Account.CASH_ALIPAY)) == ({}, 0)
    again = decide(CompleteRefund(refund_key="refund-1"), shop, NOW, POLICY)
    assert isinstance(again, Rejection)


def test_arrears_are_collected_from_the_next_top_up_before_anything_else() -> None:
    shop = after(Funds(), a_refund(10_000))
    assert (shop.arrears, shop.restricted) == (10_000, True)
    top_up = TopUp(reference="t-1", account=Account.CASH_WECHAT, amount=4_000)
    decision = decide(top_up, shop, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    collected = decision[1]
    assert isinstance(collected, ArrearsCollected)
    assert (collected.amount, collected.arrears_left) == (4_000, 6_000)
    part = fold(shop, decision)
    assert (part.arrears, part.available[Account.CASH_WECHAT]) == (6_000, 0)
    rest = TopUp(reference="t-2", account=Account.DEPOSIT, amount=10_000)
    decision = decide(rest, part, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    assert isinstance(decision[-1], RestrictionLifted)
    assert (fold(part, decision).deposit, fold(part, decision).restricted) == (4_000, False)


def test_a_shop_in_arrears_is_restricted_at_once() -> None:
    decision = decide(a_refund(), Funds(), NOW, POLICY)
    assert not isinstance(decision, Rejection)
    assert ShopRestricted(at=NOW, arrears=10_000, limit=POLICY.arrears_max) in decision


def test_a_deposit_below_its_required_level_is_noticed_once_and_its_return_too() -> None:
    shop = after(a_shop(deposit=20_000), RequireDeposit(level=15_000))
    decision = decide(a_refund(), shop, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    assert DepositFellBelowRequired(at=NOW, deposit=10_000, level=15_000) in decision
    below = fold(shop, decision)
    more = TopUp(reference="more", account=Account.DEPOSIT, amount=1_000)
    assert not any(isinstance(e, DepositFellBelowRequired) for e in _granted(more, below))
    enough = TopUp(reference="enough", account=Account.DEPOSIT, amount=5_000)
    assert DepositRestored(at=NOW, deposit=15_000, level=15_000) in _granted(enough, below)


def test_settlement_shares_escrow_among_those_who_earned() -> None:
    settle = SettleOrder(order_id="order-1", channel=PaymentChannel.WECHAT, shares=SHARES)
    assert after(Funds(), settle).available[Account.CASH_WECHAT] == 8_300
    nothing = Shares(shop=0, talent=0, agency=0, service_fee=0)
    empty = SettleOrder(order_id="order-1", channel=PaymentChannel.WECHAT, shares=nothing)
    assert decide(empty, Funds(), NOW, POLICY) == ()


def test_movements_that_make_no_sense_are_refused() -> None:
    shop = a_shop(alipay=100, deposit=100)
    refused: dict[FundsCommand, str] = {
        TopUp(reference="n", account=Account.DEPOSIT, amount=-1): "amount_not_movable",
        TopUp(reference="0", account=Account.DEPOSIT, amount=0): "amount_not_movable",
        TopUp(reference="e", account=Account.ESCROW, amount=1): "amount_not_movable",
        TopUp(reference="max", account=Account.DEPOSIT, amount=2**63): "amount_not_movable",
        WithdrawCash(reference="w", account=Account.CASH_ALIPAY, amount=101): (
            "balance_insufficient"
        ),
        WithdrawCash(reference="d", account=Account.DEPOSIT, amount=1): "balance_insufficient",
    }
    for command, code in refused.items():
        decision = decide(command, shop, NOW, POLICY)
        assert isinstance(decision, Rejection), command
        assert decision.code == code


def test_a_reference_that_was_booked_moves_no_money_again() -> None:
    shop = a_shop(alipay=100)
    for command in (
        TopUp(reference="p-1", account=Account.DEPOSIT, amount=1),
        WithdrawCash(reference="p-1", account=Account.CASH_ALIPAY, amount=1),
    ):
        assert not isinstance(decide(command, shop, NOW, POLICY), Rejection)
        again = decide(command, shop, NOW, POLICY, reference_booked=True)
        assert isinstance(again, Rejection)
        assert again.code is RejectionCode.REFERENCE_REPEATED


def _granted(command: FundsCommand, funds: Funds) -> tuple[object, ...]:
    decision = decide(command, funds, NOW, POLICY)
    assert not isinstance(decision, Rejection)
    return decision


def a_payout(shares: Shares, key: str = "payout-1") -> FundPayout:
    """Return an advance payout of an order's refund."""
    return FundPayout(payout_key=key, order_id="order-1", ticket_id="order-1-1", shares=shares)


WHOLE = Shares(shop=10_000, talent=0, agency=0, service_fee=0)


def test_a_payout_is_charged_to_the_deposit_though_the_cash_would_cover_it() -> None:
    rich = a_shop(alipay=50_000, deposit=4_000)
    paid = after(rich, a_payout(WHOLE))
    assert paid.available[Account.CASH_ALIPAY] == 50_000
    assert (paid.deposit, paid.arrears, paid.restricted) == (-6_000, 6_000, True)
    assert after(paid, a_payout(WHOLE)) == paid, "the same key again moves nothing"
    done = after(paid, CompleteRefund(refund_key="payout-1"))
    assert (done.deposit, dict(done.in_transit)) == (-6_000, {})


def test_a_refused_payout_goes_back_and_lifts_what_it_had_brought() -> None:
    shop = a_shop(deposit=4_000)
    back = after(shop, a_payout(WHOLE), ReverseFunding(refund_key="payout-1"))
    assert (back.deposit, back.restricted, dict(back.in_transit)) == (4_000, False, {})
    again = after(back, a_payout(WHOLE, "payout-2"))
    assert again.deposit == -6_000


def test_in_the_period_a_payout_too_takes_back_what_others_earned() -> None:
    decision = decide(a_payout(SHARES), a_shop(deposit=20_000), NOW, POLICY)
    assert not isinstance(decision, Rejection)
    (reserved,) = decision
    assert isinstance(reserved, PayoutFundsReserved)
    assert (reserved.amount, reserved.borne) == (10_000, 8_300)
    taken = {account: change_of(account, reserved.journal) for account in Account}
    assert taken[Account.DEPOSIT] == -8_300
    assert taken[Account.TALENT] == -1_000
    assert taken[Account.PLATFORM_ADVANCE] == 0

"""What a refund would cost: who pays right now, what is borne, and what does not come back."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.funds.accounts import Account
from app.domain.funds.commands import TopUp
from app.domain.funds.state import Funds
from app.domain.funds.waterfall import choose, shortfall
from app.domain.money import AMOUNT_MAX, share_of
from app.domain.order.answers import AgreeToApplication, ApplicationAgreed
from app.domain.order.commission_split import cost_of_opening, cost_of_ticket
from app.domain.order.decide import decide, looks_at_funds
from app.domain.order.entries import AfterSalesEntryOpened, OpenAfterSalesEntry
from app.domain.order.facts import CommissionTerms, OrderFacts
from app.domain.order.refunds import RecordRefundFunding, RefundFunded
from app.domain.order.registration import RecordSettlement
from app.domain.order.returns import ConfirmReturnReceipt
from app.domain.policy import POLICY
from app.domain.refunds import CostPreview, FundingSource, Shares, differs
from app.domain.rejections import Rejection, RejectionCode
from tests.domain.funds.test_waterfall import a_refund, a_shop, after, funded
from tests.domain.search_depth import bounded
from tests.support.orders import (
    DAY,
    FIRST_TICKET,
    HOUR,
    OPENED,
    RECEIVED,
    History,
    accepted,
    agree,
    an_item,
    order_facts,
    order_with_ticket,
    paid_on_delivery,
    received_order,
    refund_arrived,
    request_refund,
    some,
)

SETTLED = RECEIVED + 2 * DAY


def settled(facts: OrderFacts | None = None) -> History:
    """Return an order whose money has left escrow."""
    return received_order(facts or order_facts()).then(
        RecordSettlement(settled_at=SETTLED), at=SETTLED
    )


def on_terms(talent: int, agency: int, fee: int, *, amount: int = 10_000) -> CostPreview:
    """Return the cost of opening the entry of a settled order on these terms."""
    terms = CommissionTerms(
        talent_basis_points=talent, agency_basis_points=agency, service_fee_basis_points=fee
    )
    facts = replace(order_facts(an_item(amount_paid=amount)), commission=terms)
    return cost_of_opening(settled(facts).order, Funds())


@pytest.mark.parametrize(
    ("amount", "basis_points", "share"),
    [
        (10_000, 60, 60),
        (0, 10_000, 0),
        (10_000, 0, 0),
        (1, 10_000, 1),
        (1, 4_999, 0),
        (1, 5_000, 1),
        (3, 5_000, 2),
        (83, 60, 0),
        (84, 60, 1),
        (AMOUNT_MAX, 10_000, AMOUNT_MAX),
        (AMOUNT_MAX, 5_000, (AMOUNT_MAX + 1) // 2),
    ],
)
def test_a_share_is_rounded_half_up_to_the_minor_unit(
    amount: int, basis_points: int, share: int
) -> None:
    assert share_of(amount, basis_points) == share


def test_each_commission_and_the_fee_are_worked_out_by_themselves_of_what_is_refundable() -> None:
    preview = on_terms(2_000, 500, 60, amount=12_345)
    assert (preview.currency, preview.refundable) == ("CNY", 12_345)
    assert preview.talent_commission_kept == 2_469
    assert preview.agency_commission_kept == 617
    assert preview.service_fee_kept == 74


def test_each_part_is_rounded_alone_so_three_halves_make_three_units() -> None:
    preview = on_terms(50, 50, 50, amount=100)
    kept = preview.talent_commission_kept, preview.agency_commission_kept, preview.service_fee_kept
    assert kept == (1, 1, 1)


def test_where_nothing_is_refundable_nothing_is_lost() -> None:
    refunded = (
        settled()
        .then(OpenAfterSalesEntry(), at=OPENED)
        .then(request_refund(some(amount=10_000)), at=OPENED + HOUR)
        .then(agree(), at=OPENED + 2 * HOUR)
        .then(refund_arrived(), at=OPENED + DAY)
    )
    preview = cost_of_opening(refunded.order, a_shop(alipay=1))
    assert preview == CostPreview(
        currency="CNY",
        refundable=0,
        source=FundingSource.CASH,
        borne=0,
        talent_commission_kept=0,
        agency_commission_kept=0,
        service_fee_kept=0,
        shortfall=0,
    )


@pytest.mark.parametrize(
    ("funds", "source", "missing"),
    [
        (a_shop(alipay=10_000, deposit=10_000), FundingSource.CASH, 0),
        (a_shop(alipay=9_999, deposit=10_000), FundingSource.DEPOSIT, 0),
        (a_shop(alipay=9_999, wechat=10_000), FundingSource.PLATFORM_ADVANCE, 1),
        (a_shop(alipay=4_000, deposit=7_000), FundingSource.PLATFORM_ADVANCE, 3_000),
        (Funds(), FundingSource.PLATFORM_ADVANCE, 10_000),
    ],
)
def test_the_preview_names_what_would_pay_right_now_and_what_is_missing(
    funds: Funds, source: FundingSource, missing: int
) -> None:
    preview = cost_of_opening(settled().order, funds)
    assert (preview.source, preview.borne, preview.shortfall) == (source, 10_000, missing)


def test_before_settlement_escrow_pays_and_nobody_keeps_what_nobody_has_earned() -> None:
    preview = cost_of_opening(received_order().order, Funds())
    assert (preview.source, preview.borne, preview.shortfall) == (FundingSource.ESCROW, 10_000, 0)
    assert preview.talent_commission_kept == preview.service_fee_kept == 0


def test_in_the_period_what_others_earned_comes_back_and_is_not_borne() -> None:
    applied = settled().then(request_refund(some(amount=5_000)), at=SETTLED + HOUR)
    ticket = applied.order.tickets[FIRST_TICKET]
    preview = cost_of_ticket(applied.order, ticket, a_shop(alipay=5_000))
    assert (preview.refundable, preview.borne) == (5_000, 4_370)
    assert preview.talent_commission_kept == preview.agency_commission_kept == 0
    assert preview.source is FundingSource.CASH


def test_cash_on_delivery_is_not_ours_to_move_so_no_source_is_named() -> None:
    facts = order_facts(payment=paid_on_delivery(10_000))
    preview = cost_of_opening(received_order(facts).order, Funds())
    assert (preview.source, preview.shortfall, preview.borne) == (None, None, 10_000)


def test_while_a_refund_is_under_way_the_rest_can_still_be_previewed() -> None:
    applied = settled().then(request_refund(some(amount=9_000)), at=SETTLED + HOUR)
    under_way = applied.then(agree(), at=SETTLED + 2 * HOUR)
    assert cost_of_opening(under_way.order, Funds()).refundable == 10_000


@given(
    cash=st.integers(0, 3) | st.integers(0, AMOUNT_MAX // 4),
    deposit=st.integers(0, 3) | st.integers(0, AMOUNT_MAX // 4),
    owed=st.integers(0, 3) | st.integers(0, AMOUNT_MAX // 4),
    amount=st.integers(1, 5) | st.integers(1, AMOUNT_MAX // 4),
)
@bounded(examples=300)
def test_a_top_up_of_the_shortfall_and_no_less_lets_the_shops_own_money_pay(
    cash: int, deposit: int, owed: int, amount: int
) -> None:
    funds = a_shop(deposit=deposit)
    if owed > deposit:  # an advance that leaves the shop in arrears
        funds = after(funds, replace(a_refund(owed), refund_key="earlier"))
    funds = replace(funds, available={**funds.available, Account.CASH_ALIPAY: cash})
    wanted = a_refund(amount)
    missing = shortfall(wanted, funds)
    own = {FundingSource.CASH, FundingSource.DEPOSIT}

    def sources(top_up: int) -> set[FundingSource]:
        return {funded(wanted, paid_in(funds, account, top_up)).source for account in ACCOUNTS}

    assert (choose(wanted, funds).source in own) == (missing == 0)
    if missing:
        assert sources(missing) & own
        assert not sources(missing - 1) & own


ACCOUNTS = (Account.CASH_ALIPAY, Account.DEPOSIT)


def paid_in(funds: Funds, account: Account, amount: int) -> Funds:
    """Return the money after a top-up, if there is anything to pay in."""
    return after(funds, TopUp(reference="t", account=account, amount=amount)) if amount else funds


def test_agreement_notes_the_cost_only_where_it_was_acknowledged() -> None:
    given_ticket, funds = order_with_ticket(), a_shop(alipay=50_000)
    for acknowledged in (False, True):
        command = AgreeToApplication(ticket_id=FIRST_TICKET, cost_acknowledged=acknowledged)
        assert looks_at_funds(command) is acknowledged
        granted = decide(command, given_ticket.order, OPENED + 2 * HOUR, POLICY, funds)
        assert not isinstance(granted, Rejection)
        (agreed,) = granted.events
        assert isinstance(agreed, ApplicationAgreed)
        expected = cost_of_ticket(
            given_ticket.order, given_ticket.order.tickets[FIRST_TICKET], funds
        )
        assert agreed.acknowledged_cost == (expected if acknowledged else None)


def test_confirming_a_return_looks_at_the_money_only_where_the_cost_was_acknowledged() -> None:
    assert not looks_at_funds(ConfirmReturnReceipt(ticket_id=FIRST_TICKET))
    assert looks_at_funds(ConfirmReturnReceipt(ticket_id=FIRST_TICKET, cost_acknowledged=True))


def test_a_shop_in_arrears_opens_no_entry_until_a_top_up_and_what_is_open_stays() -> None:
    owing = after(Funds(), a_refund(1))
    assert owing.restricted
    given_order = received_order()
    refused = decide(OpenAfterSalesEntry(), given_order.order, OPENED, POLICY, owing)
    assert isinstance(refused, Rejection)
    assert refused.code is RejectionCode.SHOP_RESTRICTED
    assert dict(refused.facts) == {"arrears": 1, "limit": 0}
    lifted = paid_in(owing, Account.DEPOSIT, 1)
    opened = decide(OpenAfterSalesEntry(), given_order.order, OPENED, POLICY, lifted)
    assert not isinstance(opened, Rejection)
    assert isinstance(opened.events[0], AfterSalesEntryOpened)
    again = given_order.then(OpenAfterSalesEntry(), at=OPENED)
    assert (
        accepted(decide(OpenAfterSalesEntry(), again.order, OPENED + HOUR, POLICY, owing)).events
        == ()
    )


def funding(source: FundingSource, borne: int) -> RecordRefundFunding:
    """Tell which source pays."""
    return RecordRefundFunding(
        ticket_id=FIRST_TICKET,
        refund_key="shop-1/order-1-1",
        source=source,
        shares=Shares(shop=borne, talent=0, agency=0, service_fee=0),
        insufficient=False,
    )


def funded_after(history: History, source: FundingSource, borne: int) -> RefundFunded:
    """Return what is noted of the source of an agreed refund."""
    at = history.order.updated_at + HOUR
    (event,) = accepted(history.ask(funding(source, borne), at=at)).events
    assert isinstance(event, RefundFunded)
    return event


def test_a_refund_is_held_against_the_cost_acknowledged_when_opening() -> None:
    agreed = order_with_ticket().then(agree(), at=OPENED + 2 * HOUR)
    opened = cost_of_opening(received_order().order, Funds())
    for source, borne, unlike in (
        (FundingSource.ESCROW, 1_000, False),
        (FundingSource.ESCROW, 10_000, False),
        (FundingSource.CASH, 1_000, True),
        (FundingSource.ESCROW, 10_001, True),
    ):
        event = funded_after(agreed, source, borne)
        assert event.preview == opened
        assert differs(event.preview, event.source, borne) is unlike


def test_the_cost_acknowledged_last_counts() -> None:
    acknowledging = AgreeToApplication(ticket_id=FIRST_TICKET, cost_acknowledged=True)
    ticket = order_with_ticket().order.tickets[FIRST_TICKET]
    event = funded_after(
        order_with_ticket().then(acknowledging, at=OPENED + 2 * HOUR), FundingSource.CASH, 1
    )
    assert event.preview == cost_of_ticket(order_with_ticket().order, ticket, Funds())


def test_without_an_acknowledgement_there_is_nothing_to_compare_with() -> None:
    in_period = received_order().then(request_refund(), at=RECEIVED + HOUR)
    agreed = in_period.then(agree(), at=RECEIVED + 2 * HOUR)
    event = funded_after(agreed, FundingSource.CASH, 1)
    assert event.preview is None
    assert differs(None, FundingSource.CASH, 1) is None

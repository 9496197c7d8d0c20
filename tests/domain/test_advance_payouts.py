"""Advance payouts: after a refusal only, one at a time, above an amount by two persons."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.order.commands import OrderCommand
from app.domain.order.commission_split import shares_at_settlement
from app.domain.order.decide import Accepted
from app.domain.order.payouts import (
    AdvancePayoutPaid,
    AdvancePayoutRequested,
    AdvancePayoutStarted,
    DeclineAdvancePayout,
)
from app.domain.order.refunds import RecordRefundSuccess, RecordRefundUnknown
from app.domain.order.registration import RecordSettlement
from app.domain.order.tickets import TicketState
from app.domain.payees import masked_account, masked_holder
from app.domain.policy import POLICY
from app.domain.refunds import KEY_OF_ANOTHER, PayoutStatus, RefundStatus, Shares
from app.domain.rejections import RejectionCode
from tests.domain.search_depth import bounded
from tests.support.orders import (
    FIRST_TICKET,
    HOUR,
    History,
    accepted,
    code_of,
    order_with_ticket,
)
from tests.support.payouts import (
    AGREED,
    ASKED,
    LATER,
    REFUND_KEY,
    SMALL,
    approve,
    paid,
    payout_key,
    payout_refused,
    payout_unknown,
    refund_on_its_way,
    refused_refund,
    start,
)

LARGE = SMALL + 1
DECLINE = DeclineAdvancePayout(
    ticket_id=FIRST_TICKET, payout_key=payout_key(), declined_by="ada", note=None
)


def started(amount: int = SMALL) -> History:
    """Given a payout on its way."""
    return refused_refund(amount).then(start(), at=ASKED)


def status_of(given: History) -> PayoutStatus:
    """Return how the latest payout stands."""
    payout = given.tickets[FIRST_TICKET].last_payout
    assert payout is not None
    return payout.status


def test_up_to_the_amount_of_one_person_a_payout_goes_at_once() -> None:
    requested, begun = accepted(refused_refund(SMALL).ask(start(), at=ASKED)).events
    assert isinstance(requested, AdvancePayoutRequested)
    assert not requested.needs_approval
    assert isinstance(begun, AdvancePayoutStarted)
    assert (begun.amount, begun.approved_by, begun.payout_key) == (SMALL, None, payout_key())


def test_above_it_another_person_must_approve() -> None:
    waiting = refused_refund(LARGE).then(start(by="ada"), at=ASKED)
    assert status_of(waiting) is PayoutStatus.REQUESTED
    own = waiting.ask(approve(by="ada"), at=LATER)
    assert code_of(own) is RejectionCode.PAYOUT_APPROVED_BY_REQUESTER
    (begun,) = accepted(waiting.ask(approve(by="bob"), at=LATER)).events
    assert isinstance(begun, AdvancePayoutStarted)
    assert (begun.amount, begun.approved_by) == (LARGE, "bob")


def test_declined_it_never_goes_and_another_may_follow() -> None:
    declined = refused_refund(LARGE).then(start(), at=ASKED).then(DECLINE, at=LATER)
    assert status_of(declined) is PayoutStatus.DECLINED
    for command in (approve(), DECLINE):
        refused = declined.ask(command, at=LATER)
        assert code_of(refused) is RejectionCode.PAYOUT_NOT_AWAITING_APPROVAL
    for told in (paid(), payout_refused(), payout_unknown()):
        assert code_of(declined.ask(told, at=LATER)) is RejectionCode.PAYOUT_NOT_UNDER_WAY
    assert status_of(declined.then(start(2), at=LATER)) is PayoutStatus.REQUESTED


UNKNOWN = RecordRefundUnknown(ticket_id=FIRST_TICKET, refund_key=REFUND_KEY, why="timed_out")


def test_an_unknown_outcome_is_told_once_and_once_more_if_a_person_must_look() -> None:
    taken = replace(UNKNOWN, why=KEY_OF_ANOTHER)
    lost = refund_on_its_way().then(UNKNOWN, at=AGREED)
    found = lost.then(taken, at=ASKED)
    assert accepted(lost.ask(UNKNOWN, at=ASKED)).events == ()
    assert len(found.events) == len(lost.events) + 1
    for again in (taken, UNKNOWN):
        assert accepted(found.ask(again, at=LATER)).events == ()
    payout_taken = replace(payout_unknown(), why=KEY_OF_ANOTHER)
    payout = started().then(payout_unknown(), at=ASKED).then(payout_taken, at=ASKED)
    assert payout.tickets[FIRST_TICKET].payouts[0].key_of_another
    for told in (payout_unknown(), payout_taken):
        assert accepted(payout.ask(told, at=LATER)).events == ()
    assert status_of(payout.then(paid(), at=LATER)) is PayoutStatus.PAID, (
        "the provider's word ends it"
    )


PAID_BACK = RecordRefundSuccess(
    ticket_id=FIRST_TICKET, refund_key=REFUND_KEY, provider_reference="p-0"
)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (order_with_ticket(), RejectionCode.REFUND_NOT_REFUSED),
        (refund_on_its_way(), RejectionCode.REFUND_NOT_REFUSED),
        (refund_on_its_way().then(UNKNOWN, at=AGREED), RejectionCode.REFUND_NOT_REFUSED),
        (refund_on_its_way().then(PAID_BACK, at=AGREED), RejectionCode.TICKET_FINAL),
        (refused_refund(LARGE).then(start(), at=ASKED), RejectionCode.PAYOUT_UNDER_WAY),
        (started(), RejectionCode.PAYOUT_UNDER_WAY),
        (started().then(payout_unknown(), at=ASKED), RejectionCode.PAYOUT_UNDER_WAY),
        (started().then(paid(), at=ASKED), RejectionCode.TICKET_FINAL),
    ],
)
def test_none_is_started_but_after_a_refusal_and_with_nothing_else_under_way(
    given: History, code: RejectionCode
) -> None:
    assert code_of(given.ask(start(2), at=LATER)) is code


def test_nothing_is_approved_or_declined_that_nobody_asked_for() -> None:
    for command in (approve(), DECLINE):
        assert code_of(refused_refund().ask(command, at=ASKED)) is RejectionCode.PAYOUT_NOT_FOUND
    late = started().ask(approve(), at=LATER)
    assert code_of(late) is RejectionCode.PAYOUT_NOT_AWAITING_APPROVAL


def test_paid_the_ticket_has_succeeded_and_the_order_counts_it_as_refunded() -> None:
    (end,) = accepted(started().ask(paid(), at=LATER)).events
    assert isinstance(end, AdvancePayoutPaid)
    done = started().and_events(end)
    assert done.tickets[FIRST_TICKET].state is TicketState.SUCCEEDED
    assert (done.order.refunded, done.order.refundable) == (SMALL, 0)
    refund = done.tickets[FIRST_TICKET].refund
    assert refund is not None
    assert refund.status is RefundStatus.REFUSED, "under its own key it never was paid"


def test_unknown_stays_so_until_it_ends() -> None:
    unknown = started().then(payout_unknown(), at=LATER)
    assert accepted(unknown.ask(payout_unknown(), at=LATER)).events == ()
    assert status_of(unknown.then(paid(), at=LATER)) is PayoutStatus.PAID
    assert status_of(unknown.then(payout_refused(), at=LATER)) is PayoutStatus.REFUSED


def test_an_end_stays_the_end_and_told_again_changes_nothing() -> None:
    done, refused = started().then(paid(), at=LATER), started().then(payout_refused(), at=LATER)
    assert accepted(done.ask(paid(), at=LATER)).events == ()
    assert accepted(refused.ask(payout_refused(), at=LATER)).events == ()
    assert code_of(done.ask(payout_refused(), at=LATER)) is RejectionCode.PAYOUT_NOT_UNDER_WAY
    assert code_of(refused.ask(paid(), at=LATER)) is RejectionCode.PAYOUT_NOT_UNDER_WAY
    second = refused.then(start(2), at=LATER)
    assert accepted(second.ask(payout_refused(1), at=LATER)).events == ()
    assert status_of(second.then(paid(2), at=LATER)) is PayoutStatus.PAID


def test_asked_for_again_under_its_key_nothing_follows() -> None:
    assert accepted(started().ask(start(), at=LATER)).events == ()


def test_a_ticket_takes_a_bounded_number_of_payouts() -> None:
    given = refused_refund()
    for number in range(POLICY.payouts_max):
        given = given.then(start(number), at=ASKED).then(payout_refused(number), at=ASKED)
    refused = given.ask(start(POLICY.payouts_max), at=LATER)
    assert code_of(refused) is RejectionCode.PAYOUT_LIMIT_REACHED


def test_escrow_keeps_what_was_paid_in_advance_and_settles_it_to_the_shop() -> None:
    settled = RecordSettlement(settled_at=LATER + HOUR)
    done = started(10_000).then(paid(), at=LATER)
    assert shares_at_settlement(done.order).total == 10_000
    after = done.then(settled, at=LATER + HOUR).order.settled_shares
    assert after is not None
    assert (after.total, after.talent) == (10_000, 1_000), "past the period commissions stay"
    ticket = replace(done.tickets[FIRST_TICKET], overdue=False)
    in_period = replace(done.order, tickets={FIRST_TICKET: ticket})
    whole = Shares(shop=10_000, talent=0, agency=0, service_fee=0)
    assert shares_at_settlement(in_period) == whole, "in it nobody earns on what was refunded"


def test_past_the_period_a_payout_is_borne_by_the_shop_alone_though_others_earned_on_it() -> None:
    settled = refused_refund(10_000).then(RecordSettlement(settled_at=ASKED), at=ASKED)
    shares = settled.order.settled_shares
    assert shares is not None
    assert shares.talent > 0
    _, begun = accepted(settled.ask(start(), at=LATER)).events
    assert isinstance(begun, AdvancePayoutStarted)
    assert begun.shares == Shares(shop=10_000, talent=0, agency=0, service_fee=0)


def test_a_refund_the_provider_refused_is_never_recorded_as_paid() -> None:
    paid_after_all = RecordRefundSuccess(
        ticket_id=FIRST_TICKET, refund_key=REFUND_KEY, provider_reference="p-1"
    )
    assert accepted(refund_on_its_way().ask(paid_after_all, at=ASKED)).events
    assert code_of(refused_refund().ask(paid_after_all, at=ASKED)) is RejectionCode.NOT_REFUNDING


NUMBERS = st.integers(1, 3)
COMMANDS: st.SearchStrategy[OrderCommand] = st.one_of(
    NUMBERS.map(start),
    NUMBERS.map(approve),
    st.just(DECLINE),
    NUMBERS.map(paid),
    NUMBERS.map(payout_refused),
    NUMBERS.map(payout_unknown),
)


@given(st.sampled_from([SMALL, LARGE]), st.lists(COMMANDS, max_size=25))
@bounded(examples=150)
def test_whatever_is_asked_and_told_at_most_one_pays_and_only_one_is_under_way(
    amount: int, commands: list[OrderCommand]
) -> None:
    history = refused_refund(amount)
    for command in commands:
        decision = history.ask(command, at=LATER)
        if isinstance(decision, Accepted):
            history = history.and_events(*decision.all_events)
        ticket = history.tickets[FIRST_TICKET]
        ended = {PayoutStatus.REFUSED, PayoutStatus.DECLINED}
        assert all(one.status in ended for one in ticket.payouts[:-1])
        paid_out = [one for one in ticket.payouts if one.status is PayoutStatus.PAID]
        assert len(paid_out) == (ticket.state is TicketState.SUCCEEDED)
        assert history.order.refunded == amount * len(paid_out)
        if amount > SMALL:
            approved = [e for e in history.events if isinstance(e, AdvancePayoutStarted)]
            assert all(event.approved_by == "bob" for event in approved)


@pytest.mark.parametrize(
    ("account", "mask"),
    [
        ("13812341234", "138****1234"),
        ("6222020200012345678", "622****5678"),
        ("wx_ab12c", "wx****2c"),
        ("abcde", "a****"),
        ("abc", "****"),
        ("someone@example.com", "s****@example.com"),
    ],
)
def test_of_an_account_only_a_mask_is_shown(account: str, mask: str) -> None:
    assert masked_account(account) == mask


@pytest.mark.parametrize(
    ("holder", "mask"), [("王明", "*明"), ("欧阳小明", "***明"), ("明", "*"), ("Jo Doe", "***e")]
)
def test_of_a_name_only_its_end_is_shown(holder: str, mask: str) -> None:
    assert masked_holder(holder) == mask

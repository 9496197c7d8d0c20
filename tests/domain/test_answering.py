"""The merchant's answers: agreeing without return, thinking again, the assistant, remarks."""

import pytest

from app.domain.attachments import Attachment, MediaType
from app.domain.order.answers import (
    AgreeToApplication,
    ApplicationAgreed,
    ApplyAssistantRule,
    AssistantNotified,
    ProcessRejectedTicket,
    RejectApplication,
    RejectionReversed,
)
from app.domain.order.applications import AddTicketRemark, TicketRemarked
from app.domain.order.arbitration import RuleArbitration
from app.domain.order.returns import RejectReturnedGoods
from app.domain.order.tickets import (
    AssistantAction,
    Blame,
    DueAction,
    Ruling,
    Side,
    TicketState,
    TicketType,
)
from app.domain.reasons import RejectReason
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import APPLIED, SAMPLES, a_ticket, modify, ship_back, the_ticket
from tests.support.orders import (
    DAY,
    FIRST_TICKET,
    HOUR,
    a_photo,
    accepted,
    agree,
    code_of,
    refund_arrived,
    refusal_of,
    refuse,
)
from tools.checks.states.samples import RULE

WITHOUT_RETURN = AgreeToApplication(ticket_id=FIRST_TICKET, without_return=True)
PROCESS = ProcessRejectedTicket(ticket_id=FIRST_TICKET)
LATER = APPLIED + DAY


def by_rule(action: AssistantAction) -> ApplyAssistantRule:
    """Let a rule of the assistant act."""
    return ApplyAssistantRule(ticket_id=FIRST_TICKET, rule=RULE, action=action)


def remark(side: Side = Side.MERCHANT, *pictures: Attachment) -> AddTicketRemark:
    """Add a remark."""
    return AddTicketRemark(ticket_id=FIRST_TICKET, side=side, text="已联系", pictures=pictures)


@pytest.mark.parametrize(
    ("of", "leads_to"),
    [
        (TicketType.RETURN_AND_REFUND, TicketState.REFUNDING),
        (TicketType.EXCHANGE, TicketState.AWAITING_REPLACEMENT),
        (TicketType.REPAIR, TicketState.AWAITING_REPLACEMENT),
    ],
)
def test_agreeing_without_return_leaves_the_goods_where_they_are(
    of: TicketType, leads_to: TicketState
) -> None:
    (agreed,) = accepted(a_ticket(of=of).ask(WITHOUT_RETURN, at=LATER)).events
    assert isinstance(agreed, ApplicationAgreed)
    assert (agreed.without_return, agreed.automatic, agreed.state) == (True, False, leads_to)


def test_goods_left_with_the_buyer_are_not_counted_as_returned() -> None:
    paid = a_ticket(WITHOUT_RETURN, refund_arrived())
    assert paid.order.refunds["item-1"].quantity_returned == 0
    assert paid.order.refunded == 1_000


def test_goods_the_buyer_may_keep_are_not_asked_for_again_by_a_ruling() -> None:
    unshipped = a_ticket(WITHOUT_RETURN, of=TicketType.EXCHANGE).once_timers_ran(
        at=APPLIED + 3 * DAY
    )
    assert the_ticket(unshipped).state is TicketState.IN_ARBITRATION
    ruling = RuleArbitration(
        ticket_id=FIRST_TICKET,
        ruling=Ruling.FOR_BUYER,
        blame=Blame.MERCHANT,
        final_amount=None,
        note=None,
    )
    ruled = unshipped.then(ruling, at=APPLIED + 3 * DAY)
    assert the_ticket(ruled).state is TicketState.AWAITING_REPLACEMENT


def test_a_rejection_may_be_thought_over_and_leads_where_agreeing_would_have_led() -> None:
    given = a_ticket(refuse())
    (reversed_,) = accepted(given.ask(PROCESS, at=LATER)).events
    assert isinstance(reversed_, RejectionReversed)
    assert reversed_.state is TicketState.AWAITING_RETURN
    assert reversed_.due is not None
    assert reversed_.due.at == LATER + 7 * DAY
    again = given.then(PROCESS, at=LATER).ask(PROCESS, at=LATER)
    assert code_of(again) is RejectionCode.TICKET_NOT_REJECTED


def test_rejected_goods_taken_after_all_are_paid_for_without_coming_back_again() -> None:
    rejected = a_ticket(agree(), ship_back(), SAMPLES[RejectReturnedGoods])
    taken = rejected.then(PROCESS, at=LATER)
    assert the_ticket(taken).state is TicketState.REFUNDING
    paid = taken.then(refund_arrived(), at=LATER)
    assert paid.order.refunds["item-1"].quantity_returned == 1


def test_a_rule_of_the_assistant_agrees_and_is_named_with_its_version() -> None:
    (agreed,) = accepted(a_ticket().ask(by_rule(AssistantAction.AGREE), at=LATER)).events
    assert isinstance(agreed, ApplicationAgreed)
    assert (agreed.automatic, agreed.rule, agreed.without_return) == (True, RULE, False)
    assert agreed.state is TicketState.AWAITING_RETURN
    kept = accepted(a_ticket().ask(by_rule(AssistantAction.AGREE_WITHOUT_RETURN), at=LATER))
    (without_return,) = kept.events
    assert isinstance(without_return, ApplicationAgreed)
    assert (without_return.without_return, without_return.state) == (True, TicketState.REFUNDING)


def test_a_rule_that_only_notifies_does_so_once_for_each_wish_and_changes_nothing() -> None:
    given, notify = a_ticket(), by_rule(AssistantAction.NOTIFY_ONLY)
    (notified,) = accepted(given.ask(notify, at=LATER)).events
    assert isinstance(notified, AssistantNotified)
    assert (notified.state, notified.due) == (the_ticket(given).state, the_ticket(given).due)
    once = given.then(notify, at=LATER)
    assert accepted(once.ask(notify, at=LATER)).events == ()
    changed = once.then(modify(TicketType.REFUND_ONLY), at=LATER)
    assert len(accepted(changed.ask(notify, at=LATER)).events) == 1


@pytest.mark.parametrize("reason", RejectReason)
def test_each_reason_goes_with_the_application_the_returned_goods_or_both(
    reason: RejectReason,
) -> None:
    evidence = (a_photo(),)
    of_goods = reason.value.startswith("return_")
    of_both = reason in {RejectReason.DAMAGED_BY_BUYER, RejectReason.OTHER}
    application = RejectApplication(
        ticket_id=FIRST_TICKET, reason=reason, note=None, evidence=evidence
    )
    goods = RejectReturnedGoods(ticket_id=FIRST_TICKET, reason=reason, note=None, evidence=evidence)
    for outcome, fits in (
        (a_ticket().ask(application, at=LATER), not of_goods),
        (a_ticket(agree(), ship_back()).ask(goods, at=LATER), of_goods or of_both),
    ):
        if fits:
            assert len(accepted(outcome).events) == 1
        else:
            refused = refusal_of(outcome)
            assert refused.code is RejectionCode.REASON_NOT_FOR_DECISION
            assert refused.facts["reason"] == reason.value


@pytest.mark.parametrize("side", Side)
def test_every_side_may_add_a_remark_which_leaves_state_and_deadline_alone(side: Side) -> None:
    given = a_ticket(agree())
    (remarked,) = accepted(given.ask(remark(side, a_photo()), at=LATER)).events
    before = the_ticket(given)
    assert remarked == TicketRemarked(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id="buyer-1",
        side=side,
        text="已联系",
        pictures=(a_photo(),),
        state=before.state,
        due=before.due,
    )


def test_a_remark_does_not_make_a_reminder_come_twice() -> None:
    reminded = a_ticket().once_timers_ran(at=APPLIED + 37 * HOUR)
    again = reminded.then(remark(), at=APPLIED + 38 * HOUR)
    assert again.once_timers_ran(at=APPLIED + 47 * HOUR).events == again.events


def test_a_remark_shows_pictures_only() -> None:
    given = a_ticket()
    for kind in (MediaType.PDF, MediaType.MP4, "image/gif"):
        refused = given.ask(remark(Side.CONSUMER, a_photo(media_type=kind)), at=LATER)
        assert code_of(refused) is RejectionCode.ATTACHMENT_TYPE_NOT_TAKEN
    accepted(given.ask(remark(Side.CONSUMER), at=LATER))


def test_a_ticket_takes_a_hundred_remarks_of_all_sides_together() -> None:
    given = a_ticket()
    for number in range(100):
        given = given.then(remark(tuple(Side)[number % 3]), at=APPLIED)
    refused = refusal_of(given.ask(remark(), at=APPLIED))
    assert refused.code is RejectionCode.REMARK_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 100}
    accepted(given.ask(agree(), at=APPLIED))


def test_what_falls_due_after_an_answer_is_what_the_answer_says() -> None:
    ticket = the_ticket(a_ticket(WITHOUT_RETURN, of=TicketType.REPAIR))
    assert ticket.due is not None
    assert (ticket.due.action, ticket.due.at) == (DueAction.ESCALATE, APPLIED + 49 * HOUR)

"""The platform between both sides: asked for or stepping in, evidence, ruling, peace."""

import pytest

from app.domain.order.answers import ProcessRejectedTicket
from app.domain.order.arbitration import (
    ArbitrationEvidenceSubmitted,
    ArbitrationRequested,
    ArbitrationRuled,
    RequestArbitration,
    SubmitArbitrationEvidence,
    TicketEscalated,
    WithdrawArbitration,
)
from app.domain.order.commands import TicketDecision
from app.domain.order.returns import RejectReturnedGoods
from app.domain.order.tickets import (
    ArbitrationCause,
    Blame,
    Due,
    DueAction,
    Ruling,
    Side,
    TicketState,
    TicketType,
)
from app.domain.rejections import RejectionCode
from tests.domain.ticket_samples import (
    APPLIED,
    ASKED,
    ASKED_AT,
    ESCALATED_AT,
    REFUSED_GOODS,
    REQUEST,
    SAMPLES,
    a_ticket,
    escalated,
    goods_there,
    modify,
    rule_for,
    ruling_of,
    ship_back,
    the_ticket,
)
from tests.support.orders import (
    BUYER,
    CNY,
    DAY,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    a_photo,
    accepted,
    agree,
    code_of,
    refusal_of,
    refuse,
    some,
)

PEACE = SAMPLES[WithdrawArbitration]
LATER = APPLIED + DAY


def prove(side: Side, *, note: str | None = None, photos: int = 1) -> SubmitArbitrationEvidence:
    """Give evidence."""
    return SubmitArbitrationEvidence(
        ticket_id=FIRST_TICKET, side=side, note=note, evidence=(a_photo(),) * photos
    )


@pytest.mark.parametrize("before", [(refuse(),), REFUSED_GOODS], ids=["rejected", "after return"])
def test_the_buyer_brings_a_rejection_before_the_platform(
    before: tuple[TicketDecision, ...],
) -> None:
    (requested,) = accepted(a_ticket(*before).ask(REQUEST, at=LATER)).events
    assert isinstance(REQUEST, RequestArbitration)
    assert requested == ArbitrationRequested(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        note=REQUEST.note,
        evidence=REQUEST.evidence,
        state=TicketState.IN_ARBITRATION,
        due=Due(at=LATER + 7 * DAY, action=DueAction.RULE_FOR_BUYER, remind_at=LATER + 6 * DAY),
    )


def test_seven_days_without_the_merchants_evidence_are_a_ruling_for_the_buyer() -> None:
    rules_at = ASKED_AT + 7 * DAY
    before = ASKED.once_timers_ran(at=rules_at - INSTANT)
    assert the_ticket(before).state is TicketState.IN_ARBITRATION
    assert ruling_of(ASKED.once_timers_ran(at=rules_at)) == ArbitrationRuled(
        at=rules_at,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        automatic=True,
        ruling=Ruling.FOR_BUYER,
        blame=Blame.MERCHANT,
        items=(some(amount=1_000),),
        amount=1_000,
        currency=CNY,
        note=None,
        close_cause=None,
        state=TicketState.AWAITING_RETURN,
        due=Due(at=rules_at + 7 * DAY, action=DueAction.CLOSE, remind_at=rules_at + 6 * DAY),
    )


def test_evidence_of_the_buyer_leaves_the_merchants_deadline_alone() -> None:
    (given,) = accepted(ASKED.ask(prove(Side.CONSUMER), at=LATER)).events
    assert given == ArbitrationEvidenceSubmitted(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        side=Side.CONSUMER,
        note=None,
        evidence=(a_photo(),),
        state=TicketState.IN_ARBITRATION,
        due=the_ticket(ASKED).due,
    )


def test_once_the_merchant_gave_evidence_only_the_platform_rules() -> None:
    proven = ASKED.then(prove(Side.MERCHANT), at=LATER)
    assert the_ticket(proven).due is None
    years_later = proven.once_timers_ran(at=LATER + 1_000 * DAY)
    assert the_ticket(years_later).state is TicketState.IN_ARBITRATION
    and_the_buyer = proven.then(prove(Side.CONSUMER), at=LATER)
    assert the_ticket(and_the_buyer).due is None
    accepted(years_later.ask(rule_for(Ruling.FOR_MERCHANT), at=LATER + 1_000 * DAY))


def test_evidence_is_a_file_or_a_word_and_not_nothing() -> None:
    refused = ASKED.ask(prove(Side.MERCHANT, photos=0), at=LATER)
    assert code_of(refused) is RejectionCode.EVIDENCE_REQUIRED
    accepted(ASKED.ask(prove(Side.MERCHANT, photos=0, note="已核实"), at=LATER))


def test_the_platform_rules_and_gives_no_evidence() -> None:
    refused = refusal_of(ASKED.ask(prove(Side.PLATFORM), at=LATER))
    assert refused.code is RejectionCode.DECISION_OF_ANOTHER_SIDE
    assert dict(refused.facts) == {"side": "platform"}


def test_each_side_gives_evidence_twenty_times_in_one_arbitration() -> None:
    given = ASKED
    for _ in range(20):
        given = given.then(prove(Side.CONSUMER), at=LATER)
    refused = refusal_of(given.ask(prove(Side.CONSUMER), at=LATER))
    assert refused.code is RejectionCode.ARBITRATION_EVIDENCE_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 20}
    accepted(given.ask(prove(Side.MERCHANT), at=LATER))
    again = given.then(PEACE, at=LATER).then(REQUEST, at=LATER)
    accepted(again.ask(prove(Side.CONSUMER), at=LATER))


@pytest.mark.parametrize(
    ("before", "state"),
    [((refuse(),), TicketState.REJECTED), (REFUSED_GOODS, TicketState.REJECTED_AFTER_RETURN)],
    ids=["rejected", "after return"],
)
def test_a_request_taken_back_leaves_the_rejection_with_its_whole_time(
    before: tuple[TicketDecision, ...], state: TicketState
) -> None:
    peace = the_ticket(a_ticket(*before, REQUEST).then(PEACE, at=LATER))
    assert (peace.state, peace.arbitration) == (state, None)
    assert peace.due == Due(at=LATER + 7 * DAY, action=DueAction.CLOSE, remind_at=LATER + 6 * DAY)


def test_a_ticket_comes_before_the_platform_three_times_at_most() -> None:
    given = a_ticket(refuse())
    for _ in range(3):
        given = given.then(REQUEST, at=LATER).then(PEACE, at=LATER)
    refused = refusal_of(given.ask(REQUEST, at=LATER))
    assert refused.code is RejectionCode.ARBITRATION_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 3}
    accepted(given.ask(ProcessRejectedTicket(ticket_id=FIRST_TICKET), at=LATER))


@pytest.mark.parametrize("of", [TicketType.EXCHANGE, TicketType.REISSUE, TicketType.REPAIR])
def test_goods_not_shipped_in_48_hours_bring_the_platform_in(of: TicketType) -> None:
    way = [agree()] if of is TicketType.REISSUE else [agree(), ship_back(), goods_there()]
    granted = a_ticket(*way, of=of)
    at = APPLIED + len(way) * HOUR + 48 * HOUR
    before = the_ticket(granted.once_timers_ran(at=at - INSTANT))
    assert before.state is TicketState.AWAITING_REPLACEMENT
    came_in = granted.once_timers_ran(at=at).events[-1]
    assert came_in == TicketEscalated(
        at=at,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        cause=ArbitrationCause.REPLACEMENT_NOT_SHIPPED,
        state=TicketState.IN_ARBITRATION,
        due=Due(at=at + 7 * DAY, action=DueAction.RULE_FOR_BUYER, remind_at=at + 6 * DAY),
    )


def test_what_the_platform_began_the_buyer_cannot_end() -> None:
    refused = escalated().ask(PEACE, at=ESCALATED_AT)
    assert code_of(refused) is RejectionCode.ESCALATION_NOT_WITHDRAWABLE


def test_the_platforms_stepping_in_is_not_one_of_the_buyers_three_requests() -> None:
    assert the_ticket(escalated()).arbitrations == 0
    assert the_ticket(ASKED).arbitrations == 1


def test_after_a_ruling_a_new_rejection_may_be_disputed_anew() -> None:
    ruled = ASKED.then(rule_for(Ruling.FOR_BUYER), at=LATER)
    refused_goods = ruled.then(ship_back(), at=LATER).then(SAMPLES[RejectReturnedGoods], at=LATER)
    again = the_ticket(refused_goods.then(REQUEST, at=LATER))
    assert again.arbitration is not None
    assert (again.arbitrations, again.arbitration.came_from) == (
        2,
        TicketState.REJECTED_AFTER_RETURN,
    )


def test_in_arbitration_the_application_stays_as_it_is() -> None:
    for command, code in (
        (modify(TicketType.REPAIR), RejectionCode.MODIFICATION_NOT_ALLOWED),
        (ProcessRejectedTicket(ticket_id=FIRST_TICKET), RejectionCode.TICKET_NOT_REJECTED),
        (refuse(), RejectionCode.ALREADY_DECIDED),
        (REQUEST, RejectionCode.ARBITRATION_NOT_AVAILABLE),
    ):
        assert code_of(ASKED.ask(command, at=LATER)) is code

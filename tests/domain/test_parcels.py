"""Parcels both ways: sent back, corrected once, received or refused, replaced, confirmed."""

from datetime import timedelta

import pytest

from app.domain.order.commands import TicketDecision
from app.domain.order.replacements import (
    ConfirmReplacementReceipt,
    ReplacementReceived,
    ReplacementShipped,
    ShipReplacement,
)
from app.domain.order.returns import (
    CorrectReturnShipment,
    ExtendReturnDeadline,
    GoodsShippedBack,
    RejectReturnedGoods,
    ReturnDeadlineExtended,
    ReturnedGoodsRejected,
    ReturnReceived,
    ReturnShipmentCorrected,
)
from app.domain.order.tickets import Due, DueAction, TicketState, TicketType
from app.domain.reasons import RejectReason
from app.domain.rejections import RejectionCode
from app.domain.shipments import Carrier, Shipment
from tests.domain.ticket_samples import (
    APPLIED,
    SAMPLES,
    a_ticket,
    goods_there,
    ship_back,
    the_ticket,
)
from tests.support.orders import (
    BUYER,
    DAY,
    FIRST_TICKET,
    HOUR,
    INSTANT,
    History,
    a_photo,
    accepted,
    agree,
    code_of,
    refusal_of,
)
from tools.checks.states.samples import OTHER_PARCEL, PARCEL

AGREED = a_ticket(agree())
RETURN_BY = APPLIED + HOUR + 7 * DAY
SENT = a_ticket(agree(), ship_back())
SENT_AT = APPLIED + 2 * HOUR
LATER = APPLIED + DAY


def parcel(number: str, carrier: Carrier = Carrier.SF) -> Shipment:
    """Return a parcel as somebody types it in."""
    return Shipment(carrier=carrier, tracking_number=number)


def correct(shipment: Shipment) -> CorrectReturnShipment:
    """Correct the parcel sent back."""
    return CorrectReturnShipment(ticket_id=FIRST_TICKET, shipment=shipment)


def extend(days: int) -> ExtendReturnDeadline:
    """Give the buyer more days."""
    return ExtendReturnDeadline(ticket_id=FIRST_TICKET, days=days)


def test_goods_sent_back_wait_ten_days_for_the_merchant() -> None:
    (sent,) = accepted(AGREED.ask(ship_back(), at=LATER)).events
    assert sent == GoodsShippedBack(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        shipment=PARCEL,
        state=TicketState.AWAITING_MERCHANT_RECEIPT,
        due=Due(at=LATER + 10 * DAY, action=DueAction.CONFIRM_RETURN, remind_at=LATER + 9 * DAY),
    )


@pytest.mark.parametrize("typed", ["sf1234567890", " SF 1234 5678 90 ", "SF\u30001234567890"])
def test_a_tracking_number_is_kept_in_capitals_and_without_spaces(typed: str) -> None:
    sent = the_ticket(AGREED.then(ship_back(parcel(typed)), at=LATER))
    assert sent.return_shipment == PARCEL


@pytest.mark.parametrize(
    "number", ["12345678", "1" * 30 + "23", "JD-0012-3456-78", "EX123456789CN", "ABC123456"]
)
def test_what_carriers_print_is_a_tracking_number(number: str) -> None:
    accepted(AGREED.ask(ship_back(parcel(number)), at=LATER))


@pytest.mark.parametrize(
    "number",
    [
        "",
        "1234567",
        "1" * 31 + "23",
        "ABCDE12345",
        "11111111111",
        "12121212121",
        "-123456789",
        "123456789-",
        "1234_5678_90",
        "一二三四五六七八九",
        "１２３４５６７８９",
        "../../12345678",
        "12345678\x00",
    ],
)
def test_nonsense_is_no_tracking_number_wherever_one_is_given(number: str) -> None:
    given: dict[TicketDecision, History] = {
        ship_back(parcel(number)): AGREED,
        correct(parcel(number)): SENT,
        ShipReplacement(ticket_id=FIRST_TICKET, shipment=parcel(number)): a_ticket(
            agree(), of=TicketType.REISSUE
        ),
    }
    for command, history in given.items():
        refused = refusal_of(history.ask(command, at=LATER))
        assert refused.code is RejectionCode.TRACKING_NUMBER_INVALID
        assert refused.facts["tracking_number"] == number[:64].upper()


def test_a_parcel_is_corrected_once_and_its_deadline_stays() -> None:
    (corrected,) = accepted(SENT.ask(correct(OTHER_PARCEL), at=LATER)).events
    assert corrected == ReturnShipmentCorrected(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        previous=PARCEL,
        shipment=OTHER_PARCEL,
        state=TicketState.AWAITING_MERCHANT_RECEIPT,
        due=the_ticket(SENT).due,
    )
    once = SENT.then(correct(OTHER_PARCEL), at=LATER)
    twice = once.ask(correct(PARCEL), at=LATER)
    assert code_of(twice) is RejectionCode.RETURN_SHIPMENT_ALREADY_CORRECTED


def test_correcting_to_what_it_already_says_changes_nothing_and_is_not_counted() -> None:
    same = correct(parcel(" sf1234567890"))
    assert accepted(SENT.ask(same, at=LATER)).events == ()
    once = SENT.then(correct(OTHER_PARCEL), at=LATER)
    assert accepted(once.ask(correct(OTHER_PARCEL), at=LATER)).events == ()
    wrong_carrier = correct(parcel("SF1234567890", Carrier.ZTO))
    assert len(accepted(SENT.ask(wrong_carrier, at=LATER)).events) == 1


@pytest.mark.parametrize("days", [1, 7])
def test_the_merchant_gives_one_to_seven_days_more_from_the_old_deadline(days: int) -> None:
    (extended,) = accepted(AGREED.ask(extend(days), at=LATER)).events
    new = RETURN_BY + days * DAY
    assert extended == ReturnDeadlineExtended(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        previous_due_at=RETURN_BY,
        days=days,
        state=TicketState.AWAITING_RETURN,
        due=Due(at=new, action=DueAction.CLOSE, remind_at=new - DAY),
    )
    given = AGREED.then(extend(days), at=LATER)
    before = the_ticket(given.once_timers_ran(at=new - INSTANT))
    assert before.state is TicketState.AWAITING_RETURN
    assert the_ticket(given.once_timers_ran(at=new)).state is TicketState.CLOSED


@pytest.mark.parametrize("days", [-1, 0, 8, 10**9])
def test_other_numbers_of_days_are_refused(days: int) -> None:
    refused = refusal_of(AGREED.ask(extend(days), at=LATER))
    assert refused.code is RejectionCode.RETURN_EXTENSION_TOO_LONG
    assert dict(refused.facts) == {"days": days, "limit": 7}


def test_the_deadline_is_extended_twice_at_most() -> None:
    twice = AGREED.then(extend(7), at=LATER).then(extend(7), at=LATER)
    refused = refusal_of(twice.ask(extend(1), at=LATER))
    assert refused.code is RejectionCode.RETURN_EXTENSION_LIMIT_REACHED
    assert dict(refused.facts) == {"limit": 2}


def test_an_extension_at_the_last_moment_brings_a_reminder_of_its_own() -> None:
    last = RETURN_BY - timedelta(minutes=1)
    given = AGREED.then(extend(1), at=last)
    new = RETURN_BY + DAY
    due = the_ticket(given).due
    assert due is not None
    assert due.remind_at == new - 12 * HOUR
    assert len(given.once_timers_ran(at=new - INSTANT).events) == len(given.events) + 1


@pytest.mark.parametrize(
    ("of", "leads_to"),
    [
        (TicketType.RETURN_AND_REFUND, TicketState.REFUNDING),
        (TicketType.EXCHANGE, TicketState.AWAITING_REPLACEMENT),
        (TicketType.REPAIR, TicketState.AWAITING_REPLACEMENT),
    ],
)
def test_confirmed_goods_are_followed_by_money_or_goods(
    of: TicketType, leads_to: TicketState
) -> None:
    given = a_ticket(agree(), ship_back(), of=of)
    (received,) = accepted(given.ask(goods_there(), at=LATER)).events
    assert isinstance(received, ReturnReceived)
    assert (received.automatic, received.state) == (False, leads_to)
    in_silence = given.once_timers_ran(at=SENT_AT + 10 * DAY)
    by_itself = in_silence.events[-1]
    assert isinstance(by_itself, ReturnReceived)
    assert (by_itself.automatic, by_itself.state) == (True, leads_to)
    assert by_itself.at == SENT_AT + 10 * DAY
    before = given.once_timers_ran(at=SENT_AT + 10 * DAY - INSTANT)
    assert the_ticket(before).state is TicketState.AWAITING_MERCHANT_RECEIPT


def test_returned_goods_are_rejected_with_proof_only() -> None:
    for evidence in ((), (a_photo(),)):
        command = RejectReturnedGoods(
            ticket_id=FIRST_TICKET,
            reason=RejectReason.RETURN_DAMAGED,
            note="缺少吊牌",
            evidence=evidence,
        )
        outcome = SENT.ask(command, at=LATER)
        if not evidence:
            assert code_of(outcome) is RejectionCode.EVIDENCE_REQUIRED
            continue
        assert accepted(outcome).events == (
            ReturnedGoodsRejected(
                at=LATER,
                ticket_id=FIRST_TICKET,
                buyer_id=BUYER,
                reason=RejectReason.RETURN_DAMAGED,
                note="缺少吊牌",
                evidence=evidence,
                state=TicketState.REJECTED_AFTER_RETURN,
                due=Due(at=LATER + 7 * DAY, action=DueAction.CLOSE, remind_at=LATER + 6 * DAY),
            ),
        )


def test_a_replacement_is_confirmed_by_the_buyer_or_by_seven_days_of_silence() -> None:
    awaited = a_ticket(agree(), of=TicketType.REISSUE)
    (shipped,) = accepted(awaited.ask(SAMPLES[ShipReplacement], at=LATER)).events
    arrives_by = LATER + 7 * DAY
    assert shipped == ReplacementShipped(
        at=LATER,
        ticket_id=FIRST_TICKET,
        buyer_id=BUYER,
        shipment=PARCEL,
        state=TicketState.AWAITING_BUYER_RECEIPT,
        due=Due(at=arrives_by, action=DueAction.COMPLETE, remind_at=arrives_by - DAY),
    )
    on_its_way = awaited.then(SAMPLES[ShipReplacement], at=LATER)
    by_hand = on_its_way.then(SAMPLES[ConfirmReplacementReceipt], at=LATER + DAY).events[-1]
    by_itself = on_its_way.once_timers_ran(at=arrives_by).events[-1]
    for event, automatic, at in ((by_hand, False, LATER + DAY), (by_itself, True, arrives_by)):
        assert event == ReplacementReceived(
            at=at,
            ticket_id=FIRST_TICKET,
            buyer_id=BUYER,
            automatic=automatic,
            state=TicketState.COMPLETED,
            due=None,
        )


def test_goods_exchanged_are_neither_refunded_nor_gone() -> None:
    exchanged = a_ticket(
        agree(),
        ship_back(),
        goods_there(),
        SAMPLES[ShipReplacement],
        SAMPLES[ConfirmReplacementReceipt],
        of=TicketType.EXCHANGE,
    )
    assert the_ticket(exchanged).state is TicketState.COMPLETED
    assert exchanged.order.refunds == {}

"""Asking for a closed entry to be opened again, and the merchant's answer."""

from app.domain.order.entries import (
    AfterSalesEntryExpired,
    DeclineEntryReopening,
    EntryReopeningDeclined,
    EntryReopeningRequested,
    OpenAfterSalesEntry,
    RequestEntryReopening,
)
from app.domain.order.state import EntryClosed
from app.domain.reasons import DeclineReason
from app.domain.rejections import RejectionCode
from tests.support.orders import (
    BUYER,
    DAY,
    EXPIRES,
    HOUR,
    INSTANT,
    OPENED,
    accepted,
    code_of,
    order_with_open_entry,
    received_order,
    refusal_of,
)

LATER = EXPIRES + DAY
ASK = RequestEntryReopening(note="杯子又漏水了")
DECLINE = DeclineEntryReopening(reason=DeclineReason.SETTLED_OTHERWISE, note="已补发")


def test_a_consumer_may_ask_for_a_closed_entry_from_the_instant_it_closed() -> None:
    given = order_with_open_entry()
    refused = given.ask(ASK, at=EXPIRES - INSTANT)
    assert code_of(refused) is RejectionCode.ENTRY_STILL_OPEN
    assert refusal_of(refused).facts["expires_at"] == EXPIRES.isoformat()
    outcome = accepted(given.ask(ASK, at=EXPIRES))
    assert isinstance(outcome.fell_due[-1], AfterSalesEntryExpired)
    assert outcome.events == (
        EntryReopeningRequested(at=EXPIRES, buyer_id=BUYER, generation=1, note="杯子又漏水了"),
    )


def test_an_entry_never_opened_cannot_be_opened_again() -> None:
    assert code_of(received_order().ask(ASK, at=OPENED)) is RejectionCode.ENTRY_NEVER_OPENED


def test_asking_twice_changes_nothing() -> None:
    asked = order_with_open_entry().then(ASK, at=LATER)
    assert asked.order.entry == EntryClosed(generation=1, reopening_requested=True)
    again = asked.ask(RequestEntryReopening(note=None), at=LATER + HOUR)
    assert accepted(again).all_events == ()


def test_the_merchant_declines_with_a_reason_and_the_consumer_may_ask_again() -> None:
    asked = order_with_open_entry().then(ASK, at=LATER)
    declined = accepted(asked.ask(DECLINE, at=LATER + HOUR))
    assert declined.all_events == (
        EntryReopeningDeclined(
            at=LATER + HOUR,
            buyer_id=BUYER,
            generation=1,
            reason=DeclineReason.SETTLED_OTHERWISE,
            note="已补发",
        ),
    )
    answered = asked.then(DECLINE, at=LATER + HOUR)
    assert answered.order.entry == EntryClosed(generation=1, reopening_requested=False)
    asked_again = answered.then(ASK, at=LATER + DAY)
    assert asked_again.order.entry == EntryClosed(generation=1, reopening_requested=True)


def test_there_is_nothing_to_decline_unless_somebody_asked() -> None:
    asked = order_with_open_entry().then(ASK, at=LATER)
    for given in (
        received_order(),
        order_with_open_entry(),
        order_with_open_entry().once_timers_ran(at=LATER),
        asked.then(DECLINE, at=LATER),
        asked.then(OpenAfterSalesEntry(), at=LATER),
    ):
        refused = given.ask(DECLINE, at=max(LATER, given.order.updated_at))
        assert code_of(refused) is RejectionCode.REOPENING_NOT_REQUESTED


def test_opening_again_answers_the_request_and_is_the_next_generation() -> None:
    asked = order_with_open_entry().then(ASK, at=LATER)
    reopened = asked.then(OpenAfterSalesEntry(), at=LATER + DAY)
    assert reopened.open_entry.generation == 2
    assert code_of(reopened.ask(ASK, at=LATER + 2 * DAY)) is RejectionCode.ENTRY_STILL_OPEN
    expired_again = reopened.once_timers_ran(at=LATER + 10 * DAY)
    assert expired_again.order.entry == EntryClosed(generation=2, reopening_requested=False)

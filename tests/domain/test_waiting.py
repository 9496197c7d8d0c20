"""Who has to act on a ticket."""

import pytest

from app.domain.order.tickets import FINAL_STATES, Side, TicketState, waiting_for

WAITING = {
    TicketState.PENDING_MERCHANT: Side.MERCHANT,
    TicketState.AWAITING_RETURN: Side.CONSUMER,
    TicketState.AWAITING_MERCHANT_RECEIPT: Side.MERCHANT,
    TicketState.AWAITING_REPLACEMENT: Side.MERCHANT,
    TicketState.AWAITING_BUYER_RECEIPT: Side.CONSUMER,
    TicketState.REFUNDING: Side.PLATFORM,
    TicketState.REJECTED: Side.CONSUMER,
    TicketState.REJECTED_AFTER_RETURN: Side.CONSUMER,
    TicketState.IN_ARBITRATION: Side.MERCHANT,
}


@pytest.mark.parametrize("state", list(TicketState))
def test_a_ticket_waits_for_one_side_until_it_has_ended(state: TicketState) -> None:
    expected = None if state in FINAL_STATES else WAITING[state]
    assert waiting_for(state) is expected


def test_an_arbitration_waits_for_the_platform_once_the_merchant_has_given_evidence() -> None:
    assert waiting_for(TicketState.IN_ARBITRATION, merchant_gave_evidence=True) is Side.PLATFORM
    assert waiting_for(TicketState.REJECTED, merchant_gave_evidence=True) is Side.CONSUMER

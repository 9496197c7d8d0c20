"""Tables that must know every member: what the type checker cannot name, these tests do."""

from app.domain.order.commands import TicketDecision
from app.domain.order.replacements import ShipReplacement
from app.domain.order.returns import RejectReturnedGoods, ShipGoodsBack
from app.domain.order.tickets import (
    DOUDIAN_CODES,
    FINAL_STATES,
    DueAction,
    TicketState,
    TicketType,
    asks_for_money,
    due_in,
    sends_goods_back,
    state_once_granted,
)
from app.domain.policy import POLICY
from tests.domain.ticket_samples import SAMPLES
from tests.support.orders import HOUR, OPENED, agree, order_with_ticket, refuse


def test_every_ticket_state_has_the_platforms_own_code() -> None:
    assert {state.value: code for state, code in DOUDIAN_CODES.items()} == {
        "pending_merchant": 6,
        "awaiting_return": 7,
        "awaiting_replacement": 8,
        "refunding": 12,
        "rejected": 27,
        "succeeded": 12,
        "closed": 28,
        "awaiting_merchant_receipt": 11,
        "awaiting_buyer_receipt": 13,
        "rejected_after_return": 29,
        "in_arbitration": 27,
        "completed": 14,
    }
    assert set(DOUDIAN_CODES) == set(TicketState)


def test_every_deadline_there_is_can_come_true() -> None:
    """Each state with a deadline gives an event when it passes, so none is left to a KeyError."""
    for state in TicketState:
        due = due_in(state, OPENED, POLICY)
        assert due is None or state not in FINAL_STATES
    waiting = {state for state in TicketState if due_in(state, OPENED, POLICY) is not None}
    shipped_back = (agree(), SAMPLES[ShipGoodsBack])
    lives: list[tuple[TicketType, tuple[TicketDecision, ...]]] = [
        (TicketType.RETURN_AND_REFUND, ()),
        (TicketType.EXCHANGE, shipped_back),
        (TicketType.REISSUE, (agree(), SAMPLES[ShipReplacement])),
        (TicketType.REFUND_ONLY, (refuse(),)),
        (TicketType.REPAIR, (*shipped_back, SAMPLES[RejectReturnedGoods])),
    ]
    reached = set()
    for kind, decisions in lives:
        before = order_with_ticket(kind)
        for decision in decisions:
            before = before.then(decision, at=OPENED + HOUR)
        for _ in TicketState:
            ticket = before.tickets["order-1-1"]
            if ticket.due is not None:
                reached.add(ticket.state)
                before = before.once_timers_ran(at=ticket.due.at)
        assert before.tickets["order-1-1"].due is None
    assert reached == waiting


def test_only_a_pending_application_is_agreed_to_by_silence() -> None:
    agreed = {
        state
        for state in TicketState
        if (due := due_in(state, OPENED, POLICY)) and due.action is DueAction.AGREE
    }
    assert agreed == {TicketState.PENDING_MERCHANT}


def test_the_five_types_differ_in_money_and_in_goods_going_back() -> None:
    assert {kind.value: (asks_for_money(kind), sends_goods_back(kind)) for kind in TicketType} == {
        "refund_only": (True, False),
        "return_and_refund": (True, True),
        "exchange": (False, True),
        "reissue": (False, False),
        "repair": (False, True),
    }
    for kind in TicketType:
        granted = state_once_granted(kind, return_settled=False)
        assert (granted is TicketState.AWAITING_RETURN) is sends_goods_back(kind)
        goods_there = state_once_granted(kind, return_settled=True)
        assert (goods_there is TicketState.REFUNDING) is asks_for_money(kind)

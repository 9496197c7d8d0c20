"""A month's statement reckoned once more, from bare events and with arithmetic of its own."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from math import floor
from typing import Any

from app.domain.funds.events import PayoutFundsReserved, RefundFundsReserved
from app.domain.order.answers import ApplicationAgreed
from app.domain.order.applications import TicketCreated
from app.domain.order.payouts import AdvancePayoutPaid
from app.domain.order.refunds import RefundSucceeded
from app.domain.order.registration import OrderRegistered, OrderSettled
from app.event_store.recorded_event import Recorded
from app.event_types.registry import ServiceEvent


@dataclass(slots=True)
class _Told:
    """What the events say of one ticket, as they come by."""

    overdue: bool
    settled: bool = False
    source: str | None = None
    in_advance: bool = False
    """Paid out to another account; its money stays in the order, settled or still to be."""


def reckoned(
    events: Sequence[Recorded[ServiceEvent]], begin: datetime, end: datetime
) -> dict[str, dict[str, int]]:
    """Return, by source, what the refunds past the period of an interval come to."""
    terms: dict[str, tuple[int, int, int]] = {}
    settled: set[str] = set()
    tickets: dict[str, _Told] = {}
    arrived: list[RefundSucceeded | AdvancePayoutPaid] = []
    for recorded in events:
        event, stream = recorded.event, recorded.stream_id
        match event:
            case OrderRegistered(facts=facts):
                own = facts.commission
                terms[facts.order_id] = (
                    own.talent_basis_points,
                    own.agency_basis_points,
                    own.service_fee_basis_points,
                )
            case OrderSettled():
                settled.add(stream)
            case TicketCreated():
                tickets[event.ticket_id] = _Told(overdue=event.overdue)
            case ApplicationAgreed():
                tickets[event.ticket_id].settled = stream in settled
            case RefundFundsReserved():
                tickets[event.ticket_id].source = event.source.value
            case PayoutFundsReserved():
                tickets[event.ticket_id].source = "platform_advance"
            case AdvancePayoutPaid() if begin <= event.at < end:
                tickets[event.ticket_id].in_advance = True
                arrived.append(event)
            case RefundSucceeded() if begin <= event.at < end:
                arrived.append(event)
    sums: defaultdict[str, dict[str, int]] = defaultdict(
        lambda: dict.fromkeys(("refunds", "amount", "talent", "agency", "service_fee"), 0)
    )
    for event in arrived:
        ticket = tickets[event.ticket_id]
        if not ticket.overdue:
            continue
        own_terms = terms[event.ticket_id.rpartition("-")[0]]
        keeping = ticket.settled or ticket.in_advance
        kept = _shared(event.amount, own_terms) if keeping else (0, 0, 0)
        for name, part in zip(
            ("refunds", "amount", "talent", "agency", "service_fee"),
            (1, event.amount, *kept),
            strict=True,
        ):
            sums[ticket.source or "none"][name] += part
    return dict(sums)


def as_reckoned(statement: dict[str, Any]) -> dict[str, dict[str, int]]:
    """Return the totals of a statement in the same form."""
    (currency,) = statement["totals"]
    return {one["source"]["code"]: flat(one) for one in currency["sources"]}


def flat(total: dict[str, Any]) -> dict[str, int]:
    """Return the figures of one total."""
    fees = total["fees_not_returned"]
    assert fees["total"] == fees["talent"] + fees["agency"] + fees["service_fee"]
    assert total["total_borne"] == total["amount"], "past the period the shop bears all"
    parts = {name: fees[name] for name in ("talent", "agency", "service_fee")}
    return {"refunds": total["refunds"], "amount": total["amount"], **parts}


def _shared(amount: int, basis_points: tuple[int, int, int]) -> tuple[int, ...]:
    """Share an amount by exact fractions, a half rounded up."""
    exact = [Fraction(amount * weight, 10_000) for weight in basis_points]
    return tuple(floor(part + Fraction(1, 2)) for part in exact)

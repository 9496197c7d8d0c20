"""What each search of tickets lets through, alone and together, and paging by what is due next."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from app.domain.attachments import Attachment
from app.domain.order.answers import RejectApplication
from app.domain.order.applications import ModifyApplication, RequestReissue, RequestRepair
from app.domain.order.arbitration import RequestArbitration, SubmitArbitrationEvidence
from app.domain.order.commands import OrderCommand
from app.domain.order.replacements import ShipReplacement
from app.domain.order.returns import CorrectReturnShipment, ExtendReturnDeadline, ShipGoodsBack
from app.domain.order.tickets import Side, TicketState, TicketType
from app.domain.reasons import ApplicationReason, RejectReason
from app.domain.shipments import Carrier, Shipment
from app.projections.paging import After
from app.projections.tickets.list import TicketFilters, TicketSort, list_tickets
from app.resources import Resources
from tests.projections.event_log import Logged
from tests.support.orders import (
    DAY,
    HOUR,
    OPENED,
    SHOP,
    History,
    agree,
    order_facts,
    order_with_open_entry,
    refund_arrived,
    request_refund,
    some,
    withdraw,
)

PROOF = Attachment(url="https://example.com/1.jpg", media_type="image/jpeg", size_bytes=10)


def parcel(number: str) -> Shipment:
    """Return a parcel under a tracking number."""
    return Shipment(carrier=Carrier.SF, tracking_number=number)


def told(order_id: str, *commands: OrderCommand, since: datetime = OPENED) -> History:
    """Return an order with an application at an instant, and what follows, hour by hour."""
    history = order_with_open_entry(order_facts(order_id=order_id))
    for hours, command in enumerate(commands):
        history = history.then(command, at=since + hours * HOUR)
    return history


def rejected(ticket_id: str) -> RejectApplication:
    """Return the merchant's no."""
    return RejectApplication(
        ticket_id=ticket_id, reason=RejectReason.NO_EVIDENCE, note=None, evidence=()
    )


def evidence(ticket_id: str, side: Side) -> SubmitArbitrationEvidence:
    """Return evidence of one side."""
    return SubmitArbitrationEvidence(ticket_id=ticket_id, side=side, note="x", evidence=(PROOF,))


class Search:
    """A shop's tickets, written and followed, and what a search of them finds."""

    def __init__(self, resources: Resources, logged: Logged) -> None:
        self._engine = resources.engine
        self._logged = logged
        self._written: dict[str, int] = {}

    async def has(self, *histories: History) -> None:
        """Write what of the orders' histories is not written yet, and let the readers see it."""
        for history in histories:
            order_id = history.order.facts.order_id
            before = self._written.get(order_id, 0)
            events = history.events[before:]
            await self._logged.write(events, order_id=order_id, after_version=before)
            self._written[order_id] = len(history.events)
        await self._logged.follow()

    async def finds(
        self, filters: TicketFilters | None = None, *, sort: TicketSort = TicketSort.NEWEST
    ) -> list[str]:
        """Return the orders of the tickets found."""
        page = await list_tickets(self._engine, SHOP, filters or TicketFilters(), sort=sort)
        return [row.order_id for row in page.rows]

    async def page(self, after: After | None, limit: int) -> tuple[list[str], After | None]:
        """Return the orders of a page of what is due next, and what continues it."""
        page = await list_tickets(
            self._engine, SHOP, TicketFilters(), sort=TicketSort.DUE_AT, after=after, limit=limit
        )
        return [row.order_id for row in page.rows], page.next


@pytest.fixture
def search(resources: Resources, logged: Logged) -> Search:
    """Return the search of a shop without tickets."""
    return Search(resources, logged)


async def test_tickets_are_found_by_who_has_to_act_now(search: Search) -> None:
    refund = request_refund()
    asks = RequestArbitration(ticket_id="contested-1", note="x", evidence=(PROOF,))
    contested = told("contested", refund, rejected("contested-1"), asks)
    await search.has(
        told("new", refund),
        told("back", request_refund(return_goods=True), agree("back-1")),
        told("paid", refund, agree("paid-1")),
        told("refused", refund, rejected("refused-1")),
        told("over", refund, withdraw("over-1")),
        contested,
    )

    async def waiting(side: Side) -> set[str]:
        return set(await search.finds(TicketFilters(waiting_for=side)))

    assert await waiting(Side.MERCHANT) == {"new", "contested"}
    assert await waiting(Side.CONSUMER) == {"back", "refused"}
    assert await waiting(Side.PLATFORM) == {"paid"}
    by_buyer = contested.then(evidence("contested-1", Side.CONSUMER), at=OPENED + DAY)
    await search.has(by_buyer)
    assert await waiting(Side.PLATFORM) == {"paid"}
    by_merchant = by_buyer.then(evidence("contested-1", Side.MERCHANT), at=OPENED + DAY)
    await search.has(by_merchant)
    assert await waiting(Side.MERCHANT) == {"new"}
    assert await waiting(Side.PLATFORM) == {"paid", "contested"}
    arrived = told("paid", refund, agree("paid-1"), refund_arrived("paid-1"))
    await search.has(arrived)
    assert await waiting(Side.PLATFORM) == {"contested"}


async def test_a_ticket_is_found_by_each_tracking_number_it_ever_had(search: Search) -> None:
    goods, ticket_id = request_refund(return_goods=True), "back-1"
    await search.has(
        told(
            "back",
            goods,
            agree(ticket_id),
            ShipGoodsBack(ticket_id=ticket_id, shipment=parcel("sf 123 456 789")),
            CorrectReturnShipment(ticket_id=ticket_id, shipment=parcel("SF987654321")),
        ),
        told(
            "again",
            RequestReissue(items=(some(),), reason=ApplicationReason.DAMAGED, description=None),
            agree("again-1"),
            ShipReplacement(ticket_id="again-1", shipment=parcel("YT1234567890")),
        ),
        told("none", goods),
    )
    for number, expected in (
        ("SF123456789", ["back"]),
        ("SF987654321", ["back"]),
        ("YT1234567890", ["again"]),
        ("SF12345678", []),
    ):
        assert await search.finds(TicketFilters(tracking_number=number)) == expected, number


async def test_tickets_are_found_by_type_reason_and_amount_as_last_modified(
    search: Search,
) -> None:
    modified = ModifyApplication(
        ticket_id="b-1",
        type=TicketType.RETURN_AND_REFUND,
        items=(some(amount=700),),
        reason=ApplicationReason.DAMAGED,
        description=None,
    )
    why = ApplicationReason.QUALITY_PROBLEM
    broken = RequestRepair(items=(some(),), reason=why, description=None)
    await search.has(
        told("a", request_refund(some(amount=1_000))),
        told("b", request_refund(some(amount=300)), since=OPENED + HOUR),
    )
    await search.has(
        told("b", request_refund(some(amount=300)), modified, since=OPENED + HOUR),
        told("c", broken, since=OPENED + 2 * HOUR),
    )
    promised = ApplicationReason.PROMISED_AFTER_SALES
    for filters, expected in (
        (TicketFilters(type=TicketType.RETURN_AND_REFUND), ["b"]),
        (TicketFilters(type=TicketType.REFUND_ONLY), ["a"]),
        (TicketFilters(type=TicketType.REPAIR), ["c"]),
        (TicketFilters(reason=ApplicationReason.DAMAGED), ["b"]),
        (TicketFilters(reason=promised), ["a"]),
        (TicketFilters(amount_from=700), ["b", "a"]),
        (TicketFilters(amount_from=701), ["a"]),
        (TicketFilters(amount_to=700), ["c", "b"]),
        (TicketFilters(amount_to=699), ["c"]),
        (TicketFilters(amount_from=1, amount_to=700), ["b"]),
        (TicketFilters(type=TicketType.REFUND_ONLY, amount_to=999), []),
        (TicketFilters(waiting_for=Side.MERCHANT, overdue=True, reason=promised), ["a"]),
    ):
        assert await search.finds(filters) == expected, filters


async def test_what_is_due_next_comes_first_and_what_is_never_due_not_at_all(
    search: Search,
) -> None:
    goods = request_refund(return_goods=True)
    await search.has(
        told("in-9-days", goods, agree("in-9-days-1"), since=OPENED + 2 * DAY),
        told("in-3-days", goods, since=OPENED + DAY),
        told("in-2-days", goods),
        told("never", request_refund(), agree("never-1")),
    )
    due = TicketSort.DUE_AT
    assert await search.finds(sort=due) == ["in-2-days", "in-3-days", "in-9-days"]
    mine = TicketFilters(waiting_for=Side.MERCHANT)
    assert await search.finds(mine, sort=due) == ["in-2-days", "in-3-days"]
    soon = TicketFilters(due_before=OPENED + 3 * DAY)
    assert await search.finds(soon, sort=due) == ["in-2-days"]
    returning = TicketFilters(state=TicketState.AWAITING_RETURN)
    assert await search.finds(returning, sort=due) == ["in-9-days"]


async def test_paging_by_what_is_due_next_while_rows_change_shows_each_unchanged_one_once(
    search: Search,
) -> None:
    goods = request_refund(return_goods=True)
    there = [told(f"order-{number}", goods, agree(f"order-{number}-1")) for number in range(9)]
    await search.has(*there)
    seen, after = await search.page(None, 3)
    await search.has(
        *_changed(there), told("sooner", goods), told("later", goods, since=OPENED + DAY)
    )
    while after is not None:
        shown, after = await search.page(after, 3)
        seen += shown
    unchanged = [f"order-{number}" for number in (0, 1, 2, 3, 5, 6, 8)]
    assert [order_id for order_id in seen if order_id in unchanged] == unchanged
    # Moved behind the page that had been read, it is shown where it now belongs.
    assert [order_id for order_id in seen if order_id not in unchanged] == ["order-7"]


def _changed(there: Sequence[History]) -> list[History]:
    """Return two tickets changed: one that is over, and one that is due a day later."""
    longer = ExtendReturnDeadline(ticket_id="order-7-1", days=1)
    later = OPENED + 2 * HOUR
    return [there[4].then(withdraw("order-4-1"), at=later), there[7].then(longer, at=later)]

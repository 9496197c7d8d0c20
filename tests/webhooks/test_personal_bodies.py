"""Bodies with personal data: all of it where there is room, and never more than a body may hold."""

import json
from dataclasses import replace
from typing import Any

import pytest

from app.projections.orders.view import OrderView
from app.reactions.public_types import EventType
from app.webhooks.catalog.payload import BODY_BYTES_MAX, LATEST, BodyForm, Inclusion, form_of
from app.webhooks.catalog.payload_mapping import shown_order, shown_ticket
from app.webhooks.catalog.payloads import EntryEventData, TicketEventData
from app.webhooks.catalog.personal import CUT
from app.webhooks.catalog.public_event import PublicEvent, without_personal
from tests.webhooks.largest_event import largest_event
from tests.webhooks.personal_data_cases import NUMBER, SECRETS, an_order_full_of

ASKING = form_of(LATEST, [Inclusion.PERSONAL_DATA])
TICKET = "order-1-1"
HARMFUL = '超期,"personal":{"a":"b\\"}}'


def of_ticket(order: OrderView) -> PublicEvent:
    """Return an event of the order's ticket, with the state the order is in."""
    (ticket,) = order.tickets
    data = TicketEventData(order=shown_order(order), ticket=shown_ticket(ticket))
    return replace(largest_event(), data=data, order=order, ticket_id=ticket.ticket_id)


def personal(event: PublicEvent) -> dict[str, Any]:
    """Return what a body that was asked for says of persons."""
    found: dict[str, Any] = json.loads(event.body(ASKING))["data"]["personal"]
    return found


def test_what_people_wrote_and_showed_is_told_whole_where_there_is_room() -> None:
    told = personal(of_ticket(an_order_full_of("破了一个洞", ticket_id=TICKET, remarks=2, files=1)))
    (picture,) = told["evidence"]
    assert picture["url"].startswith("https://example.com/x")
    assert (picture["media_type"], picture["size_bytes"]) == ("application/pdf", 20 * 2**20)
    assert told["truncated"] is False
    assert told["description"] == told["ruling_note"] == "破了一个洞"
    assert told["rejection"] == told["returned_goods_rejection"]
    assert told["rejection"] == {"note": "破了一个洞", "evidence": [picture]}
    parcel = {"carrier": "jtexpress", "tracking_number": NUMBER}
    assert told["return_parcel"] == told["replacement_parcel"] == parcel
    assert [one["text"] for one in told["remarks"]] == ["0 破了一个洞", "1 破了一个洞"]
    assert [one["note"] for one in told["arbitration_evidence"]] == ["破了一个洞"] * 20
    assert all(one["evidence"] == [picture] for one in told["arbitration_evidence"])


@pytest.mark.parametrize("character", ["超", "x", "😀", '"', "\\", "\x01"])
def test_beside_the_largest_event_texts_are_cut_so_that_the_body_stays_in_bounds(
    character: str,
) -> None:
    event = largest_event()
    assert event.ticket_id is not None
    full = replace(event, order=an_order_full_of(character * 500, ticket_id=event.ticket_id))
    assert len(full.body(ASKING).encode()) <= BODY_BYTES_MAX
    told = personal(full)
    assert told["truncated"] is True
    assert told["description"].startswith(character * 40)
    assert told["description"].endswith(CUT)
    (remark,) = told["remarks"]
    assert remark["text"].startswith("99 "), "the latest stays"
    assert told["return_parcel"]["tracking_number"] == NUMBER, "numbers are never cut"


def test_a_text_that_is_cut_is_said_to_be_where_no_list_is_shortened() -> None:
    event = largest_event()
    assert event.ticket_id is not None
    order = an_order_full_of("超" * 500, ticket_id=event.ticket_id, remarks=0, files=0, evidence=0)
    told = personal(replace(event, order=order))
    assert (told["truncated"], told["description"]) == (True, "超" * 199 + CUT)


@pytest.mark.parametrize("remarks", [1, 5, 20, 100])
@pytest.mark.parametrize("files", [0, 1, 9])
def test_beside_an_ordinary_event_as_much_is_told_as_there_is_room_for(
    remarks: int, files: int
) -> None:
    event = of_ticket(an_order_full_of("超" * 500, ticket_id=TICKET, remarks=remarks, files=files))
    assert 7_000 < len(event.body(ASKING).encode()) <= BODY_BYTES_MAX
    told = personal(event)
    assert told["remarks"][-1]["text"].startswith(f"{remarks - 1} ")
    assert told["truncated"] is True
    assert all(len(one["url"]) == 500 for one in told["evidence"]), "an address is whole or absent"


def test_of_an_entry_the_notes_of_both_sides_are_told() -> None:
    order = an_order_full_of("还想退" * 100, ticket_id=TICKET)
    data = EntryEventData(order=shown_order(order))
    event = replace(largest_event(), data=data, order=order, ticket_id=None)
    assert personal(event) == {
        "reopening_note": "还想退" * 100,
        "decline_note": "还想退" * 100,
        "truncated": False,
    }


@pytest.mark.parametrize("text", ["破了一个洞", HARMFUL, f"{HARMFUL}\\"])
def test_a_body_that_was_not_asked_for_is_the_same_byte_for_byte(text: str) -> None:
    event = of_ticket(an_order_full_of(text, ticket_id=TICKET, remarks=3, files=1))
    plain = event.body()
    assert plain == replace(event, order=None).body()
    assert event.body(BodyForm(api_version=LATEST)) == plain
    assert "personal" not in json.loads(plain)["data"]
    asked = event.body(ASKING)
    assert json.loads(asked)["data"]["personal"]["description"] == text
    assert without_personal(asked) == plain == without_personal(plain)
    assert json.dumps(text, ensure_ascii=False)[1:-1] not in plain


def test_of_payees_and_from_the_provider_nothing_is_told_even_if_asked() -> None:
    body = of_ticket(an_order_full_of("破", ticket_id=TICKET, remarks=0, files=0)).body(ASKING)
    assert '"advance_payout":{' in body, "the payout itself is told"
    assert not any(secret in body for secret in SECRETS)


def test_of_a_shops_money_there_is_nothing_personal_to_ask_for() -> None:
    event = replace(largest_event(), order=None, type=EventType.DEPOSIT_RESTORED)
    assert event.body(ASKING) == event.body()


def test_a_form_is_kept_under_a_name_of_its_own_and_what_is_unknown_asks_for_nothing() -> None:
    assert form_of(LATEST, []).name == "2026-11-01"
    assert ASKING.name == "2026-11-01+personal_data"
    assert form_of(LATEST, ["of_a_later_release"]) == form_of(LATEST, [])

"""Subscribers find every public event in the document and in docs/events.md, as it is sent."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jsonschema_rs
import pytest

from app.api.openapi.document import document
from app.main import build_app
from app.reactions.public_types import EventType
from app.settings import Settings
from app.webhooks.catalog.document import example_of, model_name
from app.webhooks.catalog.payload import BODY_BYTES_MAX, LATEST, Inclusion, form_of
from tests.webhooks.largest_event import largest_event
from tests.webhooks.personal_data_cases import an_order_full_of
from tools.checks.events.__main__ import PAGE
from tools.checks.events.page import page


@pytest.fixture(scope="module")
def whole() -> dict[str, Any]:
    """Return the full OpenAPI document."""
    return document(build_app(Settings(_env_file=None)))


def checked_by(whole: dict[str, Any], event_type: EventType) -> Callable[[Any], bool]:
    """Return what holds a body against the schema the document names for a type."""
    operation = whole["webhooks"][event_type.value]["post"]
    named = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = {**named, "components": whole["components"]}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid


def test_the_page_is_what_the_catalog_says_now() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make events"


def test_the_document_names_every_type_and_no_other(whole: dict[str, Any]) -> None:
    assert list(whole["webhooks"]) == [event_type.value for event_type in EventType]
    ids = [item["post"]["operationId"] for item in whole["webhooks"].values()]
    taken = [each["operationId"] for item in whole["paths"].values() for each in item.values()]
    assert len({*ids, *taken}) == len(ids) + len(taken)


def test_the_example_of_a_type_is_valid_and_of_no_other_type(whole: dict[str, Any]) -> None:
    for event_type in EventType:
        example, valid = example_of(event_type), checked_by(whole, event_type)
        assert whole["components"]["schemas"][model_name(event_type)]["examples"] == [example]
        assert valid(example)
        assert not valid({**example, "type": "another.type"})
        assert not valid({**example, "api_version": "2025-01-01"})
        for name in example:
            assert not valid({k: v for k, v in example.items() if k != name}), (event_type, name)


def test_only_what_is_told_of_an_endpoint_of_the_platform_may_be_of_no_shop(
    whole: dict[str, Any],
) -> None:
    for event_type in EventType:
        of_no_shop = {**example_of(event_type), "shop_id": None}
        allowed = checked_by(whole, event_type)(of_no_shop)
        assert allowed == (event_type is EventType.WEBHOOK_ENDPOINT_DISABLED), event_type


def test_the_largest_event_is_as_documented(whole: dict[str, Any]) -> None:
    event = largest_event()
    assert len(event.body().encode()) <= BODY_BYTES_MAX
    assert checked_by(whole, event.type)(json.loads(event.body()))


def test_a_body_with_personal_data_is_as_documented(whole: dict[str, Any]) -> None:
    event = largest_event()
    assert event.ticket_id is not None
    order = an_order_full_of("超", ticket_id=event.ticket_id, remarks=2, files=1)
    body = json.loads(replace(event, order=order).body(form_of(LATEST, list(Inclusion))))
    valid = checked_by(whole, event.type)
    assert valid(body)
    for name in body["data"]["personal"]:
        odd = {**body["data"]["personal"], name: 5}
        assert not valid({**body, "data": {**body["data"], "personal": odd}}), name

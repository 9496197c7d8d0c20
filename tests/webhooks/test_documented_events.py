"""Subscribers find every public event in the document and in docs/events.md, as it is sent."""

import json
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


def faults(whole: dict[str, Any], event_type: EventType, body: Any) -> list[str]:
    """Hold a body against the schema the document names for a type."""
    operation = whole["webhooks"][event_type.value]["post"]
    named = operation["requestBody"]["content"]["application/json"]["schema"]
    schema = {**named, "components": whole["components"]}
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return [str(error) for error in validator.iter_errors(body)]


def test_the_page_is_what_the_catalog_says_now() -> None:
    assert PAGE.read_text("utf-8") == page(), "run: make events"


def test_the_document_names_every_type_and_no_other(whole: dict[str, Any]) -> None:
    assert list(whole["webhooks"]) == [event_type.value for event_type in EventType]
    ids = [item["post"]["operationId"] for item in whole["webhooks"].values()]
    taken = [each["operationId"] for item in whole["paths"].values() for each in item.values()]
    assert len({*ids, *taken}) == len(ids) + len(taken)


@pytest.mark.parametrize("event_type", EventType)
def test_the_example_of_a_type_is_valid_and_of_no_other_type(
    whole: dict[str, Any], event_type: EventType
) -> None:
    example = example_of(event_type)
    assert whole["components"]["schemas"][model_name(event_type)]["examples"] == [example]
    assert faults(whole, event_type, example) == []
    assert faults(whole, event_type, {**example, "type": "another.type"}) != []
    assert faults(whole, event_type, {**example, "api_version": "2025-01-01"}) != []
    for name in example:
        assert faults(whole, event_type, {k: v for k, v in example.items() if k != name}) != []


@pytest.mark.parametrize("event_type", EventType)
def test_only_what_is_told_of_an_endpoint_of_the_platform_may_be_of_no_shop(
    whole: dict[str, Any], event_type: EventType
) -> None:
    of_no_shop = {**example_of(event_type), "shop_id": None}
    allowed = faults(whole, event_type, of_no_shop) == []
    assert allowed == (event_type is EventType.WEBHOOK_ENDPOINT_DISABLED)


def test_the_largest_event_is_as_documented(whole: dict[str, Any]) -> None:
    event = largest_event()
    assert len(event.body().encode()) <= BODY_BYTES_MAX
    assert faults(whole, event.type, json.loads(event.body())) == []


def test_a_body_with_personal_data_is_as_documented(whole: dict[str, Any]) -> None:
    event = largest_event()
    assert event.ticket_id is not None
    order = an_order_full_of("超", ticket_id=event.ticket_id, remarks=2, files=1)
    body = json.loads(replace(event, order=order).body(form_of(LATEST, list(Inclusion))))
    assert faults(whole, event.type, body) == []
    for name in body["data"]["personal"]:
        odd = {**body["data"]["personal"], name: 5}
        assert faults(whole, event.type, {**body, "data": {**body["data"], "personal": odd}}) != []

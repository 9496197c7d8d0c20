"""Every version ever stored can still be read, and nothing unknown is guessed at."""

import json
from dataclasses import dataclass
from datetime import date

import pytest

from app.event_store.codec import Codec, EventType, Payload, UndecodableEvent
from tests.event_store.samples import LIBRARY_CODEC, BookLent, BookReturned, Title


@dataclass(frozen=True, slots=True, kw_only=True)
class BookLentInThreeVersions:
    reader: str
    title: Title
    branch: str


def _title_becomes_an_object(payload: Payload) -> Payload:
    return {**payload, "title": {"name": payload["title"], "pages": 0}}


def _branches_are_named(payload: Payload) -> Payload:
    return {**payload, "branch": "central"}


GROWN_CODEC: Codec[BookLentInThreeVersions] = Codec(
    {"BookLent": EventType(BookLentInThreeVersions, schema_version=3)},
    {("BookLent", 1): _title_becomes_an_object, ("BookLent", 2): _branches_are_named},
)

STORED_SAMPLES = {
    1: '{"reader": "ada", "title": "Emma"}',
    2: '{"reader": "ada", "title": {"name": "Emma", "pages": 0}}',
    3: '{"reader": "ada", "title": {"name": "Emma", "pages": 0}, "branch": "central"}',
}


@pytest.mark.parametrize(
    "event",
    [
        BookLent(reader="阿达", title=Title(name="Emma", pages=474), due_on=date(2021, 4, 1)),
        BookLent(reader="ada", title=Title(name="", pages=0)),
        BookReturned(reader='"\\\n'),
    ],
)
def test_an_event_comes_back_as_it_was(event: BookLent | BookReturned) -> None:
    encoded = LIBRARY_CODEC.encode(event)

    assert LIBRARY_CODEC.decode(encoded.type, encoded.schema_version, encoded.data) == event
    assert encoded.type == type(event).__name__


@pytest.mark.parametrize("schema_version", STORED_SAMPLES)
def test_samples_of_every_version_are_lifted_to_the_present_one(schema_version: int) -> None:
    event = GROWN_CODEC.decode("BookLent", schema_version, STORED_SAMPLES[schema_version])

    assert event == BookLentInThreeVersions(
        reader="ada", title=Title(name="Emma", pages=0), branch="central"
    )


def test_new_events_are_written_in_the_present_version() -> None:
    event = BookLentInThreeVersions(
        reader="ada", title=Title(name="Emma", pages=0), branch="central"
    )

    encoded = GROWN_CODEC.encode(event)

    assert encoded.schema_version == 3
    assert json.loads(encoded.data) == json.loads(STORED_SAMPLES[3])


@pytest.mark.parametrize(
    ("event_type", "schema_version", "payload", "reason"),
    [
        ("BookBurnt", 1, "{}", "unknown event type"),
        ("BookLent", 4, STORED_SAMPLES[3], "newest known is 3"),
        ("BookLent", 0, STORED_SAMPLES[1], "unknown schema version"),
        ("BookLent", 1, '{"reader": "ada"}', "title"),
        ("BookLent", 1, "[]", "no object"),
        ("BookLent", 3, "not json", "JSON"),
        ("BookLent", 3, STORED_SAMPLES[2], "branch"),
        ("BookLent", 3, STORED_SAMPLES[3].replace('"ada"', "1"), "reader"),
        ("BookLent", 3, STORED_SAMPLES[3].replace("{", '{"more": 1, ', 1), "more"),
        ("BookLent", 3, STORED_SAMPLES[3].replace('"pages"', '"more": 1, "pages"'), "title.more"),
        ("BookLent", 3, STORED_SAMPLES[3].replace("0", '"0"'), "title.pages"),
    ],
)
def test_what_is_not_known_is_not_guessed(
    event_type: str, schema_version: int, payload: str, reason: str
) -> None:
    with pytest.raises(UndecodableEvent, match=reason) as caught:
        GROWN_CODEC.decode(event_type, schema_version, payload)

    assert (caught.value.event_type, caught.value.schema_version) == (event_type, schema_version)


@pytest.mark.parametrize(
    ("event_types", "upcasters"),
    [
        ({"A": EventType(BookLent, 3)}, {("A", 1): _branches_are_named}),
        ({"A": EventType(BookLent, 1)}, {("A", 1): _branches_are_named}),
        ({"A": EventType(BookLent), "B": EventType(BookLent)}, {}),
    ],
    ids=["an upcaster is missing", "an upcaster is left over", "a class has two names"],
)
def test_an_incomplete_registry_is_refused(event_types: dict, upcasters: dict) -> None:  # type: ignore[type-arg]
    with pytest.raises(ValueError, match=r"upcaster|several names"):
        Codec(event_types, upcasters)

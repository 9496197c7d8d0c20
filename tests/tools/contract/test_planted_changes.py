"""Each kind of change is found, once, where it is, with the right word on whom it breaks."""

from collections.abc import Sequence

import pytest

from tests.tools.contract.planted_changes import CHANGES, Planted
from tests.tools.contract.planted_schemas import SCHEMA_CHANGES, SchemaChange
from tests.tools.contract.small import Json, changed, with_schema
from tools.contract.comparison import compare
from tools.contract.findings import Direction
from tools.contract.rules import VERDICTS


def _ids(rows: Sequence[Planted | SchemaChange]) -> list[str]:
    return [f"{row.code}-{number}" for number, row in enumerate(rows)]


DIRECTIONS = {"ThingIn": Direction.INPUT, "Thing": Direction.OUTPUT}
ELSEWHERE = {
    ("model-renamed", None),
    ("model-inlined", None),
    ("operation-moved", None),
    ("parameter-renamed", None),
}
"""Planted in test_names.py."""


@pytest.mark.parametrize("row", CHANGES, ids=_ids(CHANGES))
def test_a_change_around_schemas_is_found_once(row: Planted) -> None:
    released = changed(*row.before)
    (found,) = compare(released, changed(*row.writes, document=released))
    assert (found.code, found.direction, found.breaking) == (row.code, row.direction, row.breaking)
    assert found.place == row.place
    assert found.sentence.endswith(".")
    assert found.old != found.new


@pytest.mark.parametrize("model", DIRECTIONS)
@pytest.mark.parametrize("row", SCHEMA_CHANGES, ids=_ids(SCHEMA_CHANGES))
def test_a_change_of_a_schema_is_found_once_and_judged_by_direction(
    row: SchemaChange, model: str
) -> None:
    (found,) = compare(with_schema(row.old, model), with_schema(row.new, model))
    assert (found.code, found.direction) == (row.code, DIRECTIONS[model])
    assert found.breaking == (row.breaks_senders if model == "ThingIn" else row.breaks_readers)
    assert found.place.startswith(f"#/components/schemas/{model}/properties/it")
    assert found.operations == ("make_thing",)


def test_every_kind_of_change_is_planted() -> None:
    planted = {(row.code, row.direction) for row in CHANGES}
    planted |= {(row.code, way) for row in SCHEMA_CHANGES for way in Direction}
    assert planted | ELSEWHERE == set(VERDICTS)


def test_a_schema_used_in_both_directions_is_held_to_both() -> None:
    shared = {"$ref": "#/components/schemas/Cat"}
    both = [(f"/components/schemas/{model}/properties/it", shared) for model in DIRECTIONS]
    released = changed(*both)
    name = "/components/schemas/Cat/properties/name"
    narrowed = changed((f"{name}/maxLength", 9), document=released)
    assert [(one.direction, one.breaking) for one in compare(released, narrowed)] == [
        (Direction.INPUT, True),
        (Direction.OUTPUT, False),
    ]
    assert [(one.direction, one.breaking) for one in compare(narrowed, released)] == [
        (Direction.OUTPUT, True),
        (Direction.INPUT, False),
    ]


def test_what_breaks_is_listed_first() -> None:
    current = changed(
        ("/paths/~1health/get/deprecated", True), ("/paths/~1things~1{thing_id}/post/tags", [])
    )
    found = compare(changed(), current)
    assert [one.code for one in found] == ["operation-regrouped", "operation-deprecated"]


def test_texts_and_examples_change_freely() -> None:
    current = changed(
        ("/info/title", "Other things"),
        ("/info/version", "1.1.0"),
        ("/paths/~1things~1{thing_id}/post/summary", "Make it"),
        ("/paths/~1things~1{thing_id}/post/responses/200/description", "Here it is."),
        (
            "/components/schemas/Thing/properties/name/description",
            "`a` or `b`; more may come.",
        ),
        ("/components/schemas/Thing/properties/name/examples", ["b"]),
        ("/components/schemas/Thing/title", "A thing"),
    )
    assert compare(changed(), current) == ()


def test_clients_pass_over_properties_of_answers_they_do_not_know() -> None:
    closed = changed(("/components/schemas/Thing/additionalProperties", False))
    assert compare(closed, changed()) == ()
    assert compare(changed(), closed) == ()


def test_a_property_may_be_called_as_texts_are() -> None:
    names = ("title", "description", "default", "examples", "responses")
    writes: list[tuple[str, Json]] = [
        (f"/components/schemas/Thing/properties/{name}", {}) for name in names
    ]
    found = compare(changed(*writes), changed())
    assert [one.old for one in found] == sorted(names)
    assert {one.code for one in found} == {"property-removed"}

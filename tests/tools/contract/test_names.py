"""What is called otherwise is the same on the wire, and breaks generated code."""

import copy
import json

import pytest

from tests.tools.contract.small import GONE, MAKE, SMALL, Json, changed
from tools.contract.comparison import compare
from tools.contract.documents import NotJudged

REF = "#/components/schemas/"


def test_a_model_called_otherwise_is_found_once_with_all_it_reaches() -> None:
    text = json.dumps(SMALL).replace(f"{REF}Place", f"{REF}Location")
    current = json.loads(text.replace('"Place": {', '"Location": {'))
    (found,) = compare(SMALL, current)
    assert (found.code, found.breaking) == ("model-renamed", True)
    assert (found.old, found.new) == ("Place", "Location")
    assert (found.place, found.operations) == (f"{REF}Location", ("make_thing",))


def test_a_model_called_otherwise_is_still_compared() -> None:
    text = json.dumps(SMALL).replace(f"{REF}Place", f"{REF}Location")
    current = json.loads(text.replace('"Place": {', '"Location": {'))
    current["components"]["schemas"]["Location"]["required"] = []
    codes = {found.code for found in compare(SMALL, current)}
    assert codes == {"model-renamed", "property-now-optional"}


def test_a_model_that_loses_its_name_is_found() -> None:
    inlined = {"type": "object", "properties": {"code": {"type": "string"}}}
    content = f"{MAKE}/responses/409/content/application~1problem+json/schema"
    (found,) = compare(SMALL, changed((content, inlined)))
    assert (found.code, found.old, found.breaking) == ("model-inlined", "Problem", True)


def test_what_moves_into_components_is_no_change_and_is_still_compared() -> None:
    current = copy.deepcopy(dict(SMALL))
    operation = current["paths"]["/things/{thing_id}"]["post"]
    made = operation["responses"]["200"]
    shared: dict[str, dict[str, Json]] = {
        "headers": {"ETag": made["headers"]["ETag"]},
        "parameters": {"Key": operation["parameters"][2]},
        "requestBodies": {"Thing": operation["requestBody"]},
        "responses": {"Made": made, "Conflict": operation["responses"]["409"]},
    }
    made["headers"] = {"ETag": {"$ref": "#/components/headers/ETag"}}
    operation["parameters"][2] = {"$ref": "#/components/parameters/Key"}
    operation["requestBody"] = {"$ref": "#/components/requestBodies/Thing"}
    operation["responses"] = {
        status: {"$ref": f"#/components/responses/{name}"}
        for status, name in (("200", "Made"), ("409", "Conflict"))
    }
    current["components"] |= shared
    assert compare(SMALL, current) == ()
    assert compare(current, SMALL) == ()
    shared["headers"]["ETag"]["required"] = False
    shared["parameters"]["Key"]["required"] = False
    shared["requestBodies"]["Thing"]["required"] = False
    shared["responses"]["Conflict"]["description"] = "- `known`: It is there"
    assert {(found.code, found.place) for found in compare(SMALL, current)} == {
        ("header-now-optional", "#/components/headers/ETag"),
        ("parameter-now-optional", "#/components/parameters/Key"),
        ("body-now-optional", "#/components/requestBodies/Thing"),
        ("problem-code-removed", "#/components/responses/Conflict"),
    }


def test_a_path_parameter_called_otherwise_is_the_same_parameter() -> None:
    item = copy.deepcopy(SMALL["paths"]["/things/{thing_id}"])
    item["post"]["parameters"][0]["name"] = "id"
    current = changed(("/paths/~1things~1{thing_id}", GONE), ("/paths/~1things~1{id}", item))
    (found,) = compare(SMALL, current)
    assert (found.code, found.old, found.new) == ("parameter-renamed", "thing_id", "id")
    assert found.breaking


def test_an_operation_at_another_place_is_gone_where_it_was() -> None:
    health = SMALL["paths"]["/health"]
    current = changed(("/paths/~1health", GONE), ("/paths/~1livez", health))
    assert [(found.code, found.breaking) for found in compare(SMALL, current)] == [
        ("operation-moved", True),
        ("operation-added", False),
    ]


def test_headers_are_the_same_whatever_their_capitals() -> None:
    assert compare(SMALL, changed((f"{MAKE}/parameters/2/name", "x-key"))) == ()


def test_circles_of_references_end_however_they_are_written() -> None:
    released = changed(
        ("/components/schemas/Place", {"type": "array", "items": {"$ref": f"{REF}Place"}})
    )
    twice = {"type": "array", "items": {"type": "array", "items": {"$ref": f"{REF}Place"}}}
    current = changed(("/components/schemas/Place", twice))
    assert [found.code for found in compare(released, current)] == ["model-inlined"]


def test_a_model_only_a_text_refers_to_is_held_to_both_directions() -> None:
    current = changed(("/components/schemas/Dog/properties/kind/const", "hound"))
    found = compare(SMALL, current)
    assert {(one.code, one.direction, one.breaking) for one in found} == {
        ("enum-value-removed", "input", True),
        ("enum-value-added", "output", True),
        ("enum-value-removed", "output", False),
        ("enum-value-added", "input", False),
    }


IT = "/components/schemas/Thing/properties/it"


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (IT, {"allOf": [{"type": "string"}]}),
        (IT, {"not": {"type": "string"}}),
        (IT, {"$ref": f"{REF}Place", "maxLength": 3}),
        (IT, {"type": "string", "anyOf": [{"minLength": 1}]}),
        (IT, {"anyOf": [{"type": "string", "minLength": 2}, {"type": "string", "pattern": "a"}]}),
        (IT, {"$ref": f"{REF}Nobody"}),
        (IT, {"$ref": "other.json#/Thing"}),
        ("/components/schemas/Cat", {"$ref": f"{REF}Cat"}),
        (f"{MAKE}/callbacks", {"made": {}}),
        (f"{MAKE}/responses/200/links", {"next": {}}),
        ("/paths/~1health/$ref", "#/paths/~1things"),
        ("/openapi", "3.0.3"),
    ],
)
def test_what_is_not_understood_is_refused_and_never_passed_over(place: str, value: Json) -> None:
    current = changed((place, value))
    with pytest.raises(NotJudged):
        compare(SMALL, current)
    with pytest.raises(NotJudged):
        compare(current, current)

"""The document as it is: held to the last release, and nothing taken out of it goes unseen."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.inlined import inlined
from tools.contract.compaction import compact, compact_text
from tools.contract.comparison import compare
from tools.contract.deliberate import sort_out
from tools.contract.files import CURRENT, DELIBERATE, RELEASED, read

CURRENT_DOCUMENT = read(CURRENT)
COMPACT = compact(CURRENT_DOCUMENT)
COMPARISONS_MAX = 4
"""Each takes most of a second, and takes out very many things at once."""


def test_nothing_breaks_since_the_last_release_that_is_not_meant_to() -> None:
    released = read(RELEASED)
    findings = compare(released, CURRENT_DOCUMENT)
    found = sort_out(findings, read(DELIBERATE), released["info"]["version"])
    assert found.breaking == ()
    assert found.faults == ()


def test_the_compact_form_says_the_same_and_stays_as_it_is() -> None:
    assert compare(CURRENT_DOCUMENT, COMPACT) == ()
    assert compact(COMPACT) == COMPACT
    assert json.loads(compact_text(CURRENT_DOCUMENT)) == COMPACT
    assert RELEASED.read_text("utf-8") == compact_text(read(RELEASED)), "written by hand?"


@settings(max_examples=COMPARISONS_MAX, deadline=None)
@given(st.integers(0, 30))
def test_a_property_taken_out_of_every_model_is_found_in_each(number: int) -> None:
    current, taken = _copied(), set()
    for name, model in current["components"]["schemas"].items():
        properties = model.get("properties", {})
        if properties:
            gone = sorted(properties)[number % len(properties)]
            del properties[gone]
            if gone in model.get("required", []):
                model["required"] = [kept for kept in model["required"] if kept != gone]
            taken.add(f"#/components/schemas/{name}/properties/{gone}")
    found = {one.place for one in compare(COMPACT, current) if one.code == "property-removed"}
    assert len(taken) > 150
    assert taken <= found


@settings(max_examples=COMPARISONS_MAX, deadline=None)
@given(st.data())
def test_operations_taken_out_are_found_and_no_others(data: st.DataObject) -> None:
    current = _copied()
    paths = data.draw(st.sets(st.sampled_from(sorted(current["paths"])), min_size=1, max_size=9))
    gone = {item["operationId"] for path in paths for item in current["paths"].pop(path).values()}
    found = [one for one in compare(COMPACT, current) if one.code == "operation-removed"]
    assert {one.old for one in found} == gone
    assert all(one.breaking for one in found)


@pytest.mark.parametrize("section", ["paths", "webhooks"])
def test_a_requirement_of_every_model_lifted_is_found_wherever_it_goes_out(section: str) -> None:
    current = _copied()
    for model in current["components"]["schemas"].values():
        model.pop("required", None)
    reached = {
        name
        for one in compare(COMPACT, current)
        if one.breaking and one.code == "property-now-optional"
        for name in one.operations
    }
    sections = inlined(current)
    told = [operation for item in sections[section].values() for operation in item.values()]
    with_models = {
        one["operationId"] for one in told if "Problem" in str(one) or section != "paths"
    }
    assert with_models <= reached


def test_every_code_of_a_problem_taken_out_is_found() -> None:
    current = inlined(_copied())
    taken = 0
    for item in current["paths"].values():
        for operation in item.values():
            for status, response in operation["responses"].items():
                taken += len(response.get("x-problem-codes", []))
                operation["responses"][status] = {**response, "x-problem-codes": []}
    found = [one for one in compare(COMPACT, current) if one.code == "problem-code-removed"]
    assert len(found) == taken > 1000


def _copied() -> dict[str, Any]:
    copied: dict[str, Any] = copy.deepcopy(COMPACT)
    return copied

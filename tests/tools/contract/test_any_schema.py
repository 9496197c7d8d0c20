"""Whatever the schemas: a value taken before and refused now is found, and nothing in no change."""

import copy
from collections.abc import Iterator
from operator import gt

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from tests.tools.contract.small import changed, with_schema
from tools.contract.comparison import compare
from tools.contract.documents import Json, NotJudged

NAMES = st.sampled_from(["a", "b"])
SMALL_NUMBERS = st.integers(0, 3)
MODELS = ("Cat", "Dog")


def _optional(**keywords: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    return st.fixed_dictionaries({}, optional=keywords)


def _of_type(name: str, **keywords: st.SearchStrategy[Json]) -> st.SearchStrategy[dict[str, Json]]:
    return _optional(**keywords).map(lambda rest: {"type": name, **rest})


BOUNDS = {"minimum": SMALL_NUMBERS, "exclusiveMaximum": SMALL_NUMBERS, "multipleOf": st.just(2)}
SCALARS = st.one_of(
    st.just({}),
    _of_type("integer", **BOUNDS),
    _of_type("number", maximum=SMALL_NUMBERS),
    _of_type("string", minLength=SMALL_NUMBERS, maxLength=SMALL_NUMBERS, pattern=NAMES),
    st.lists(NAMES | SMALL_NUMBERS, min_size=1, max_size=3, unique=True).map(
        lambda values: {"enum": values}
    ),
    st.sampled_from([{"type": "boolean"}, {"const": "a"}, {"type": ["string", "null"]}]),
)


@st.composite
def _objects(draw: st.DrawFn, inner: st.SearchStrategy[Json]) -> dict[str, Json]:
    properties = draw(st.dictionaries(NAMES, inner, max_size=2))
    required = [name for name in sorted(properties) if draw(st.booleans())]
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": draw(st.just(False) | inner),
    }


def _wrapped(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.one_of(
        _objects(inner),
        _of_type("array", items=inner, maxItems=SMALL_NUMBERS, uniqueItems=st.booleans()),
        inner.map(lambda schema: {"anyOf": [schema, {"type": "null"}]}),
        st.just({"anyOf": [{"type": "string"}, {"type": "integer"}]}),
    )


SCHEMAS = st.recursive(SCALARS, _wrapped, max_leaves=4)
PLAIN = [None, True, 0, 1, 2, 3, 1.5, "", "a", "b", "ab", "abab"]
FEW = [None, 1, 2, "a", "ab"]
INNER = [*PLAIN, *([one, other] for one in FEW for other in FEW), *({"a": one} for one in FEW)]
VALUES: list[Json] = [
    *INNER,
    *([], [0, 1, 2], ["a", "b", "ab", 3], {}, {"c": 1}),
    *([one] for one in INNER),
    *({name: one} for name in "abc" for one in INNER),
    *({"a": one, "b": other} for one in FEW for other in FEW),
]


@st.composite
def _altered(draw: st.DrawFn, old: Json) -> Json:
    """Draw a schema that says one thing otherwise than another, or leaves it out."""
    new = copy.deepcopy(old)
    places = [place for place in _places(new) if place[1] != "properties"]
    if not places:
        return draw(SCHEMAS)
    schema, keyword = draw(st.sampled_from(places))
    others = draw(_others(keyword, schema[keyword]))
    if others is None:
        del schema[keyword]
    else:
        schema[keyword] = others
    return new


def _others(keyword: str, value: Json) -> st.SearchStrategy[Json]:
    if keyword in {"type", "const", "pattern", "anyOf"}:
        return st.none() if keyword != "type" else st.sampled_from(["string", "number"])
    if keyword == "required":
        return st.lists(NAMES, unique=True)
    if keyword == "enum":
        return st.sampled_from([value[:1], [*value, "ab"]])
    if isinstance(value, bool):
        return st.sampled_from([not value, None])
    if isinstance(value, int):
        return st.sampled_from([value + 1, max(value - 1, 1), None])
    return st.sampled_from([{"type": "string"}, None])


def _places(schema: Json) -> Iterator[tuple[dict[str, Json], str]]:
    """Give every schema within a schema with each of its keywords."""
    yield from ((schema, keyword) for keyword in schema)
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", [])]
    inner += [schema[name] for name in ("items", "additionalProperties") if name in schema]
    for one in inner:
        if isinstance(one, dict):
            yield from _places(one)


PAIRS = SCHEMAS.flatmap(lambda old: st.tuples(st.just(old), _altered(old) | SCHEMAS))


@settings(max_examples=300)
@given(PAIRS)
def test_what_was_taken_and_is_refused_now_breaks_senders(pair: tuple[Json, Json]) -> None:
    old, new = pair
    if any(map(gt, _fitting(old), _fitting(new))):
        assert _is_called_breaking(old, new, "ThingIn")


@settings(max_examples=300)
@given(PAIRS)
def test_what_was_never_given_and_may_be_now_breaks_readers(pair: tuple[Json, Json]) -> None:
    """Readers pass over properties they do not know, so they read by schemas that are open."""
    old, new = pair
    if any(map(gt, _fitting(new), _fitting(_open(old)))):
        assert _is_called_breaking(old, new, "Thing")


@given(cat=SCHEMAS, dog=SCHEMAS, data=st.data())
def test_a_document_against_itself_has_no_findings(
    cat: Json, dog: Json, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(MODELS), min_size=2, max_size=2))
    writes = [
        (f"/components/schemas/{model}/properties/it", {"$ref": f"#/components/schemas/{name}"})
        for model, name in zip(("ThingIn", "Thing"), names, strict=True)
    ]
    knot = {"type": "array", "items": {"$ref": "#/components/schemas/Cat"}}
    document = changed(
        ("/components/schemas/Cat/properties/name", cat),
        ("/components/schemas/Cat/properties/more", knot),
        ("/components/schemas/Dog", dog),
        *writes,
    )
    assert compare(document, document) == ()


def _is_called_breaking(old: Json, new: Json, model: str) -> bool:
    """Say whether the change would stop a release; what cannot be judged does, too."""
    try:
        found = compare(with_schema(old, model), with_schema(new, model))
    except NotJudged:
        return True
    return any(one.breaking for one in found)


def _fitting(schema: Json) -> list[bool]:
    validator = Draft202012Validator(schema)
    return [validator.is_valid(value) for value in VALUES]


def _open(schema: Json) -> Json:
    if isinstance(schema, list):
        return [_open(inner) for inner in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _open(inner)
        for name, inner in schema.items()
        if (name, inner) != ("additionalProperties", False)
    }

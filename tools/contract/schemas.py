"""Two schemas of one place, before and now. A schema referred to is left to be compared once."""

from collections.abc import Iterator

from tools.contract.compaction import EVENT_DATA
from tools.contract.documents import MODELS, Node, model_name, refuse_unknown, resolved
from tools.contract.findings import Direction, Finding, Pair, Relation, Step
from tools.contract.keywords import compare_types, compare_values, related, types_of
from tools.contract.parts import Part, compare_defaults, compare_presence
from tools.contract.rules import finding
from tools.contract.unions import allows_null, alternatives, compare_members, matched

_SAID_BESIDE = frozenset(
    {
        "default",
        "description",
        "deprecated",
        "example",
        "examples",
        "readOnly",
        "title",
        "writeOnly",
    }
)
"""What may stand beside a reference: nothing that allows more or less."""

_UNDERSTOOD = _SAID_BESIDE | {
    *("additionalProperties", "const", "contentMediaType", "enum"),
    *("exclusiveMaximum", "exclusiveMinimum", "format", "items", "maxItems", "maxLength"),
    *("maxProperties", "maximum", "minItems", "minLength", "minProperties", "minimum"),
    *(
        "multipleOf",
        "pattern",
        "patternProperties",
        "properties",
        "required",
        "type",
        "uniqueItems",
    ),
}


def compare_schemas(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    """Compare what is allowed; of schemas referred to give pairs, each compared once.

    A reference that may also be null is compared by what it refers to, as one that may not.
    """
    refers = "$ref" in old.value or "$ref" in new.value
    if not refers or any(len(alternatives(n)) == 1 and alternatives(n) != [n] for n in (old, new)):
        yield from compare_content(old, new, direction)
        return
    for node in (old, new):
        _check(node)
    yield from _compare_names(old, new)
    yield Pair(old=resolved(old), new=resolved(new), direction=direction)


def compare_content(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    """Compare two schemas that are no references."""
    for node in (old, new):
        _check(node)
    before, now = allows_null(old), allows_null(new)
    if before != now and _is_limited(resolved(old)) and _is_limited(resolved(new)):
        relation = Relation.WIDER if now else Relation.NARROWER
        yield related("null", relation, direction, new, old=before, new=now)
    befores, nows = alternatives(old), alternatives(new)
    if befores[:1] == [old] and nows[:1] == [new]:
        yield from _compare_plain(old, new, direction)
    elif len(befores) == len(nows) == 1:
        yield from compare_schemas(befores[0], nows[0], direction)
    else:
        found = matched(old, new)
        yield from compare_members(old, new, found, direction)
        for one, other in found.same:
            yield from compare_schemas(one, other, direction)


def _is_limited(node: Node) -> bool:
    """Say whether the schema says at all what it may be."""
    return bool({"type", "anyOf", "oneOf", "enum", "const"} & set(node.value))


def _compare_plain(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    yield from compare_types(old, new, direction)
    before, now = types_of(old), types_of(new)
    if before and now and not before & now and {*before, *now} != {"integer", "number"}:
        return  # a text that became a list: nothing else of it compares
    yield from compare_values(old, new, direction)
    yield from _compare_properties(old, new, direction)
    for keyword in ("items", EVENT_DATA):
        yield from _compare_inner(keyword, old, new, direction)
    yield from _compare_additional(old, new, direction)
    yield from _compare_patterned(old, new, direction)


def _compare_properties(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    before, now = (_parts(node) for node in (old, new))
    for name in sorted(before.keys() | now.keys()):
        yield from compare_presence("property", before.get(name), now.get(name), direction)
        if name in before and name in now:
            yield from compare_parts(before[name], now[name], direction)
        elif name in now and isinstance(old.get("additionalProperties"), dict):
            # It was allowed as one of a map's values.
            named = now[name].schema or now[name].node.schema("additionalProperties")
            yield from compare_schemas(old.at("additionalProperties"), named, direction)


def compare_parts(old: Part, new: Part, direction: Direction) -> Iterator[Step]:
    """Compare what a part that is there before and now may hold."""
    yield from compare_defaults(old, new, direction)
    if old.schema is not None and new.schema is not None:
        yield from compare_schemas(old.schema, new.schema, direction)


def _parts(node: Node) -> dict[str, Part]:
    required = set(node.get("required", []))
    properties = node.members("properties")
    return {
        name: Part(
            name=name,
            node=properties.get(name, node),
            required=name in required,
            schema=node.at("properties").schema(name) if name in properties else None,
        )
        for name in required | properties.keys()
    }


def _compare_inner(keyword: str, old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    before, now = keyword in old.value, keyword in new.value
    if before and now:
        yield from compare_schemas(old.schema(keyword), new.schema(keyword), direction)
    elif before != now:
        relation = Relation.NARROWER if now else Relation.WIDER
        yield related(keyword, relation, direction, new, old=old.get(keyword), new=new.get(keyword))


def _compare_additional(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    """Compare what may stand in an object besides its properties.

    Clients pass over properties of answers that they do not know, so only the values of a map
    concern them.
    """
    before, now = (node.get("additionalProperties", True) for node in (old, new))
    before, now = (True if value == {} else value for value in (before, now))
    if isinstance(before, dict) and isinstance(now, dict):
        yield from compare_schemas(
            old.at("additionalProperties"), new.at("additionalProperties"), direction
        )
        return
    if before == now or (direction is Direction.OUTPUT and bool in {type(before)} & {type(now)}):
        return
    relation = Relation.NARROWER if before is True or now is False else Relation.WIDER
    yield related("additionalProperties", relation, direction, new, old=before, new=now)


def _compare_patterned(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    before, now = (node.members("patternProperties") for node in (old, new))
    if before.keys() != now.keys():
        kept = (sorted(before), sorted(now))
        yield related("patternProperties", Relation.OTHER, direction, new, old=kept[0], new=kept[1])
    for pattern in sorted(before.keys() & now.keys()):
        yield from compare_schemas(before[pattern], now[pattern], direction)


def _compare_names(old: Node, new: Node) -> Iterator[Finding]:
    """Compare what the schema is called, which only generated code depends on."""
    before, now = model_name(old), model_name(new)
    if before == now:
        return
    if before is None:
        yield finding("model-named", None, new.pointer, new=now)
    elif now is None:
        yield finding("model-inlined", None, new.pointer, old=before)
    else:
        yield finding("model-renamed", None, f"{MODELS}{now}", old=before, new=now)


def _check(node: Node) -> None:
    """Refuse a schema that limits in a way not understood, or both by a union and beside it."""
    value = node.value
    if "$ref" in value:
        refuse_unknown(node, _SAID_BESIDE | {"$ref"}, "a reference")
    elif "anyOf" in value or "oneOf" in value:
        union = "anyOf" if "anyOf" in value else "oneOf"
        refuse_unknown(node, _SAID_BESIDE | {union, "discriminator"}, "a union")
    else:
        refuse_unknown(node, _UNDERSTOOD, "a schema")

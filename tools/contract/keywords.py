"""What a schema says of one value: types, formats, values and bounds, before and now."""

import json
from collections.abc import Iterator
from typing import Any

from tools.contract.documents import Json, Node
from tools.contract.findings import Direction, Finding, Relation
from tools.contract.rules import finding, related_code

_LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_LARGER_FORMATS = {("int32", "int64"), ("float", "double")}


def compare_types(old: Node, new: Node, direction: Direction) -> Iterator[Finding]:
    """Compare the types besides null."""
    before, now = types_of(old), types_of(new)
    if before != now:
        yield related(
            "type",
            _relation_of_types(before, now),
            direction,
            new,
            old=_sorted(before),
            new=_sorted(now),
        )


def compare_values(old: Node, new: Node, direction: Direction) -> Iterator[Finding]:
    """Compare everything said of a single value."""
    yield from _compare_enums(old, new, direction)
    for keyword in ("format", "pattern", "contentMediaType", "multipleOf"):
        before, now = old.get(keyword), new.get(keyword)
        if before != now:
            relation = _relation_of_one(keyword, before, now)
            yield related(keyword, relation, direction, new, old=before, new=now)
    for keyword in (*_LOWER, *_UPPER):
        before, now = old.get(keyword), new.get(keyword)
        if before != now:
            relation = _relation_of_bounds(keyword, before, now)
            yield related(keyword, relation, direction, new, old=before, new=now)
    if (before := old.get("uniqueItems", False)) != (now := new.get("uniqueItems", False)):
        relation = Relation.NARROWER if now else Relation.WIDER
        yield related("uniqueItems", relation, direction, new, old=before, new=now)


def types_of(node: Node) -> frozenset[str] | None:
    """Return the JSON types allowed besides null; None: any."""
    stated = node.get("type")
    if stated is None:
        return None
    return frozenset([stated] if isinstance(stated, str) else stated) - {"null"}


def related(
    keyword: str,
    relation: Relation,
    direction: Direction,
    place: Node,
    *,
    old: Json,
    new: Json,
) -> Finding:
    """Return the finding that a schema says more, less or something else than before."""
    code = related_code(keyword, relation)
    return finding(code, direction, place.pointer, old=old, new=new)


def _relation_of_types(before: frozenset[str] | None, now: frozenset[str] | None) -> Relation:
    """An integer is a number; a schema without types allows all."""
    if before is None or now is None:
        return Relation.WIDER if now is None else Relation.NARROWER
    if _whole(before) <= _whole(now):
        return Relation.WIDER
    return Relation.NARROWER if _whole(now) <= _whole(before) else Relation.OTHER


def _whole(types: frozenset[str]) -> frozenset[str]:
    return types | {"integer"} if "number" in types else types


def _relation_of_one(keyword: str, before: Any, now: Any) -> Relation:
    if before is None or now is None:
        return Relation.NARROWER if before is None else Relation.WIDER
    if keyword == "multipleOf" and now % before == 0:
        return Relation.NARROWER
    if keyword == "multipleOf" and before % now == 0:
        return Relation.WIDER
    if (before, now) in _LARGER_FORMATS:
        return Relation.WIDER
    return Relation.NARROWER if (now, before) in _LARGER_FORMATS else Relation.OTHER


def _relation_of_bounds(keyword: str, before: float | None, now: float | None) -> Relation:
    """No bound is the widest; a lower bound is narrower the higher it is."""
    if before is None or now is None:
        return Relation.NARROWER if before is None else Relation.WIDER
    is_narrower = now > before if keyword in _LOWER else now < before
    return Relation.NARROWER if is_narrower else Relation.WIDER


def _compare_enums(old: Node, new: Node, direction: Direction) -> Iterator[Finding]:
    before, now = _values(old), _values(new)
    if before is None or now is None:
        if before is not now:
            relation = Relation.WIDER if now is None else Relation.NARROWER
            yield related("enum", relation, direction, new, old=_listed(before), new=_listed(now))
        return
    for text in sorted(before.keys() - now.keys()):
        yield related("enum-value", Relation.NARROWER, direction, new, old=before[text], new=None)
    for text in sorted(now.keys() - before.keys()):
        yield related("enum-value", Relation.WIDER, direction, new, old=None, new=now[text])


def _values(node: Node) -> dict[str, Json] | None:
    """Return the only values allowed besides null, by their JSON; None: not only some."""
    if "const" in node.value:
        values = [node.value["const"]]
    elif "enum" in node.value:
        values = node.value["enum"]
    else:
        return None
    return {json.dumps(value): value for value in values if value is not None}


def _listed(values: dict[str, Json] | None) -> list[Json] | None:
    return None if values is None else list(values.values())


def _sorted(types: frozenset[str] | None) -> list[str] | None:
    return None if types is None else sorted(types)

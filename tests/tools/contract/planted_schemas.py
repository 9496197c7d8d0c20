"""Changes of a schema, each with whom it breaks if what it describes comes in or goes out."""

from dataclasses import dataclass

from tests.tools.contract.small import Json

REF = "#/components/schemas/"
CAT, DOG = {"$ref": f"{REF}Cat"}, {"$ref": f"{REF}Dog"}


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaChange:
    """``breaks_senders``: clients that send it; ``breaks_readers``: clients that are given it."""

    code: str
    old: Json
    new: Json
    breaks_senders: bool
    breaks_readers: bool


def _both_ways(keyword: str, wide: Json, narrow: Json, base: Json) -> list[SchemaChange]:
    """Plant a narrowing, and its reverse."""
    up, down = {**base, **wide}, {**base, **narrow}
    return [
        _narrowing(f"{keyword}-narrowed", up, down),
        _widening(f"{keyword}-widened", down, up),
    ]


def _narrowing(code: str, old: Json, new: Json) -> SchemaChange:
    return SchemaChange(code=code, old=old, new=new, breaks_senders=True, breaks_readers=False)


def _widening(code: str, old: Json, new: Json) -> SchemaChange:
    return SchemaChange(code=code, old=old, new=new, breaks_senders=False, breaks_readers=True)


def _other(code: str, old: Json, new: Json) -> SchemaChange:
    return SchemaChange(code=code, old=old, new=new, breaks_senders=True, breaks_readers=True)


INTEGER, STRING, ARRAY = {"type": "integer"}, {"type": "string"}, {"type": "array"}
OBJECT = {"type": "object"}
NULL = {"type": "null"}
TOLD_APART = {
    "propertyName": "kind",
    "mapping": {"cat": f"{REF}Cat", "dog": f"{REF}Dog"},
}
ONLY_CAT = {"propertyName": "kind", "mapping": {"cat": f"{REF}Cat"}}

SCHEMA_CHANGES = [
    *_both_ways("minimum", {}, {"minimum": 1}, INTEGER),
    *_both_ways("minimum", {"minimum": 1}, {"minimum": 2}, INTEGER),
    *_both_ways("exclusiveMinimum", {"exclusiveMinimum": 0}, {"exclusiveMinimum": 1}, INTEGER),
    *_both_ways("maximum", {}, {"maximum": 9}, INTEGER),
    *_both_ways("maximum", {"maximum": 9}, {"maximum": 8}, INTEGER),
    *_both_ways("exclusiveMaximum", {"exclusiveMaximum": 9}, {"exclusiveMaximum": 8}, INTEGER),
    *_both_ways("multipleOf", {}, {"multipleOf": 2}, INTEGER),
    *_both_ways("multipleOf", {"multipleOf": 2}, {"multipleOf": 4}, INTEGER),
    *_both_ways("minLength", {"minLength": 1}, {"minLength": 2}, STRING),
    *_both_ways("maxLength", {"maxLength": 9}, {"maxLength": 8}, STRING),
    *_both_ways("minItems", {}, {"minItems": 1}, ARRAY),
    *_both_ways("maxItems", {"maxItems": 9}, {"maxItems": 8}, ARRAY),
    *_both_ways("uniqueItems", {}, {"uniqueItems": True}, ARRAY),
    *_both_ways("items", {}, {"items": STRING}, ARRAY),
    *_both_ways("x-event-data", {}, {"x-event-data": CAT}, STRING),
    *_both_ways("minProperties", {}, {"minProperties": 1}, OBJECT),
    *_both_ways("maxProperties", {"maxProperties": 9}, {"maxProperties": 8}, OBJECT),
    *_both_ways("additionalProperties", {}, {"additionalProperties": STRING}, OBJECT),
    *_both_ways("pattern", {}, {"pattern": "a"}, STRING),
    *_both_ways("contentMediaType", {}, {"contentMediaType": "text/csv"}, STRING),
    *_both_ways("format", {}, {"format": "date"}, STRING),
    *_both_ways("format", {"format": "int64"}, {"format": "int32"}, INTEGER),
    *_both_ways("enum", {}, {"enum": ["a"]}, STRING),
    *_both_ways("enum", {}, {"const": "a"}, STRING),
    *_both_ways("type", {}, {"type": "string"}, {}),
    *_both_ways("type", {"type": "number"}, {"type": "integer"}, {}),
    *_both_ways("type", {"type": ["string", "integer"]}, {"type": "string"}, {}),
    _narrowing("enum-value-removed", {"enum": ["a", "b"]}, {"enum": ["a"]}),
    _widening("enum-value-added", {"enum": ["a"]}, {"enum": ["a", "b"]}),
    _widening("enum-value-added", {"const": "a"}, {"enum": ["a", "b"]}),
    _narrowing("null-refused", {"anyOf": [STRING, NULL]}, STRING),
    _widening("null-allowed", STRING, {"anyOf": [STRING, NULL]}),
    _widening("null-allowed", {"anyOf": [CAT]}, {"anyOf": [CAT, NULL]}),
    _widening("null-allowed", CAT, {"anyOf": [CAT, NULL]}),
    _narrowing("null-refused", {"anyOf": [CAT, NULL]}, CAT),
    _widening("null-allowed", STRING, {"type": ["string", "null"]}),
    _narrowing("union-member-removed", {"anyOf": [STRING, INTEGER]}, STRING),
    _widening("union-member-added", STRING, {"anyOf": [STRING, INTEGER]}),
    _narrowing("union-member-removed", {"oneOf": [CAT, DOG]}, {"oneOf": [CAT]}),
    _widening(
        "union-member-added",
        {
            "oneOf": [CAT],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": REF + "Cat"}},
        },
        {"oneOf": [CAT, DOG], "discriminator": TOLD_APART},
    ),
    _narrowing(
        "union-member-removed",
        {"oneOf": [CAT, DOG], "discriminator": TOLD_APART},
        {
            "oneOf": [CAT],
            "discriminator": {"propertyName": "kind", "mapping": {"cat": REF + "Cat"}},
        },
    ),
    _other(
        "discriminator-changed",
        {"oneOf": [CAT, DOG], "discriminator": TOLD_APART},
        {"oneOf": [CAT, DOG], "discriminator": {**TOLD_APART, "propertyName": "sort"}},
    ),
    _other("type-changed", STRING, INTEGER),
    _other("type-changed", {**STRING, "maxLength": 3}, {"type": "array", "items": STRING}),
    _other("pattern-changed", {**STRING, "pattern": "a"}, {**STRING, "pattern": "b"}),
    _other("format-changed", {**STRING, "format": "date"}, {**STRING, "format": "date-time"}),
    _other("multipleOf-changed", {**INTEGER, "multipleOf": 2}, {**INTEGER, "multipleOf": 3}),
    _other(
        "contentMediaType-changed",
        {**STRING, "contentMediaType": "text/csv"},
        {**STRING, "contentMediaType": "text/plain"},
    ),
    _other(
        "patternProperties-changed",
        {**OBJECT, "patternProperties": {"^a": STRING}},
        {**OBJECT, "patternProperties": {"^b": STRING}},
    ),
    # Further in, and through what is nullable, a list, a map or a union.
    _narrowing(
        "maxLength-narrowed",
        {"anyOf": [{**STRING, "maxLength": 9}, NULL]},
        {"anyOf": [{**STRING, "maxLength": 8}, NULL]},
    ),
    _narrowing(
        "enum-value-removed",
        {**ARRAY, "items": {"enum": ["a", "b"]}},
        {**ARRAY, "items": {"enum": ["a"]}},
    ),
    _widening(
        "maximum-widened",
        {**OBJECT, "additionalProperties": {**INTEGER, "maximum": 8}},
        {**OBJECT, "additionalProperties": {**INTEGER, "maximum": 9}},
    ),
    _widening(
        "maximum-widened",
        {**OBJECT, "patternProperties": {"^a": {**INTEGER, "maximum": 8}}},
        {**OBJECT, "patternProperties": {"^a": {**INTEGER, "maximum": 9}}},
    ),
    _narrowing(
        "minLength-narrowed",
        {"anyOf": [INTEGER, STRING]},
        {"anyOf": [INTEGER, {**STRING, "minLength": 1}]},
    ),
]

"""Which changes break whom: every kind of change there is, with its verdict."""

from collections.abc import Mapping

from tools.contract.documents import Json
from tools.contract.findings import Direction, Finding, Relation, Verdict

INPUT, OUTPUT = Direction.INPUT, Direction.OUTPUT
_NARROWER, _WIDER, _OTHER = Relation.NARROWER, Relation.WIDER, Relation.OTHER
_BOUNDED = (_NARROWER, _WIDER)
_ANY = (_NARROWER, _WIDER, _OTHER)

RELATIONS: Mapping[str, tuple[Relation, ...]] = {
    "type": _ANY,
    "null": _BOUNDED,
    "format": _ANY,
    "pattern": _ANY,
    "contentMediaType": _ANY,
    "enum": _BOUNDED,
    "enum-value": _BOUNDED,
    "union-member": _BOUNDED,
    "discriminator": (_OTHER,),
    "items": _BOUNDED,
    "x-event-data": _BOUNDED,
    "additionalProperties": _BOUNDED,
    "patternProperties": (_OTHER,),
    "uniqueItems": _BOUNDED,
    "multipleOf": _ANY,
    "minimum": _BOUNDED,
    "exclusiveMinimum": _BOUNDED,
    "maximum": _BOUNDED,
    "exclusiveMaximum": _BOUNDED,
    "minLength": _BOUNDED,
    "maxLength": _BOUNDED,
    "minItems": _BOUNDED,
    "maxItems": _BOUNDED,
    "minProperties": _BOUNDED,
    "maxProperties": _BOUNDED,
    "style": (_OTHER,),
}
"""What a schema says, and how two sayings of it can relate."""

_SUFFIXES = {
    "null": {_NARROWER: "refused", _WIDER: "allowed"},
    "enum-value": {_NARROWER: "removed", _WIDER: "added"},
    "union-member": {_NARROWER: "removed", _WIDER: "added"},
}

_RELATED = {
    (_NARROWER, INPUT): (True, "requests that were taken until now are refused"),
    (_WIDER, INPUT): (False, "more is taken than before"),
    (_OTHER, INPUT): (True, "requests that were taken until now may be refused"),
    (_NARROWER, OUTPUT): (False, "clients are given less than they had to expect"),
    (_WIDER, OUTPUT): (True, "clients may be given what the released document ruled out"),
    (_OTHER, OUTPUT): (True, "clients are given something else than was promised"),
}

_PARTS = ("property", "parameter", "header", "body")

_OF_A_PART = {
    ("removed", INPUT): (True, "clients that send it are refused, or it is passed over"),
    ("removed", OUTPUT): (True, "clients that read it find nothing"),
    ("added", INPUT): (False, "clients may send it"),
    ("added", OUTPUT): (False, "clients that do not know it pass over it"),
    ("added-required", INPUT): (True, "requests without it are refused, and nobody sends it yet"),
    ("now-required", INPUT): (True, "requests without it were taken and are refused"),
    ("now-required", OUTPUT): (False, "it is always there from now on"),
    ("now-optional", INPUT): (False, "it may be left out"),
    ("now-optional", OUTPUT): (True, "clients that rely on it may find nothing"),
}

_OTHERS: Mapping[tuple[str, Direction | None], tuple[bool, str]] = {
    ("default-changed", INPUT): (True, "Whoever leaves it out gets something else than before."),
    ("default-changed", OUTPUT): (True, "Generated code fills in something else than before."),
    ("default-stated", INPUT): (False, "It had to be given, and now has a default."),
    ("media-type-removed", INPUT): (True, "Requests of this media type are refused."),
    ("media-type-removed", OUTPUT): (True, "Clients no longer get the media type they read."),
    ("media-type-added", INPUT): (False, "Requests of one more media type are taken."),
    ("media-type-added", OUTPUT): (False, "Clients may ask for one more media type."),
    ("response-removed", INPUT): (True, "Receivers that answer so are no longer understood."),
    ("response-removed", OUTPUT): (True, "Clients that wait for this status never see it."),
    ("response-added", INPUT): (False, "Receivers may answer one thing more."),
    ("response-added", OUTPUT): (False, "One more refusal; clients take unknown ones by class."),
    ("success-added", OUTPUT): (True, "Clients are answered with a success they do not know."),
    ("problem-code-removed", OUTPUT): (True, "Clients that act on this code never see it."),
    ("problem-code-added", OUTPUT): (False, "Clients treat unknown codes by their status."),
    ("operation-removed", None): (True, "Clients that call it are answered with 404 or 405."),
    ("operation-moved", None): (True, "Clients that call it where it was find nothing there."),
    ("operation-renamed", None): (True, "Generated code loses the method of the old name."),
    ("operation-regrouped", None): (True, "Generated code has the method in another class."),
    ("operation-deprecated", None): (False, "It still works; generated code warns of using it."),
    ("operation-added", None): (False, "Clients may call it."),
    ("parameter-renamed", None): (True, "Generated code loses the argument of the old name."),
    ("webhook-removed", None): (True, "Subscribers wait for events that no longer come."),
    ("webhook-added", None): (False, "Receivers pass over types they do not know."),
    ("security-required", None): (True, "Requests with the credentials of before are refused."),
    ("security-lifted", None): (False, "Fewer credentials, or other ones too, are enough."),
    ("security-scheme-changed", None): (True, "Clients show their credentials in a way not taken."),
    ("server-removed", None): (True, "Clients call an address that is no longer served."),
    ("server-added", None): (False, "Clients may call one more address."),
    ("model-renamed", None): (True, "On the wire all is the same; generated code loses a class."),
    ("model-inlined", None): (True, "Generated code loses the class that had a name here."),
    ("model-named", None): (False, "Generated code has a class of this name here."),
    ("model-removed", None): (True, "Generated code loses a class."),
}


def related_code(keyword: str, relation: Relation) -> str:
    """Return the code of a keyword that says more, less or something else than before."""
    return f"{keyword}-{_SUFFIXES.get(keyword, {}).get(relation, relation.value)}"


def _verdicts() -> dict[tuple[str, Direction | None], Verdict]:
    rows = dict(_OTHERS)
    for keyword, relations in RELATIONS.items():
        for relation in relations:
            for direction in Direction:
                breaking, then = _RELATED[relation, direction]
                code = related_code(keyword, relation)
                rows[code, direction] = (breaking, f"`{code}`: {then}.")
    for part in _PARTS:
        for (event, direction), (breaking, then) in _OF_A_PART.items():
            rows[f"{part}-{event}", direction] = (breaking, f"The {part}: {then}.")
    return {key: Verdict(breaking=row[0], sentence=row[1]) for key, row in rows.items()}


VERDICTS: Mapping[tuple[str, Direction | None], Verdict] = _verdicts()
"""By code and direction. None: the direction makes no difference."""


def finding(
    code: str, direction: Direction | None, place: str, *, old: Json = None, new: Json = None
) -> Finding:
    """Return a change with the verdict on it; its operations are filled in by who knows them."""
    verdict = VERDICTS[code, direction]
    return Finding(
        code=code,
        breaking=verdict.breaking,
        direction=direction,
        place=place,
        operations=(),
        old=old,
        new=new,
        sentence=verdict.sentence,
    )

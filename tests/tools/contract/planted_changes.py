"""Changes of everything around schemas, each with the one finding it must give."""

from dataclasses import dataclass, replace

from tests.tools.contract.small import EVENT, GONE, MAKE, SMALL, TOLD, Json
from tools.contract.findings import Direction

IN, OUT = Direction.INPUT, Direction.OUTPUT
MODELS = "/components/schemas"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """``writes``: pointers and values; ``before``: what is written to the released one first."""

    code: str
    direction: Direction | None
    breaking: bool
    writes: tuple[tuple[str, Json], ...]
    place: str
    before: tuple[tuple[str, Json], ...] = ()


def _breaks(
    code: str,
    direction: Direction | None,
    place: str,
    *writes: tuple[str, Json],
    before: tuple[tuple[str, Json], ...] = (),
) -> Planted:
    return Planted(
        code=code,
        direction=direction,
        breaking=True,
        writes=writes,
        place=f"#{place}",
        before=before,
    )


def _adds(
    code: str,
    direction: Direction | None,
    place: str,
    *writes: tuple[str, Json],
    before: tuple[tuple[str, Json], ...] = (),
) -> Planted:
    row = _breaks(code, direction, place, *writes, before=before)
    return replace(row, breaking=False)


def _parameter(name: str, where: str, *, required: bool) -> Json:
    return {"name": name, "in": where, "required": required, "schema": {}}


SIZE, KEY = f"{MAKE}/parameters/1", f"{MAKE}/parameters/2"
WEBHOOK_ID, WEBHOOK_MORE = f"{TOLD}/parameters/0", f"{TOLD}/parameters/1"
NEXT, TOLD_NEXT = f"{MAKE}/parameters/3", f"{TOLD}/parameters/2"
OK = f"{MAKE}/responses/200"
TAKEN = f"{TOLD}/responses/200"
GET_THING = {"operationId": "get_thing", "responses": {"200": {}}}
HEADER = {"schema": {"type": "string"}}

OPERATIONS = [
    _breaks("operation-removed", None, "/paths/~1health/get", ("/paths/~1health", GONE)),
    _breaks("operation-removed", None, MAKE, (MAKE, GONE)),
    _breaks("operation-renamed", None, MAKE, (f"{MAKE}/operationId", "create_thing")),
    _breaks("operation-regrouped", None, MAKE, (f"{MAKE}/tags/0", "objects")),
    _adds("operation-deprecated", None, MAKE, (f"{MAKE}/deprecated", True)),
    _adds(
        "operation-added",
        None,
        "/paths/~1things~1{thing_id}/get",
        ("/paths/~1things~1{thing_id}/get", GET_THING),
    ),
    _breaks("webhook-removed", None, TOLD, ("/webhooks/thing.made", GONE)),
    _breaks("webhook-removed", None, TOLD, ("/webhooks", GONE)),
    _adds(
        "webhook-added",
        None,
        "/webhooks/thing.lost/post",
        ("/webhooks/thing.lost", {"post": {"operationId": "receive_thing_lost"}}),
    ),
    _breaks("operation-renamed", None, TOLD, (f"{TOLD}/operationId", "thing_was_made")),
    _breaks(
        "security-required",
        None,
        "/paths/~1health/get",
        ("/paths/~1health/get/security", [{"bearer": []}]),
    ),
    _breaks("security-required", None, MAKE, (f"{MAKE}/security/0/bearer/-", "things:write")),
    _breaks("security-required", None, MAKE, (f"{MAKE}/security/0/other", [])),
    _breaks("security-required", None, "/paths/~1health/get", ("/security", [{"bearer": []}])),
    _adds("security-lifted", None, MAKE, (f"{MAKE}/security", GONE)),
    _adds("security-lifted", None, MAKE, (f"{MAKE}/security/-", {"other": []})),
    _breaks(
        "security-scheme-changed",
        None,
        "/components/securitySchemes/bearer",
        ("/components/securitySchemes/bearer/scheme", "basic"),
    ),
    _breaks("server-removed", None, "/servers", ("/servers", [])),
    _adds("server-added", None, "/servers", ("/servers/-", {"url": "/next"})),
]

PARAMETERS = [
    _breaks("parameter-removed", IN, SIZE, (SIZE, GONE)),
    _breaks("parameter-removed", OUT, WEBHOOK_MORE, (WEBHOOK_MORE, GONE)),
    _adds("parameter-added", IN, NEXT, (f"{NEXT[:-1]}-", _parameter("n", "query", required=False))),
    _breaks(
        "parameter-added-required",
        IN,
        NEXT,
        (f"{NEXT[:-1]}-", _parameter("n", "query", required=True)),
    ),
    _adds(
        "parameter-added",
        OUT,
        TOLD_NEXT,
        (f"{TOLD_NEXT[:-1]}-", _parameter("n", "header", required=True)),
    ),
    _breaks("parameter-now-required", IN, SIZE, (f"{SIZE}/required", True)),
    _adds("parameter-now-required", OUT, WEBHOOK_MORE, (f"{WEBHOOK_MORE}/required", True)),
    _adds("parameter-now-optional", IN, KEY, (f"{KEY}/required", False)),
    _breaks("parameter-now-optional", OUT, WEBHOOK_ID, (f"{WEBHOOK_ID}/required", False)),
    _breaks("style-changed", IN, SIZE, (f"{SIZE}/explode", False)),
    _breaks("style-changed", OUT, WEBHOOK_ID, (f"{WEBHOOK_ID}/explode", True)),
    _breaks("type-narrowed", IN, f"{SIZE}/schema", (f"{SIZE}/schema", {"type": "integer"})),
    _adds("type-narrowed", OUT, f"{WEBHOOK_ID}/schema", (f"{WEBHOOK_ID}/schema/type", "string")),
]

BODIES = [
    _breaks("body-removed", IN, f"{MAKE}/requestBody", (f"{MAKE}/requestBody", GONE)),
    _breaks("body-removed", OUT, f"{TOLD}/requestBody", (f"{TOLD}/requestBody", GONE)),
    _adds(
        "body-added",
        IN,
        "/paths/~1health/get/requestBody",
        ("/paths/~1health/get/requestBody", {"content": EVENT}),
    ),
    _breaks(
        "body-added-required",
        IN,
        "/paths/~1health/get/requestBody",
        ("/paths/~1health/get/requestBody", {"content": EVENT, "required": True}),
    ),
    _adds(
        "body-added",
        OUT,
        f"{TOLD}/requestBody",
        (f"{TOLD}/requestBody", {"required": True, "content": EVENT}),
        before=((f"{TOLD}/requestBody", GONE),),
    ),
    _breaks(
        "body-now-required",
        IN,
        f"{MAKE}/requestBody",
        (f"{MAKE}/requestBody/required", True),
        before=((f"{MAKE}/requestBody/required", False),),
    ),
    _adds(
        "body-now-required",
        OUT,
        f"{TOLD}/requestBody",
        (f"{TOLD}/requestBody/required", True),
        before=((f"{TOLD}/requestBody/required", False),),
    ),
    _adds("body-now-optional", IN, f"{MAKE}/requestBody", (f"{MAKE}/requestBody/required", False)),
    _breaks(
        "body-now-optional", OUT, f"{TOLD}/requestBody", (f"{TOLD}/requestBody/required", False)
    ),
    _breaks(
        "media-type-removed",
        IN,
        f"{MAKE}/requestBody/content/application~1json",
        (f"{MAKE}/requestBody/content/application~1json", GONE),
    ),
    _adds(
        "media-type-added",
        IN,
        f"{MAKE}/requestBody/content/text~1csv",
        (f"{MAKE}/requestBody/content/text~1csv", {}),
    ),
    _breaks(
        "media-type-removed",
        OUT,
        f"{OK}/content/application~1json",
        (f"{OK}/content/application~1json", GONE),
    ),
    _adds("media-type-added", OUT, f"{OK}/content/text~1csv", (f"{OK}/content/text~1csv", {})),
]

RESPONSES = [
    _breaks("response-removed", OUT, OK, (OK, GONE)),
    _breaks("response-removed", OUT, f"{MAKE}/responses/409", (f"{MAKE}/responses/409", GONE)),
    _breaks("response-removed", IN, f"{TOLD}/responses/410", (f"{TOLD}/responses/410", GONE)),
    _adds("response-added", OUT, f"{MAKE}/responses/429", (f"{MAKE}/responses/429", {})),
    _adds("response-added", IN, f"{TOLD}/responses/202", (f"{TOLD}/responses/202", {})),
    _breaks("success-added", OUT, f"{MAKE}/responses/202", (f"{MAKE}/responses/202", {})),
    _breaks("success-added", OUT, f"{MAKE}/responses/default", (f"{MAKE}/responses/default", {})),
    _breaks(
        "problem-code-removed",
        OUT,
        f"{MAKE}/responses/409",
        (f"{MAKE}/responses/409/description", "- `known`: It is there"),
    ),
    _adds(
        "problem-code-added",
        OUT,
        f"{MAKE}/responses/409",
        (f"{MAKE}/responses/409/description", "- `known`: A\n- `too_large`: B\n- `newer`: C"),
    ),
    _breaks("header-removed", OUT, f"{OK}/headers/ETag", (f"{OK}/headers/ETag", GONE)),
    _breaks("header-removed", IN, f"{TAKEN}/headers/X-Taken", (f"{TAKEN}/headers", GONE)),
    _adds("header-added", OUT, f"{OK}/headers/Link", (f"{OK}/headers/Link", HEADER)),
    _adds("header-added", IN, f"{TAKEN}/headers/Link", (f"{TAKEN}/headers/Link", HEADER)),
    _breaks(
        "header-added-required",
        IN,
        f"{TAKEN}/headers/Link",
        (f"{TAKEN}/headers/Link", {**HEADER, "required": True}),
    ),
    _breaks(
        "header-now-optional", OUT, f"{OK}/headers/ETag", (f"{OK}/headers/ETag/required", False)
    ),
    _adds(
        "header-now-optional",
        IN,
        f"{TAKEN}/headers/X-Taken",
        (f"{TAKEN}/headers/X-Taken/required", False),
    ),
    _adds(
        "header-now-required",
        OUT,
        f"{OK}/headers/ETag",
        (f"{OK}/headers/ETag/required", True),
        before=((f"{OK}/headers/ETag/required", False),),
    ),
    _breaks(
        "header-now-required",
        IN,
        f"{TAKEN}/headers/X-Taken",
        (f"{TAKEN}/headers/X-Taken/required", True),
        before=((f"{TAKEN}/headers/X-Taken/required", False),),
    ),
]

NAME, THING_NAME = f"{MODELS}/ThingIn/properties/name", f"{MODELS}/Thing/properties/name"
NOTE, THING_NOTE = f"{MODELS}/ThingIn/properties/note", f"{MODELS}/Thing/properties/note"
PROPERTIES = [
    _breaks("property-removed", IN, NOTE, (NOTE, GONE)),
    _breaks("property-removed", OUT, THING_NOTE, (THING_NOTE, GONE)),
    _breaks(
        "property-removed",
        OUT,
        f"{MODELS}/ThingMade/properties/thing",
        (f"{MODELS}/ThingMade/properties", {}),
        (f"{MODELS}/ThingMade/required", []),
    ),
    _adds(
        "property-added",
        IN,
        f"{MODELS}/ThingIn/properties/more",
        (f"{MODELS}/ThingIn/properties/more", {}),
    ),
    _breaks(
        "property-added-required",
        IN,
        f"{MODELS}/ThingIn/properties/more",
        (f"{MODELS}/ThingIn/properties/more", {}),
        (f"{MODELS}/ThingIn/required/-", "more"),
    ),
    _adds(
        "property-added",
        OUT,
        f"{MODELS}/Thing/properties/more",
        (f"{MODELS}/Thing/properties/more", {}),
        (f"{MODELS}/Thing/required/-", "more"),
    ),
    _breaks("property-now-required", IN, NOTE, (f"{MODELS}/ThingIn/required/-", "note")),
    _adds("property-now-required", OUT, THING_NOTE, (f"{MODELS}/Thing/required/-", "note")),
    _adds("property-now-optional", IN, NAME, (f"{MODELS}/ThingIn/required", [])),
    _breaks("property-now-optional", OUT, THING_NAME, (f"{MODELS}/Thing/required/0", GONE)),
    _breaks("default-changed", IN, NOTE, (f"{NOTE}/default", "some")),
    _breaks("default-changed", IN, NOTE, (f"{NOTE}/default", GONE)),
    _breaks("default-changed", OUT, THING_NOTE, (f"{THING_NOTE}/default", "some")),
    _breaks("default-changed", IN, SIZE, (f"{SIZE}/schema/default", None)),
    _adds("default-stated", IN, NAME, (f"{NAME}/default", "nameless")),
    _breaks(
        "additionalProperties-narrowed",
        IN,
        f"{MODELS}/ThingIn",
        (f"{MODELS}/ThingIn/additionalProperties", False),
        before=((f"{MODELS}/ThingIn/additionalProperties", GONE),),
    ),
    _adds(
        "additionalProperties-widened",
        IN,
        f"{MODELS}/ThingIn",
        (f"{MODELS}/ThingIn/additionalProperties", True),
    ),
    _breaks(
        "property-removed",
        OUT,
        f"{MODELS}/Place/properties/inside",
        (f"{MODELS}/Place/properties/inside", GONE),
    ),
]

MODEL_CHANGES = [
    _breaks("model-removed", None, f"{MODELS}/Dog", (f"{MODELS}/Dog", GONE)),
    _adds(
        "model-named",
        None,
        f"{OK}/headers/ETag/schema",
        (f"{OK}/headers/ETag/schema", {"$ref": "#/components/schemas/Cat"}),
        before=((f"{OK}/headers/ETag/schema", SMALL["components"]["schemas"]["Cat"]),),
    ),
]

CHANGES = [*OPERATIONS, *PARAMETERS, *BODIES, *RESPONSES, *PROPERTIES, *MODEL_CHANGES]

"""The `webhooks` section of the document: every public event as a receiver gets it."""

from typing import Any

from pydantic.json_schema import models_json_schema

from app.reactions.public_types import EventType
from app.webhooks.catalog.document import example_of, model_of
from app.webhooks.signing import ID_HEADER, SIGNATURE_HEADER, TIMESTAMP_HEADER

_REF = "#/components/schemas/{model}"
_HEADERS = (
    (ID_HEADER, "The same on every attempt: what to deduplicate by.", "string"),
    (TIMESTAMP_HEADER, "Seconds since 1970 at this attempt; refuse what is too old.", "integer"),
    (SIGNATURE_HEADER, "One or more signatures of `id.timestamp.body`, by spaces.", "string"),
)


def add_webhooks(document: dict[str, Any]) -> None:
    """Add the section, and the models it names, to a document that has its other schemas."""
    models = {event_type: model_of(event_type) for event_type in EventType}
    _, found = models_json_schema(
        [(model, "serialization") for model in models.values()], ref_template=_REF
    )
    schemas = found["$defs"] | document["components"]["schemas"]
    webhooks: dict[str, Any] = {}
    for event_type, model in models.items():
        name = model.__name__
        schemas[name] = {**found["$defs"][name], "examples": [example_of(event_type)]}
        webhooks[event_type.value] = {"post": _operation(event_type, name)}
    document["webhooks"] = webhooks
    document["components"]["schemas"] = dict(sorted(schemas.items()))


def _operation(event_type: EventType, model: str) -> dict[str, Any]:
    when = event_type.text
    return {
        "tags": ["webhooks"],
        "summary": when.en,
        "description": f"{when.en}. {when.zh_cn}。",
        "operationId": f"receive_{event_type.value.replace('.', '_')}",
        "parameters": [_header(*header) for header in _HEADERS],
        "requestBody": {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _REF.format(model=model)}}},
        },
        "responses": {
            "2XX": {"description": "Delivery accepted. Any other status is retried later."},
            "410": {"description": "Endpoint disabled: nothing more is sent to it."},
        },
    }


def _header(name: str, description: str, kind: str) -> dict[str, Any]:
    number = {"format": "int64"} if kind == "integer" else {}
    return {
        "name": name,
        "in": "header",
        "required": True,
        "description": description,
        "schema": {"type": kind, **number},
    }

"""The page of all public events: when each is published, what it carries, and an example."""

import json
from collections.abc import Iterator
from typing import Any, get_args

from pydantic import BaseModel

from app.reactions.public_types import EventType
from app.webhooks.catalog.document import data_model, example_of, model_name
from app.webhooks.catalog.payload import BODY_BYTES_MAX, LATEST
from app.webhooks.catalog.payloads import EventData
from app.webhooks.catalog.public_event import Envelope

HEAD = f"""\
# Public events

Made from `app/webhooks/catalog/` by `make events`; `make check` says if it is outdated.

What happens to orders, tickets, a shop's money and its webhook endpoints is published: sent as
webhooks, given by the feed (`GET /v1/shops/{{shop_id}}/events`) and by its live stream, with the
same body everywhere, but for `personal`. In OpenAPI each type is in `webhooks`, with a model of its
own.

- An event may come more than once: deduplicate by `id`. Order by `version` within `stream_id`; what
  one cause led to at once has the same `version` and comes in order.
- `data` shows how the order and the ticket stood right after the event, never later.
- More types, fields and codes will come: pass over what you do not know.
- Of persons only ids are published, unless a webhook endpoint asks for more (`include` has
  `personal_data`): then `data` of orders' events ends in `personal`, with what people wrote, the
  addresses of pictures and documents, and parcels' numbers. The feed never has it, and of payees'
  accounts nothing is published.
- A body is UTF-8 and at most {BODY_BYTES_MAX:,} bytes long; what there is no room for in `personal`
  is cut, and `truncated` says so.
- This is the form `{LATEST.value}` (`api_version`). It is only ever added to.
"""


def page() -> str:
    """Return the page."""
    parts = [
        HEAD,
        "## All types\n",
        *_overview(),
        "\n## What every event says\n",
        *_fields_of(Envelope),
        "| `data` | object | What it carries: below. |",
        "\n## What they carry\n",
        *(line for model in _models() for line in _model(model)),
        "## Examples\n",
        *(line for event_type in EventType for line in _example(event_type)),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _overview() -> Iterator[str]:
    yield "| type | when | 何时 | `data` | model |\n|---|---|---|---|---|"
    for event_type in EventType:
        data = data_model(event_type).__name__
        yield (
            f"| [`{event_type.value}`](#{_anchor(event_type.value)}) | {event_type.text.en} "
            f"| {event_type.text.zh_cn} | [{data}](#{data.lower()}) | `{model_name(event_type)}` |"
        )


def _anchor(heading: str) -> str:
    """Return what GitHub makes of a heading to link to."""
    return heading.replace(".", "")


def _models() -> list[type[BaseModel]]:
    """Return the models of data, and after them those they are made of, each once."""
    found: dict[type[BaseModel], None] = dict.fromkeys(get_args(EventData))
    waiting = list(found)
    while waiting:
        for field in waiting.pop(0).model_fields.values():
            for inner in _models_in(field.annotation):
                if inner not in found:
                    found[inner] = None
                    waiting.append(inner)
    return list(found)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)


def _model(model: type[BaseModel]) -> Iterator[str]:
    yield f"### {model.__name__}\n"
    yield f"{model.__doc__}\n"
    yield from _fields_of(model)
    yield ""


def _fields_of(model: type[BaseModel]) -> Iterator[str]:
    yield "| field | type | meaning |\n|---|---|---|"
    schema = model.model_json_schema(mode="serialization")
    for name, field in schema["properties"].items():
        meaning = " ".join(field.get("description", "").split())
        yield f"| `{name}` | {_type_of(field)} | {meaning} |"


def _type_of(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        return f"[{name}](#{name.lower()})"
    if "anyOf" in schema:
        return " or ".join(_type_of(branch) for branch in schema["anyOf"])
    if schema["type"] == "array":
        return f"list of {_type_of(schema['items'])}"
    kind: str = schema.get("format", schema["type"])
    return kind


def _example(event_type: EventType) -> Iterator[str]:
    yield f"### {event_type.value}\n"
    yield f"{event_type.text.en}.\n"
    body = json.dumps(example_of(event_type), ensure_ascii=False, indent=1)
    yield f"```json\n{body}\n```\n"

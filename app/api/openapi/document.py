"""The OpenAPI document: made from the routes, served, exported to a file, checked for drift."""

import json
import re
from functools import partial
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode

from app.api.openapi.examples import add_examples
from app.api.openapi.forms import Form, document_in
from app.api.openapi.headers import add_headers
from app.api.openapi.rule_texts import add_callers, add_rule_texts
from app.api.openapi.sharing import share_components
from app.api.openapi.webhooks import add_webhooks
from app.api.problems.problem import Problem
from app.api.resources.import_orders import ImportLine, ImportResult
from app.api.static_content import StaticContent, add_static_route

DESCRIPTION = """\
Opens the after-sales entry again for one order past the after-sales period, runs the tickets that
come of it, and keeps an operation log of everything.

Every answer other than 2xx is a problem (RFC 9457, `application/problem+json`) with a stable
`code`. Texts of problems and messages follow `Accept-Language` (`zh-CN`, `en`). No answer of an
operation may be stored (`Cache-Control: no-store`). Clients must ignore response fields and
headers they do not know. Instants are RFC 3339 with a zone, amounts are minor units.
"""

INT64_MAX = 2**63 - 1
"""The largest number that fits; as a float, which FastAPI makes of it, it is one too large."""
_BOUNDS = frozenset({"minimum", "maximum"})
_BARE_REFERENCE = re.compile(r'\{\n +("\$ref": "[^"\n]*")\n +\}')
SCHEMA_REF = "#/components/schemas/{model}"


def install_openapi(app: FastAPI) -> None:
    """Serve the document in each of its forms under the name of its file."""
    for form in Form:
        add_static_route(app, f"/{form.file}", partial(_content, app, form))


def _content(app: FastAPI, form: Form) -> StaticContent:
    return StaticContent.of(compact_json(document_in(form, document(app))), "application/json")


def compact_json(value: Any) -> str:
    """Return JSON as short as it can be, as it is served."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def document_text(app: FastAPI, form: Form) -> str:
    """Return the document as a file: indented, each bare reference on one line."""
    text = json.dumps(document_in(form, document(app)), ensure_ascii=False, indent=2)
    return _BARE_REFERENCE.sub(r"{\1}", text) + "\n"


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document of an application."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=DESCRIPTION,
            routes=app.routes,
            servers=[{"url": "/"}],
            tags=list(TAGS),
        )
        _add_schemas(schema)
        add_headers(schema, app.routes)
        add_webhooks(schema)
        _tidy(schema["components"]["schemas"], at_name=True)
        _tidy(schema["paths"], at_name=False)
        _tidy(schema["webhooks"], at_name=False)
        _tidy_parameters(schema)
        add_examples(schema)
        add_rule_texts(schema)
        add_callers(schema, app.routes)
        share_components(schema)
        app.openapi_schema = schema
    return app.openapi_schema


def _tidy_parameters(schema: dict[str, Any]) -> None:
    """Say once what a parameter is for, and never that it may be null: it is left out instead.

    So is an optional body, though the service takes null for one.
    """
    for item in schema["paths"].values():
        for operation in item.values():
            for content in operation.get("requestBody", {}).get("content", {}).values():
                content["schema"] = _not_null(content["schema"])
            for parameter in operation.get("parameters", []):
                parameter["schema"] = _not_null(parameter["schema"])
                if "description" in parameter:
                    parameter["schema"].pop("description", None)


def _not_null(schema: dict[str, Any]) -> dict[str, Any]:
    branches = [branch for branch in schema.get("anyOf", []) if branch != {"type": "null"}]
    if len(branches) != 1:
        return schema
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**branches[0], **rest}


def _tidy(value: Any, *, at_name: bool) -> None:
    """Take away what only repeats a property's name, and let whole numbers be whole.

    ``at_name``: whether the keys of ``value`` are names of schemas or properties, so that "title"
    among them is no keyword. A model's own title stays: it is how generators name it.
    """
    if isinstance(value, list):
        for inner in value:
            _tidy(inner, at_name=False)
        return
    if not isinstance(value, dict):
        return
    for name, inner in value.items():
        if not at_name and name in _BOUNDS and isinstance(inner, float) and inner.is_integer():
            value[name] = INT64_MAX if inner == 2.0**63 else int(inner)
        if isinstance(inner, dict) and (at_name or name == "schema") and _is_part(inner):
            inner.pop("title", None)
        if name not in {"examples", "example", "default"} or at_name:
            _tidy(inner, at_name=not at_name and name in {"properties", "schemas"})


def _is_part(schema: dict[str, Any]) -> bool:
    """Return whether a schema is a property's or a parameter's, not a named model's."""
    return "properties" not in schema and not ("enum" in schema and "title" in schema)


def _add_schemas(schema: dict[str, Any]) -> None:
    """Bring along what routes only refer to: problems, and the lines of NDJSON bodies."""
    schemas = schema.setdefault("components", {}).setdefault("schemas", {})
    for model, mode in _REFERRED_TO:
        found = model.model_json_schema(mode=mode, ref_template=SCHEMA_REF)
        for name, definition in found.pop("$defs", {}).items():
            schemas.setdefault(name, definition)
        schemas[model.__name__] = found
    schema["components"]["schemas"] = dict(sorted(schemas.items()))


_REFERRED_TO: tuple[tuple[type[BaseModel], JsonSchemaMode], ...] = (
    (Problem, "serialization"),
    (ImportLine, "validation"),
    (ImportResult, "serialization"),
)


TAGS: tuple[dict[str, Any], ...] = (
    {"name": "orders", "description": "Orders and the facts of them: 订单与发货、收货、结算。"},
    {
        "name": "after-sales entry",
        "description": "Whether the entry may be opened, and opening it. 售后入口。",
    },
    {"name": "applications", "description": "What a consumer applies for. 申请售后。"},
    {"name": "tickets", "description": "Tickets and the decisions on them. 售后单。"},
    {"name": "parcels", "description": "Goods on their way back and forth. 退货与补发物流。"},
    {"name": "arbitration", "description": "The platform decides between both sides. 平台仲裁。"},
    {"name": "assistant", "description": "Rules for routine decisions. 售后小助手。"},
    {"name": "funds", "description": "A shop's money and its ledger. 资金与账本。"},
    {"name": "refunds", "description": "Refunds and how far each has come. 退款。"},
    {"name": "notifications", "description": "Inboxes, live streams and devices. 站内信与推送。"},
    {"name": "events", "description": "The feed of public events. 事件流。"},
    {"name": "webhooks", "description": "Events sent to where a shop wants them. 事件推送。"},
    {"name": "reasons", "description": "The coded reasons with their texts. 原因列表。"},
    {"name": "test clocks", "description": "Time of shops in test mode. 测试时钟。"},
    {"name": "provider", "description": "What the payment provider calls. 支付渠道回调。"},
    {"name": "operations", "description": "Health of the service. 运维。"},
)
"""Every tag a route may carry, in the order the documentation shows them."""

"""Requests and answers: parameters, bodies, media types, statuses, headers, codes of problems."""

import re
from collections.abc import Iterator

from tools.contract.compaction import PROBLEM_CODES
from tools.contract.documents import Node, refuse_unknown, resolved
from tools.contract.findings import Direction, Finding, Relation, Step
from tools.contract.keywords import related
from tools.contract.parts import Part, compare_presence
from tools.contract.rules import finding
from tools.contract.schemas import compare_parts, compare_schemas

_OF_A_PARAMETER = frozenset(
    {"allowReserved", "content", "deprecated", "explode", "in", "name", "required", "schema"}
    | {"style"}
)
_PLACEHOLDER = re.compile(r"{([^}]*)}")


def compare_parameters(
    old: dict[str, Node], new: dict[str, Node], direction: Direction
) -> Iterator[Step]:
    """Compare the parameters found by `parameters_of`."""
    for key in sorted(old.keys() | new.keys()):
        before, now = (_parameter(nodes.get(key)) for nodes in (old, new))
        yield from compare_presence("parameter", before, now, direction)
        if before is None or now is None:
            continue
        if before.name != now.name and now.node.value["in"] == "path":
            place = now.node.pointer
            yield finding("parameter-renamed", None, place, old=before.name, new=now.name)
        yield from compare_parts(before, now, direction)
        styles = [_style(part.node) for part in (before, now)]
        if styles[0] != styles[1]:
            yield related(
                "style", Relation.OTHER, direction, now.node, old=styles[0], new=styles[1]
            )
        yield from _compare_content(before.node, now.node, direction)


def parameters_of(item: Node, operation: Node, path: str) -> dict[str, Node]:
    """Return parameters by what tells them apart: those in the path by their place in it."""
    places = _PLACEHOLDER.findall(path)
    found = {}
    for node in (*item.elements("parameters"), *operation.elements("parameters")):
        parameter = resolved(node)
        where, name = parameter.value["in"], parameter.value["name"]
        if where == "path" and name in places:
            name = str(places.index(name))
        found[f"{where} {name.lower() if where == 'header' else name}"] = parameter
    return found


def compare_bodies(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    """Compare the bodies of an operation's requests."""
    before, now = (_body(node) for node in (old, new))
    yield from compare_presence("body", before, now, direction)
    if before is not None and now is not None:
        yield from _compare_content(before.node, now.node, direction)


def compare_responses(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    """Compare the answers of an operation."""
    before, now = old.members("responses"), new.members("responses")
    for status in sorted(before.keys() | now.keys()):
        if status not in now:
            yield finding("response-removed", direction, before[status].pointer, old=status)
        elif status not in before:
            success = not status.startswith(("4", "5")) and direction is Direction.OUTPUT
            code = "success-added" if success else "response-added"
            yield finding(code, direction, now[status].pointer, new=status)
        else:
            yield from _compare_response(resolved(before[status]), resolved(now[status]), direction)


def _compare_response(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    for node in (old, new):
        refuse_unknown(node, frozenset({"content", "headers"}), "a response")
    before, now = (set(node.get(PROBLEM_CODES, [])) for node in (old, new))
    for code in sorted(before - now):
        yield finding("problem-code-removed", direction, new.pointer, old=code)
    for code in sorted(now - before):
        yield finding("problem-code-added", direction, new.pointer, new=code)
    headers_before, headers_now = (_headers(node) for node in (old, new))
    for name in sorted(headers_before.keys() | headers_now.keys()):
        one, other = headers_before.get(name), headers_now.get(name)
        yield from compare_presence("header", one, other, direction)
        if one is not None and other is not None:
            yield from compare_parts(one, other, direction)
    yield from _compare_content(old, new, direction)


def _compare_content(old: Node, new: Node, direction: Direction) -> Iterator[Step]:
    before, now = old.members("content"), new.members("content")
    for name in sorted(before.keys() | now.keys()):
        if name not in now:
            yield _of_media_type("removed", direction, before[name], old=name)
        elif name not in before:
            yield _of_media_type("added", direction, now[name], new=name)
        else:
            for node in (before[name], now[name]):
                refuse_unknown(node, frozenset({"schema"}), "a media type")
            schemas = (before[name].schema("schema"), now[name].schema("schema"))
            yield from compare_schemas(*schemas, direction)


def _of_media_type(
    event: str, direction: Direction, node: Node, *, old: str | None = None, new: str | None = None
) -> Finding:
    return finding(f"media-type-{event}", direction, node.pointer, old=old, new=new)


def _parameter(node: Node | None) -> Part | None:
    if node is None:
        return None
    refuse_unknown(node, _OF_A_PARAMETER, "a parameter")
    schema = node.schema("schema") if "schema" in node.value else None
    return Part(
        name=node.value["name"], node=node, required=node.get("required", False), schema=schema
    )


def _headers(response: Node) -> dict[str, Part]:
    nodes = {name: resolved(node) for name, node in response.members("headers").items()}
    return {
        name.lower(): Part(
            name=name,
            node=node,
            required=node.get("required", False),
            schema=node.schema("schema"),
        )
        for name, node in nodes.items()
    }


def _body(operation: Node) -> Part | None:
    if "requestBody" not in operation.value:
        return None
    node = resolved(operation.at("requestBody"))
    return Part(name="body", node=node, required=node.get("required", False), schema=None)


def _style(parameter: Node) -> list[object]:
    """Return how a parameter is written, with what OpenAPI takes if nothing is said."""
    usual = "form" if parameter.value["in"] in {"query", "cookie"} else "simple"
    style = parameter.get("style", usual)
    return [style, parameter.get("explode", style == "form"), parameter.get("allowReserved", False)]

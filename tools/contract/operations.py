"""Operations and webhooks: found again, then compared as what comes in and what goes out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.contract.documents import Json, Node, refuse_unknown, root
from tools.contract.findings import Direction, Finding, Step
from tools.contract.messages import (
    compare_bodies,
    compare_parameters,
    compare_responses,
    parameters_of,
)
from tools.contract.rules import finding

_METHODS = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})
_UNDERSTOOD = frozenset(
    {"deprecated", "operationId", "parameters", "requestBody", "responses", "security", "tags"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """``path``: or the name of a webhook. ``request``: the direction of what is asked."""

    item: Node
    node: Node
    path: str
    request: Direction

    @property
    def name(self) -> str:
        """Its operationId, or its place if it has none."""
        name: str = self.node.get("operationId", self.node.pointer)
        return name

    @property
    def security(self) -> list[dict[str, list[str]]]:
        """The ways to be let in; one that asks for nothing if none is stated."""
        stated: Json = self.node.get("security", self.node.document.get("security"))
        return stated or [{}]


def operations_of(document: Json) -> dict[str, Operation]:
    """Return every operation by what clients call: section, path without names in it, method."""
    found = {}
    for section, request in (("paths", Direction.INPUT), ("webhooks", Direction.OUTPUT)):
        for path, item in root(document).members(section).items():
            _check_item(item)
            called = re.sub(r"{[^}]*}", "{}", path)
            for method in sorted(_METHODS & item.value.keys()):
                node = item.at(method)
                operation = Operation(item=item, node=node, path=path, request=request)
                found[f"{section} {called} {method}"] = operation
    return found


def compare_operation(old: Operation, new: Operation) -> Iterator[Step]:
    """Compare two operations of one path and method."""
    yield from _compare_names(old, new)
    yield from _compare_security(old, new)
    before = parameters_of(old.item, old.node, old.path)
    now = parameters_of(new.item, new.node, new.path)
    yield from compare_parameters(before, now, new.request)
    yield from compare_bodies(old.node, new.node, new.request)
    yield from compare_responses(old.node, new.node, new.request.reverse)


def gone(old: Operation, ids_now: frozenset[str]) -> Finding:
    """Return the finding that nothing is where an operation was."""
    if old.request is Direction.OUTPUT:
        return finding("webhook-removed", None, old.node.pointer, old=old.path)
    code = "operation-moved" if old.name in ids_now else "operation-removed"
    return finding(code, None, old.node.pointer, old=old.name)


def come(new: Operation) -> Finding:
    """Return the finding that something is where nothing was."""
    if new.request is Direction.OUTPUT:
        return finding("webhook-added", None, new.node.pointer, new=new.path)
    return finding("operation-added", None, new.node.pointer, new=new.name)


def _check_item(item: Node) -> None:
    refuse_unknown(item, _METHODS | {"parameters"}, "a path")
    for method in sorted(_METHODS & item.value.keys()):
        refuse_unknown(item.at(method), _UNDERSTOOD, "an operation")


def _compare_names(old: Operation, new: Operation) -> Iterator[Finding]:
    place = new.node.pointer
    if old.name != new.name:
        yield finding("operation-renamed", None, place, old=old.name, new=new.name)
    before, now = old.node.get("tags", []), new.node.get("tags", [])
    if before != now:
        yield finding("operation-regrouped", None, place, old=before, new=now)
    if new.node.get("deprecated", False) and not old.node.get("deprecated", False):
        yield finding("operation-deprecated", None, place, old=False, new=True)


def _compare_security(old: Operation, new: Operation) -> Iterator[Finding]:
    """Whoever was let in must still be: by a way that asks for nothing more than theirs."""
    if new.request is Direction.OUTPUT:
        return  # webhooks are signed; credentials are for clients
    before, now = old.security, new.security
    place = new.node.pointer
    if any(not any(_asks_no_more(way, had) for way in now) for had in before):
        yield finding("security-required", None, place, old=before, new=now)
    elif any(not any(_asks_no_more(had, way) for had in before) for way in now):
        yield finding("security-lifted", None, place, old=before, new=now)


def _asks_no_more(way: dict[str, list[str]], had: dict[str, list[str]]) -> bool:
    return all(name in had and set(scopes) <= set(had[name]) for name, scopes in way.items())

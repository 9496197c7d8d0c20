"""Schemas that are one of several: which alternatives were added and which taken away."""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from tools.contract.documents import Node, NotJudged, model_name, resolved
from tools.contract.findings import Direction, Finding, Relation
from tools.contract.keywords import related

_UNIONS = ("anyOf", "oneOf")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """Alternatives found again, gone and come; ``gone`` and ``come`` by their labels."""

    same: tuple[tuple[Node, Node], ...]
    gone: dict[str, Node]
    come: dict[str, Node]


def alternatives(node: Node) -> list[Node]:
    """Return what a schema may be besides null: itself, if it is no union."""
    branches = [branch for name in _UNIONS for branch in node.elements(name)]
    if not branches:
        return [node]
    return [branch for branch in branches if branch.get("type") != "null"]


def allows_null(node: Node, seen: frozenset[str] = frozenset()) -> bool:
    """Say whether null is a value of the schema; ``seen``: where it was looked for already."""
    node = resolved(node)
    if node.pointer in seen:
        return False
    branches = [branch for name in _UNIONS for branch in node.elements(name)]
    if branches:
        return any(allows_null(branch, seen | {node.pointer}) for branch in branches)
    stated = node.get("type")
    if stated is None:
        return None in node.get("enum", [None]) and node.get("const") is None
    return stated == "null" or (isinstance(stated, list) and "null" in stated)


def matched(old: Node, new: Node) -> Matching:
    """Find the alternatives of a union again: by what tells them apart, by name, by type.

    If one is left over on each side and nothing on the wire tells them apart, they are the same.
    """
    by_value = "discriminator" in old.value and "discriminator" in new.value
    before, now = (_labelled(node, by_value=by_value) for node in (old, new))
    same = [(before[label], now[label]) for label in before if label in now]
    gone = {label: node for label, node in before.items() if label not in now}
    come = {label: node for label, node in now.items() if label not in before}
    if not by_value and len(gone) == len(come) == 1:
        same.append((gone.popitem()[1], come.popitem()[1]))
    return Matching(same=tuple(same), gone=gone, come=come)


def compare_members(
    old: Node, new: Node, found: Matching, direction: Direction
) -> Iterator[Finding]:
    """List the alternatives that came and went, and another way to tell them apart."""
    for label, node in found.gone.items():
        yield related("union-member", Relation.NARROWER, direction, node, old=label, new=None)
    for label, node in found.come.items():
        yield related("union-member", Relation.WIDER, direction, node, old=None, new=label)
    before, now = _told_by(old), _told_by(new)
    if before != now:
        yield related("discriminator", Relation.OTHER, direction, new, old=before, new=now)


def _told_by(node: Node) -> str | None:
    told_by: str | None = node.get("discriminator", {}).get("propertyName")
    return told_by


def _labelled(node: Node, *, by_value: bool) -> dict[str, Node]:
    if not by_value:
        return _by_label(alternatives(node))
    branches = {branch.get("$ref"): branch for branch in alternatives(node)}
    mapping = node.value["discriminator"].get("mapping", {})
    named = {value: branches[target] for value, target in mapping.items() if target in branches}
    spoken_for = set(mapping.values())
    rest = [branch for target, branch in branches.items() if target not in spoken_for]
    return named | _by_label(rest)


def _by_label(branches: list[Node]) -> dict[str, Node]:
    labelled = {_label(branch): branch for branch in branches}
    if len(labelled) != len(branches):
        raise NotJudged(f"{branches[0].pointer}: nothing tells these alternatives apart")
    return labelled


def _label(branch: Node) -> str:
    name = model_name(branch)
    if name is not None:
        return name
    kinds = {key: branch.value[key] for key in ("type", "const", "format") if key in branch.value}
    return json.dumps(kinds, sort_keys=True)

"""The whole of two documents compared: operations, all they refer to, and what stands beside."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from tools.contract.compaction import compact
from tools.contract.documents import MODELS, Json, NotJudged, root
from tools.contract.findings import Direction, Finding, Pair, Step
from tools.contract.operations import come, compare_operation, gone, operations_of
from tools.contract.rules import finding
from tools.contract.schemas import compare_content

_Key = tuple[str, str, Direction]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Compared:
    """What comparing one pair gave."""

    findings: tuple[Finding, ...]
    pairs: tuple[Pair, ...]


def compare(released: Mapping[str, Json], current: Mapping[str, Json]) -> tuple[Finding, ...]:
    """Return every change, breaking ones first.

    Raises `NotJudged` where a document holds something whose changes could not be seen.
    """
    for document in (released, current):
        if re.match(r"3\.1\.", document["openapi"]) is None:
            raise NotJudged(f"OpenAPI {document['openapi']}: only 3.1 is understood")
    old, new = compact(released), compact(current)
    compared: dict[_Key, _Compared] = {}
    users: dict[_Key, set[str]] = defaultdict(set)
    findings = [*_of_operations(old, new, compared, users)]
    _follow(_of_models_nobody_refers_to(old, new, compared), compared)
    for key, result in compared.items():
        names = tuple(sorted(users[key]))
        findings += [replace(found, operations=names) for found in result.findings]
    findings += [*_of_security_schemes(old, new), *_of_servers(old, new)]
    findings += _of_models(old, new, findings)
    return _merged(findings)


def _of_operations(
    old: Mapping[str, Json],
    new: Mapping[str, Json],
    compared: dict[_Key, _Compared],
    users: dict[_Key, set[str]],
) -> Iterator[Finding]:
    """Compare operations; what they refer to is added to ``compared``, and to ``users`` by whom."""
    before, now = operations_of(old), operations_of(new)
    ids_now = frozenset(operation.name for operation in now.values())
    for key in sorted(before.keys() | now.keys()):
        if key not in now:
            steps: Iterable[Step] = (gone(before[key], ids_now),)
            name = before[key].name
        elif key not in before:
            steps, name = (come(now[key]),), now[key].name
        else:
            steps, name = compare_operation(before[key], now[key]), now[key].name
        result = _sorted_out(steps)
        for pair in _follow(result.pairs, compared):
            users[pair].add(name)
        yield from (replace(found, operations=(name,)) for found in result.findings)


def _follow(pairs: Iterable[Pair], compared: dict[_Key, _Compared]) -> set[_Key]:
    """Compare pairs and all they lead to, each once, and return what was come by."""
    waiting, seen = list(pairs), set[_Key]()
    while waiting:
        pair = waiting.pop()
        if pair.key in seen:
            continue
        seen.add(pair.key)
        if pair.key not in compared:
            compared[pair.key] = _sorted_out(compare_content(pair.old, pair.new, pair.direction))
        waiting.extend(compared[pair.key].pairs)
    return seen


def _sorted_out(steps: Iterable[Step]) -> _Compared:
    taken = tuple(steps)
    return _Compared(
        findings=tuple(step for step in taken if isinstance(step, Finding)),
        pairs=tuple(step for step in taken if isinstance(step, Pair)),
    )


def _of_models_nobody_refers_to(
    old: Mapping[str, Json], new: Mapping[str, Json], compared: Mapping[_Key, _Compared]
) -> list[Pair]:
    """A text says where they are used, so they are held to both directions."""
    reached = {place for one, other, _ in compared for place in (one, other)}
    before, now = (root(document).at("components").members("schemas") for document in (old, new))
    return [
        Pair(old=before[name], new=now[name], direction=direction)
        for name in sorted(before.keys() & now.keys())
        if f"{MODELS}{name}" not in reached
        for direction in Direction
    ]


def _of_models(
    old: Mapping[str, Json], new: Mapping[str, Json], findings: Iterable[Finding]
) -> list[Finding]:
    """Name the models that are gone, unless it was said what they are called now."""
    renamed = {found.old for found in findings if found.code in {"model-renamed", "model-inlined"}}
    names = sorted(_models(old).keys() - _models(new).keys() - renamed)
    return [finding("model-removed", None, f"{MODELS}{name}", old=name) for name in names]


def _of_security_schemes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Finding]:
    before, now = (
        document.get("components", {}).get("securitySchemes", {}) for document in (old, new)
    )
    for name in sorted(before.keys() & now.keys()):
        if before[name] != now[name]:
            place = f"#/components/securitySchemes/{name}"
            yield finding("security-scheme-changed", None, place, old=before[name], new=now[name])


def _of_servers(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[Finding]:
    before, now = (
        {server["url"] for server in document.get("servers", [{"url": "/"}])}
        for document in (old, new)
    )
    for url in sorted(before - now):
        yield finding("server-removed", None, "#/servers", old=url)
    for url in sorted(now - before):
        yield finding("server-added", None, "#/servers", new=url)


def _models(document: Mapping[str, Json]) -> Mapping[str, Json]:
    models: Mapping[str, Json] = document.get("components", {}).get("schemas", {})
    return models


def _merged(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Put together what was found from several operations."""
    merged: dict[tuple[bool, str, str, str, str, str], Finding] = {}
    for found in findings:
        known = merged.setdefault(found.key, found)
        reached = sorted({*known.operations, *found.operations})
        merged[found.key] = replace(known, operations=tuple(reached))
    return tuple(merged[key] for key in sorted(merged))

"""Places in an OpenAPI document, and following its references."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Any
"""What a JSON file can hold."""

MODELS = "#/components/schemas/"


class NotJudged(Exception):
    """A document holds what the comparison does not understand, so it says nothing at all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value and where it stands: ``pointer`` is a JSON pointer into ``document``."""

    document: Mapping[str, Json]
    pointer: str
    value: Json

    def get(self, name: str, default: Json = None) -> Json:
        """Return a member's value."""
        return self.value.get(name, default)

    def at(self, name: str | int) -> "Node":
        """Return a member, or an element, which must be there."""
        pointer = f"{self.pointer}/{escaped(str(name))}"
        return Node(document=self.document, pointer=pointer, value=self.value[name])

    def members(self, name: str) -> "dict[str, Node]":
        """Return what stands under the names of a map, such as ``properties``; none without it."""
        if name not in self.value:
            return {}
        inner = self.at(name)
        return {key: inner.at(key) for key in inner.value}

    def elements(self, name: str) -> "list[Node]":
        """Return the elements of a list, such as ``parameters``; none without it."""
        if name not in self.value:
            return []
        inner = self.at(name)
        return [inner.at(index) for index in range(len(inner.value))]

    def schema(self, name: str) -> "Node":
        """Return the schema under a name; without it, and for true, one that allows anything."""
        value = self.value.get(name, True)
        if value is False:
            raise NotJudged(f"{self.pointer}/{name}: a schema that allows nothing")
        pointer = f"{self.pointer}/{escaped(name)}"
        return Node(document=self.document, pointer=pointer, value={} if value is True else value)


def root(document: Mapping[str, Json]) -> Node:
    """Return the whole document as a node."""
    return Node(document=document, pointer="#", value=document)


def escaped(name: str) -> str:
    """Return a name as it stands in a JSON pointer (RFC 6901)."""
    return name.replace("~", "~0").replace("/", "~1")


def resolved(node: Node) -> Node:
    """Follow references until something stands there. A circle, or nothing there, is not judged."""
    seen = {node.pointer}
    while "$ref" in node.value:
        node = _referred(node)
        if node.pointer in seen:
            raise NotJudged(f"{node.pointer}: the reference leads in a circle")
        seen.add(node.pointer)
    return node


def refuse_unknown(node: Node, understood: frozenset[str], what: str) -> None:
    """Refuse to judge what holds a member whose changes nobody would see."""
    if unknown := {name for name in node.value if not name.startswith("x-")} - understood:
        raise NotJudged(f"{node.pointer}: {', '.join(sorted(unknown))} of {what}")


def model_name(node: Node) -> str | None:
    """Return what a schema is called if it is a reference to a named one."""
    reference = node.value.get("$ref", "")
    return reference.removeprefix(MODELS) if reference.startswith(MODELS) else None


def _referred(node: Node) -> Node:
    reference = node.value["$ref"]
    found = root(node.document)
    try:
        for name in _names(reference):
            found = found.at(name)
    except (KeyError, TypeError):
        raise NotJudged(f"{node.pointer}: nothing stands at {reference}") from None
    return found


def _names(reference: str) -> Iterator[str]:
    start, *names = reference.split("/")
    if start != "#":
        raise NotJudged(f"{reference} leads to another document")
    return (name.replace("~1", "/").replace("~0", "~") for name in names)

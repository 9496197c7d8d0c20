"""The document as if nothing in it were shared, so that an operation tells all there is to it."""

from typing import Any


def inlined(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with its shared responses and parameters where they are referred to.

    They are referred to, not copied, as a copy for each would take 140 MB: to read, not to change.
    """
    found: dict[str, Any] = _inlined(document, document["components"])
    return found


def _inlined(value: Any, components: dict[str, Any]) -> Any:
    if isinstance(value, list):
        return [_inlined(item, components) for item in value]
    if not isinstance(value, dict):
        return value
    section, _, name = str(value.get("$ref", "")).removeprefix("#/components/").partition("/")
    if section in {"responses", "parameters"}:
        return components[section][name]
    return {key: _inlined(item, components) for key, item in value.items()}

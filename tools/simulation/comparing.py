"""Compares answers with expectations and names each difference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_NOTHING = object()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Something that is not as it must be. ``about`` is an order, or a shop."""

    about: str
    field: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.about}: {self.field}: expected {self.expected}, got {self.got}"


def differences(about: str, field: str, expected: Any, got: Any) -> list[Difference]:
    """Compare what is expected with what was answered.

    Of an object only the members that are expected are looked at; lists must be equally long.
    Instants are compared as instants, however they are written.
    """
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        return [
            difference
            for name, value in expected.items()
            for difference in differences(
                about, f"{field}.{name}" if field else name, value, got.get(name, _NOTHING)
            )
        ]
    if isinstance(expected, list) and isinstance(got, list) and len(expected) == len(got):
        return [
            difference
            for place, (one, other) in enumerate(zip(expected, got, strict=True))
            for difference in differences(about, f"{field}[{place}]", one, other)
        ]
    if _same(expected, got):
        return []
    return [Difference(about=about, field=field, expected=shown(expected), got=shown(got))]


def instant(text: str) -> datetime:
    """Read an instant of an answer."""
    return datetime.fromisoformat(text)


def shown(value: Any) -> str:
    """Return a value as short text."""
    if value is _NOTHING:
        return "nothing"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return _shown_list(value)
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _shown_list(values: Sequence[Any]) -> str:
    """Return a list as the ids of its members, or as their number."""
    named = [value.get("code") or value.get("ticket_id") for value in values if _is_object(value)]
    if named and all(named):
        return f"{len(values)}: {', '.join(named)}"
    return f"{len(values)}: {', '.join(map(shown, values[:20]))}"


def _is_object(value: Any) -> bool:
    return isinstance(value, Mapping)


def _same(expected: Any, got: Any) -> bool:
    if isinstance(expected, datetime):
        try:
            return isinstance(got, str) and instant(got) == expected
        except ValueError:
            return False
    return bool(expected == got and type(expected) is type(got))

"""What the document's examples are called in a service that has them in stock, as the demo does."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from app.api.openapi.examples import STEM
from app.api.resources.examples import MONTH

WRITTEN_ON = date(2026, 9, 15)
"""The day the examples speak of as today."""

_STEM = re.compile(rf"\b{STEM}(?=[a-z])")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleStock:
    """What stands where the document's examples name something.

    ``stem`` begins the names of orders and keys; ``ids`` has what the service made itself, by what
    stands for it in the document, and may be filled while the service runs; ``today`` in Shanghai.
    """

    stem: str
    ids: Mapping[str, str]
    today: date

    def adapted(self, value: T) -> T:
        """Return a document, or a part of one, with examples of what is in stock."""
        return _adapted(value, self, in_example=False)  # type: ignore[no-any-return]

    def of(self, example: Any) -> Any:
        """Return one example as it is in stock."""
        return _adapted(example, self, in_example=True)

    def text(self, text: str) -> str:
        """Return a text of an example: names of the stock in it, and its days as long ago."""
        if text in self.ids:
            return self.ids[text]
        days = self.today - WRITTEN_ON
        if text == MONTH:
            return f"{WRITTEN_ON + days:%Y-%m}"
        return _INSTANT.sub(lambda found: _later(found[0], days), _STEM.sub(self.stem, text))


def _adapted(value: Any, stock: ExampleStock, *, in_example: bool) -> Any:
    if isinstance(value, dict):
        return {
            name: _adapted(inner, stock, in_example=in_example or name in {"example", "examples"})
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [_adapted(inner, stock, in_example=in_example) for inner in value]
    return stock.text(value) if in_example and isinstance(value, str) else value


def _later(instant: str, days: timedelta) -> str:
    return (datetime.fromisoformat(instant) + days).isoformat()

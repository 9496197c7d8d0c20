"""What there is to ask for, in a test that holds the service to its document."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.api import SHOP


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """Some to draw from at random, and some kept for requests that are sure to be granted."""

    drawn: dict[str, list[str]]
    """By the name of a parameter in the path: values that requests made at random draw from."""
    grantable: dict[str, list[dict[str, Any]]]
    """By operation: path and body of requests that must be granted, each of them once."""

    def __or__(self, other: "Stock") -> "Stock":
        """Return both together."""
        return Stock(drawn=self.drawn | other.drawn, grantable=self.grantable | other.grantable)


def in_shop(body: Any = None, **path: str) -> dict[str, Any]:
    """Return a request about something in the shop, without any choice in its query."""
    return {"path": {"shop_id": SHOP} | path, "body": body, "query": {}}


def each_in_shop(body: Any, name: str, values: Sequence[str]) -> list[dict[str, Any]]:
    """Return such a request for each value of a parameter in the path."""
    return [in_shop(body, **{name: value}) for value in values]

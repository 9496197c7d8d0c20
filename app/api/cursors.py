"""Opaque cursors: where the next page begins. Clients pass them back as they are.

Each kind of list has a function that makes its cursor and one that reads it. A cursor that this
service did not make, or made for another list, is the problem `cursor_invalid`.
"""

import base64
from datetime import UTC, datetime
from functools import cache
from types import GenericAlias
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter
from pydantic_core import from_json, to_json

from app.api.problems.problem import ProblemError
from app.projections.paging import After
from app.webhooks.feed.queries import ORDINAL_MAX, Place, Places

CURSOR_LENGTH_MAX = 300
MERGED_CURSOR_LENGTH_MAX = 3_000
"""Of a cursor that names a place in each of the log's partitions."""

T = TypeVar("T")


def cursor_of(after: After | None, *order: str) -> str | None:
    """Return the cursor of a page's end; None at the end of the list.

    ``order``: which one, of a list that has several.
    """
    return None if after is None else _opaque([after.at, after.id, *order])


def after_of(cursor: str | None, *order: str) -> After | None:
    """Read the cursor of a list in an order."""
    if cursor is None:
        return None
    instant, row_id, *_ = _content(cursor, _form_in_order(order))
    return After(instant, row_id)


def position_cursor_of(position: int | None) -> str | None:
    """Return the cursor of a page that ends at a position of the log; None at the list's end."""
    return None if position is None else _opaque([position])


def position_of(cursor: str | None) -> int | None:
    """Read the cursor of a list in the log's order."""
    return None if cursor is None else _content(cursor, _POSITION)[0]


def place_cursor_of(place: tuple[int, int] | None) -> str | None:
    """Return the cursor of a place in the log: a partition and a position in it."""
    return None if place is None else _opaque(list(place))


def place_of(cursor: str | None) -> tuple[int, int] | None:
    """Read a cursor that names a place in the log."""
    return None if cursor is None else _content(cursor, _PLACE)


def feed_cursor_of(shop_id: str, place: Place) -> str:
    """Return the cursor of a place in a shop's feed."""
    return _opaque([shop_id, place.position, place.ordinal])


def feed_place_of(cursor: str, shop_id: str) -> Place:
    """Read the cursor of a shop's feed."""
    of_shop, position, ordinal = _content(cursor, _FEED)
    if of_shop != shop_id:
        raise ProblemError("cursor_invalid")
    return Place(position, ordinal)


def merged_cursor_of(after: Places) -> str:
    """Return the cursor of a place in the feed of all shops."""
    positions = [place.position for place in after.places]
    within = [
        [number, place.ordinal]
        for number, place in enumerate(after.places)
        if place.ordinal != ORDINAL_MAX
    ]
    return _opaque([after.turn, positions, within])


def merged_places_of(cursor: str) -> Places:
    """Read the cursor of the feed of all shops."""
    turn, positions, within = _content(cursor, _MERGED)
    ordinals = dict(within)
    places = (
        Place(position, ordinals.get(number, ORDINAL_MAX))
        for number, position in enumerate(positions)
    )
    try:
        return Places(places=tuple(places), turn=turn)
    except ValueError as error:
        raise ProblemError("cursor_invalid") from error


def _opaque(content: list[Any]) -> str:
    return base64.urlsafe_b64encode(to_json(content)).decode().rstrip("=")


def _content(cursor: str, form: TypeAdapter[T]) -> T:
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        decoded = base64.b64decode(padded, altchars=b"-_", validate=True)
        return form.validate_python(from_json(decoded))
    except ValueError as error:
        raise ProblemError("cursor_invalid") from error


@cache
def _form_in_order(order: tuple[str, ...]) -> TypeAdapter[Any]:
    """Return what a cursor of a list in an order holds: an instant, a row's id, and the order."""
    form: Any = GenericAlias(tuple, (_Instant, _RowId, *(Literal[name] for name in order)))
    return TypeAdapter(form)


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant that no calendar has in UTC") from error


_Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
_RowId = Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,140}$")]
_Position = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
_Ordinal = Annotated[int, Field(strict=True, ge=0, le=ORDINAL_MAX)]
_Text = Annotated[str, StringConstraints(strict=True)]

_POSITION: TypeAdapter[tuple[int]] = TypeAdapter(tuple[_Position])
_PLACE: TypeAdapter[tuple[int, int]] = TypeAdapter(tuple[_Position, _Position])
_FEED: TypeAdapter[tuple[str, int, int]] = TypeAdapter(tuple[_Text, _Position, _Ordinal])
_MERGED: TypeAdapter[tuple[int, list[int], list[tuple[int, int]]]] = TypeAdapter(
    tuple[
        _Ordinal, list[_Position], Annotated[list[tuple[_Ordinal, _Ordinal]], Field(max_length=64)]
    ]
)

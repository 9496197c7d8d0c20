"""Opaque cursors: where the next page begins. Clients pass them back as they are."""

import base64
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints, TypeAdapter
from pydantic_core import from_json, to_json

from app.api.problems.problem import ProblemError
from app.projections.paging import After
from app.webhooks.feed.queries import ORDINAL_MAX, Place, Places

CURSOR_LENGTH_MAX = 300
MERGED_CURSOR_LENGTH_MAX = 3_000
"""Of a cursor that names a place in each of the log's partitions."""


def cursor_of(after: After | None, *order: str) -> str | None:
    """Return the cursor of a page's end; None at the end of the list.

    ``order``: which one, of a list that has several.
    """
    return None if after is None else _opaque([after.at, after.id, *order])


def after_of(cursor: str | None, *order: str) -> After | None:
    """Read a cursor; a ProblemError if it is none of ours, or one of another order."""
    if cursor is None:
        return None
    try:
        instant, row_id = _of_order(_content(cursor), order)
        return After(_UTC_INSTANT.validate_python(instant), _ROW_ID.validate_python(row_id))
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error


def position_cursor_of(position: int | None) -> str | None:
    """Return the cursor of a page that ends at a position of the log; None at the list's end."""
    return None if position is None else _opaque([position])


def position_of(cursor: str | None) -> int | None:
    """Read the cursor of a list in the log's order; a ProblemError if it is none of ours."""
    if cursor is None:
        return None
    try:
        (position,) = _content(cursor)
        return _POSITION.validate_python(position)
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error


def place_cursor_of(place: tuple[int, int] | None) -> str | None:
    """Return the cursor of a place in the log: a partition and a position in it."""
    return None if place is None else _opaque(list(place))


def place_of(cursor: str | None) -> tuple[int, int] | None:
    """Read a cursor that names a place in the log; a ProblemError if it is none of ours."""
    if cursor is None:
        return None
    try:
        partition_id, position = _content(cursor)
        return _POSITION.validate_python(partition_id), _POSITION.validate_python(position)
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error


def feed_cursor_of(shop_id: str, place: Place) -> str:
    """Return the cursor of a place in a shop's feed."""
    return _opaque([shop_id, place.position, place.ordinal])


def feed_place_of(cursor: str, shop_id: str) -> Place:
    """Read a cursor of a shop's feed; a ProblemError if it is none of ours, or another shop's."""
    try:
        position, ordinal = _of_shop(_content(cursor), shop_id)
        return Place(_POSITION.validate_python(position), _ORDINAL.validate_python(ordinal))
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error


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
    """Read a cursor of the feed of all shops; a ProblemError if it is none of ours."""
    try:
        turn, positions, within = _MERGED.validate_python(_content(cursor))
        ordinals = dict(within)
        places = (
            Place(position, ordinals.get(number, ORDINAL_MAX))
            for number, position in enumerate(positions)
        )
        return Places(places=tuple(places), turn=turn)
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error


def _opaque(content: list[Any]) -> str:
    return base64.urlsafe_b64encode(to_json(content)).decode().rstrip("=")


def _content(cursor: str) -> Any:
    padded = cursor + "=" * (-len(cursor) % 4)
    return from_json(base64.b64decode(padded, altchars=b"-_", validate=True))


def _of_order(content: Iterable[object], order: tuple[str, ...]) -> tuple[object, object]:
    instant, row_id, *of_order = content
    if tuple(of_order) != order:
        raise ValueError("a cursor of another order")
    return instant, row_id


def _of_shop(content: Iterable[object], shop_id: str) -> list[object]:
    shop, *place = content
    if shop != shop_id:
        raise ValueError("a cursor of another shop")
    return place


def _in_utc(instant: datetime) -> datetime:
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant that no calendar has in UTC") from error


_UTC_INSTANT = TypeAdapter(Annotated[AwareDatetime, AfterValidator(_in_utc)])
_ROW_ID = TypeAdapter(Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,140}$")])
_POSITION = TypeAdapter(Annotated[int, Field(strict=True, ge=0, lt=2**63)])
_ORDINAL = TypeAdapter(Annotated[int, Field(strict=True, ge=0, le=ORDINAL_MAX)])
_Ordinal = Annotated[int, Field(strict=True, ge=0, le=ORDINAL_MAX)]
_Position = Annotated[int, Field(strict=True, ge=0, lt=2**63)]
_MERGED = TypeAdapter(
    tuple[
        _Ordinal, list[_Position], Annotated[list[tuple[_Ordinal, _Ordinal]], Field(max_length=64)]
    ]
)

"""Opaque cursors: where the next page begins. Clients pass them back as they are."""

import base64
from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints, TypeAdapter
from pydantic_core import from_json, to_json

from app.api.problems import ProblemError
from app.read_models.paging import After

CURSOR_LENGTH_MAX = 300


def cursor_of(after: After | None) -> str | None:
    """Return the cursor of a page's end; None at the end of the list."""
    return None if after is None else _opaque([after.created_at, after.id])


def after_of(cursor: str | None) -> After | None:
    """Read a cursor; a ProblemError if it is none of ours."""
    if cursor is None:
        return None
    try:
        created_at, row_id = _content(cursor)
        return After(_UTC_INSTANT.validate_python(created_at), _ROW_ID.validate_python(row_id))
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


def _opaque(content: list[Any]) -> str:
    return base64.urlsafe_b64encode(to_json(content)).decode().rstrip("=")


def _content(cursor: str) -> Any:
    padded = cursor + "=" * (-len(cursor) % 4)
    return from_json(base64.b64decode(padded, altchars=b"-_", validate=True))


_UTC_INSTANT = TypeAdapter(AwareDatetime)
_ROW_ID = TypeAdapter(Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,80}$")])
_POSITION = TypeAdapter(Annotated[int, Field(strict=True, ge=0, lt=2**63)])

"""Opaque cursors: where the next page begins. Clients pass them back as they are."""

import base64
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, StringConstraints, TypeAdapter
from pydantic_core import from_json, to_json

from app.api.problems import ProblemError
from app.read_models.paging import After

CURSOR_LENGTH_MAX = 300


def cursor_of(after: After | None) -> str | None:
    """Return the cursor of a page's end; None at the end of the list."""
    if after is None:
        return None
    return base64.urlsafe_b64encode(to_json([after.created_at, after.id])).decode().rstrip("=")


def after_of(cursor: str | None, *, uuid_ids: bool = False) -> After | None:
    """Read a cursor; a ProblemError if it is none of ours."""
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        created_at, row_id = from_json(base64.b64decode(padded, altchars=b"-_", validate=True))
        after = After(_UTC_INSTANT.validate_python(created_at), _ROW_ID.validate_python(row_id))
        if uuid_ids:
            UUID(after.id)
    except (ValueError, TypeError) as error:
        raise ProblemError("cursor_invalid") from error
    return after


_UTC_INSTANT = TypeAdapter(AwareDatetime)
_ROW_ID = TypeAdapter(Annotated[str, StringConstraints(strict=True, pattern=r"^[!-~]{1,80}$")])

"""Bulk import on the wire: a line in, a result out."""

from app.api.resources.common import FieldError, Id, Instant, ResponseModel
from app.api.resources.order_models import RegisterOrderBody


class ImportLine(RegisterOrderBody):
    """One line of a bulk import: an order and, as far as they are known, its later facts.

    `shop_id` is required in a platform-wide import; in a shop's own it may be left out.
    """

    shop_id: Id | None = None
    shipped_at: Instant | None = None
    receipt_confirmed_at: Instant | None = None
    settled_at: Instant | None = None


class ImportResult(ResponseModel):
    """What came of one line."""

    line: int
    """Counted from 1; blank lines count but have no result."""
    shop_id: str | None
    order_id: str | None
    status: int
    """201: taken; 200: known before, unchanged; else the status of the problem."""
    code: str | None
    detail: str | None
    errors: list[FieldError] | None

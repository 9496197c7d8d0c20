"""The routes the service is compared with, in the same server: validate, one statement, answer."""

from fastapi import APIRouter, FastAPI, HTTPException, Response
from pydantic import BaseModel
from starlette.requests import Request

from app.api.services import services_of
from app.event_store.streams import order_stream, partition_of
from tools.bench.baseline import insert_event, like
from tools.bench.orders import opened_event

router = APIRouter()

_OPENED = opened_event()

_SELECT = """
SELECT o.doc FROM after_sales.orders AS o
WHERE o.partition_id = $1 AND o.shop_id = $2 AND o.order_id = $3
"""


class BareBody(BaseModel):
    """A body of the size the measured command takes."""

    cost_acknowledged: bool


@router.post("/bench/shops/{shop_id}/orders/{order_id}")
async def insert_one(
    shop_id: str, order_id: str, body: BareBody, request: Request
) -> dict[str, bool]:
    """Validate the body and insert one row, as wide as the command's event."""
    await insert_event(
        services_of(request).resources.pool,
        partition_of(shop_id),
        order_stream(shop_id, order_id),
        1,
        like(_OPENED, _OPENED.occurred_at),
    )
    return {"done": body.cost_acknowledged}


@router.get("/bench/shops/{shop_id}/orders/{order_id}")
async def select_one(shop_id: str, order_id: str, request: Request) -> Response:
    """Select one row by its key and answer with what is in it."""
    pool = services_of(request).resources.pool
    row = await pool.fetchrow(_SELECT, partition_of(shop_id), shop_id, order_id)
    if row is None:
        raise HTTPException(404)
    return Response(row["doc"], media_type="application/json")


def add_bare_routes(app: FastAPI) -> None:
    """Add the routes in front of all others, so that finding them costs nothing."""
    known = len(app.router.routes)
    app.include_router(router)
    added = app.router.routes[known:]
    app.router.routes[:] = [*added, *app.router.routes[:known]]

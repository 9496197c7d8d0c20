"""Requests are remembered for a day at least, and then forgotten."""

from datetime import UTC, datetime, timedelta

from app.event_store.append import DuplicateRequest, Written
from app.event_store.connections import OwnConnection
from app.event_store.idempotency import RETENTION, prune_requests
from tests.event_store.conftest import AppendBatch
from tests.event_store.samples import request, returns


async def stored_at(connection: OwnConnection, key: str) -> datetime:
    created_at: datetime = await connection.fetchval(
        "SELECT created_at FROM after_sales.idempotency_keys WHERE key = $1", key
    )
    return created_at


async def test_a_request_is_forgotten_after_the_retention_and_not_before(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(returns("a", idempotency=request("k")))
    stored = await stored_at(connection, "k")

    assert await prune_requests(connection, stored + RETENTION) == 0
    assert await append_batch(returns("a", idempotency=request("k"))) == [
        DuplicateRequest(status=201, response=b"answer to k")
    ]
    assert await prune_requests(connection, stored + RETENTION + timedelta(microseconds=1)) == 1
    assert await append_batch(returns("b", idempotency=request("k"))) == [
        Written(version=1, first_position=2, partition_id=1)
    ]


async def test_many_requests_are_forgotten_in_small_steps(
    append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(
        *(returns(f"x{n}", readers=(), idempotency=request(f"k{n}")) for n in range(25))
    )
    old = datetime.now(UTC) - timedelta(days=2)
    await connection.execute(
        "UPDATE after_sales.idempotency_keys SET created_at = $1 WHERE key <> 'k7'", old
    )

    pruned = await prune_requests(connection, datetime.now(UTC), step_rows_max=10)

    left = await connection.fetch("SELECT key FROM after_sales.idempotency_keys")
    assert pruned == 24
    assert [row["key"] for row in left] == ["k7"]

"""The database itself refuses to change what has happened."""

import asyncpg
import pytest

from app.event_store.connections import OwnConnection
from tests.event_store.conftest import AppendBatch
from tests.event_store.samples import returns


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE after_sales.events SET type = 'Other' WHERE partition_id = 1",
        "DELETE FROM after_sales.events WHERE partition_id = 1",
        "TRUNCATE after_sales.events",
    ],
)
async def test_events_are_never_changed_or_removed(
    statement: str, append_batch: AppendBatch, connection: OwnConnection
) -> None:
    await append_batch(returns("a"))

    with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
        await connection.execute(statement)

    assert await connection.fetchval("SELECT count(*) FROM after_sales.events") == 1

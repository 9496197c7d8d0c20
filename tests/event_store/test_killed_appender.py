"""A process that dies in the middle of its batches leaves a log without a hole or a half."""

from app.event_store.connections import OwnConnection
from app.event_store.log import read_heads
from tests.event_store.appending_process import EVENTS_PER_STREAM, PARTITIONS
from tests.event_store.child_processes import running
from tests.event_store.polling import until

POSITIONS = """
SELECT partition_id, array_agg(position ORDER BY position) AS positions
FROM after_sales.events GROUP BY partition_id
"""

EVENTS_BY_STREAM = "SELECT stream_id, count(*) AS events FROM after_sales.events GROUP BY stream_id"


async def alone(connection: OwnConnection) -> bool:
    others = await connection.fetchval(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    return bool(others == 0)


async def test_a_process_killed_while_appending_leaves_dense_positions_and_whole_items(
    database: str, connection: OwnConnection
) -> None:
    acknowledged: list[str] = []
    for life in range(3):
        async with running(
            "tests.event_store.appending_process", database, f"life{life}", "1000000"
        ) as appender:
            acknowledged += [await appender.says() for _ in range(100 + 37 * life)]
            acknowledged += await appender.kill()
        await until(lambda: alone(connection))

    heads = await read_heads(connection)
    positions = {row["partition_id"]: row["positions"] for row in await connection.fetch(POSITIONS)}
    rows = await connection.fetch(EVENTS_BY_STREAM)
    events_by_stream = {row["stream_id"]: row["events"] for row in rows}
    assert set(positions) == set(PARTITIONS)
    for partition_id in PARTITIONS:
        assert positions[partition_id] == list(range(1, heads[partition_id] + 1))
    assert set(events_by_stream.values()) == {EVENTS_PER_STREAM}
    assert set(acknowledged) <= set(events_by_stream)

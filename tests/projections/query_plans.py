"""How Postgres runs a statement, and how many pages it touches for it."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from app.event_store.connections import Connection

FIND_KEYS = """
SELECT conname AS name, pg_get_constraintdef(oid) AS definition
FROM pg_constraint WHERE conrelid = $1::text::regclass AND contype IN ('p', 'u')
"""
FIND_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = $1::text::regclass
AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


async def explained(
    connection: Connection, query: Select[Any] | str, *arguments: object
) -> dict[str, Any]:
    """Run a statement and return its plan."""
    statement = query if isinstance(query, str) else _written_out(query)
    plans = await connection.fetchval(
        f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", *arguments
    )
    plan: dict[str, Any] = json.loads(plans)[0]["Plan"]
    return plan


async def fill(connection: Connection, statement: str, *arguments: object) -> None:
    """Run an INSERT of very many rows; the indexes of its table are made anew behind it.

    Putting row after row into each index takes three times as long.
    """
    table = statement.split("INSERT INTO ", 1)[1].split(maxsplit=1)[0]
    async with connection.transaction():
        constraints = await connection.fetch(FIND_KEYS, table)
        indexes = await connection.fetch(FIND_INDEXES, table)
        for one in constraints:
            await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {one['name']}")
        for one in indexes:
            await connection.execute(f"DROP INDEX {one['name']}")
        await connection.execute(statement, *arguments)
        for one in constraints:
            definition = f"ADD CONSTRAINT {one['name']} {one['definition']}"
            await connection.execute(f"ALTER TABLE {table} {definition}")
        for one in indexes:
            await connection.execute(one["definition"])


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Yield the plan's steps, outermost first."""
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def indexes_in(plan: dict[str, Any]) -> set[str]:
    """Return the indexes a plan goes through."""
    return {node["Index Name"] for node in nodes(plan) if "Index Name" in node}


def pages_of(plan: dict[str, Any]) -> int:
    """Return how many pages of 8 kB were touched."""
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


def _written_out(query: Select[Any]) -> str:
    compiled = query.compile(
        dialect=postgresql.dialect(),  # type: ignore[no-untyped-call]
        compile_kwargs={"literal_binds": True},
    )
    return str(compiled)

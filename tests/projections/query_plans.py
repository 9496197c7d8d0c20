"""How Postgres runs a statement, and how many pages it touches for it."""

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Select
from sqlalchemy.dialects import postgresql

from app.event_store.connections import Connection


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

"""What is logged of a failed statement: its kind and place, never the values it was run with."""

import json
from uuid import uuid4

import pytest
from sqlalchemy import text

from app.logs import failures_as_fields, failures_as_text, fields_without_values
from app.resources import Resources

SECRET = "sesame-opens"


async def _failures(resources: Resources) -> list[Exception]:
    """Return what the engine and the pool raise for values that are refused."""
    failures: list[Exception] = []
    instant = {"value": "0001-01-01", "secret": SECRET}
    for statement, values in (
        ("SELECT CAST(:secret AS text), CAST(:value AS timestamptz)", instant),
        ("SELECT CAST(CAST(:secret AS text) AS uuid)", {"secret": SECRET}),
        ("SELECT CAST(:secret AS uuid)", {"secret": SECRET}),
    ):
        with pytest.raises(Exception) as raised:
            async with resources.engine.connect() as connection:
                await connection.execute(text(statement), values)
        failures.append(raised.value)
    for statement in ("SELECT $1::uuid", "SELECT $1::text::uuid", "SELECT $1::text::integer"):
        with pytest.raises(Exception) as raised:
            await resources.pool.fetchval(statement, SECRET)
        failures.append(raised.value)
    table = f"unique_{uuid4().hex}"
    async with resources.pool.acquire() as connection:
        await connection.execute(f"CREATE TEMP TABLE {table} (name text UNIQUE)")
        await connection.execute(f"INSERT INTO {table} VALUES ($1)", SECRET)
        with pytest.raises(Exception) as raised:
            await connection.execute(f"INSERT INTO {table} VALUES ($1)", SECRET)
        await connection.execute(f"DROP TABLE {table}")
    return [*failures, raised.value]


async def test_no_log_line_of_a_failed_statement_holds_its_parameters(resources: Resources) -> None:
    for failure in await _failures(resources):
        assert SECRET in str(failure) or "parameters hidden" in str(failure)
        for processor in (failures_as_fields, failures_as_text):
            line = json.dumps(processor(None, "error", {"exc_info": failure}))
            assert type(failure).__name__ in line
            assert SECRET not in line
        told = fields_without_values(None, "warning", {"reason": failure})["reason"]
        assert SECRET not in told
        assert "SQLSTATE" in told

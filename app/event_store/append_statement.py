"""The two statements appends are sent with: their arguments, and what their answers mean."""

from collections.abc import Iterator, Sequence
from typing import Any

from app.event_store.append import (
    Append,
    DuplicateRequest,
    IdempotencyKeyReused,
    IdempotentRequest,
    NewEvent,
    Outcome,
    VersionConflict,
    Written,
)
from app.event_store.connections import Connection

APPEND_TO_ONE_PARTITION = """
SELECT after_sales.append(
    $1::smallint, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""

APPEND_ACROSS_PARTITIONS = """
SELECT after_sales.append_across(
    $1::smallint[], $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
"""


async def append_to_one_partition(
    connection: Connection, items: Sequence[Append], timeout_seconds: float
) -> list[Outcome]:
    """Append items of one partition; outcomes in their order. Raises what asyncpg raises.

    No two items may be for one stream or carry one idempotency key.
    """
    arguments = (items[0].partition_id, *_item_columns(items), *_event_columns(items))
    answers = await connection.fetchval(
        APPEND_TO_ONE_PARTITION, *arguments, timeout=timeout_seconds
    )
    return _outcomes(items, answers)


async def append_across_partitions(
    connection: Connection, items: Sequence[Append], timeout_seconds: float
) -> list[Outcome]:
    """Append items of any partitions in one transaction, on a single Postgres; else as above."""
    partitions = [item.partition_id for item in items]
    arguments = (partitions, *_item_columns(items), *_event_columns(items))
    answers = await connection.fetchval(
        APPEND_ACROSS_PARTITIONS, *arguments, timeout=timeout_seconds
    )
    return _outcomes(items, answers)


def _item_columns(items: Sequence[Append]) -> tuple[list[Any], ...]:
    return (
        [item.stream_id for item in items],
        [item.expected_version for item in items],
        [len(item.events) for item in items],
        *_request_columns([item.idempotency for item in items]),
    )


def _request_columns(requests: Sequence[IdempotentRequest | None]) -> tuple[list[Any], ...]:
    if not any(requests):
        return ([], [], [], [], [])  # the server fills missing columns up with NULLs
    return (
        [request and request.scope for request in requests],
        [request and request.key for request in requests],
        [request and request.fingerprint for request in requests],
        [request and request.status for request in requests],
        [request and request.response for request in requests],
    )


def _event_columns(items: Sequence[Append]) -> tuple[Sequence[Any], ...]:
    rows = list(_event_rows(items))
    return tuple(zip(*rows, strict=True)) if rows else ((),) * 8


def _event_rows(items: Sequence[Append]) -> Iterator[tuple[Any, ...]]:
    for item_number, item in enumerate(items, start=1):
        for event_number, event in enumerate(item.events, start=1):
            yield (item_number, event_number, *_event_values(event))


def _event_values(event: NewEvent) -> tuple[Any, ...]:
    return (
        event.event_id,
        event.type,
        event.schema_version,
        event.data,
        event.metadata,
        event.occurred_at,
    )


def _outcomes(items: Sequence[Append], answers: Sequence[str]) -> list[Outcome]:
    return [_outcome(item, answer) for item, answer in zip(items, answers, strict=True)]


def _outcome(item: Append, answer: str) -> Outcome:
    match answer.split("|"):
        case ["written", version, first_position]:
            return Written(
                version=int(version),
                first_position=int(first_position),
                partition_id=item.partition_id,
            )
        case ["version_conflict", version]:
            return VersionConflict(actual_version=int(version))
        case ["duplicate", status, response]:
            return DuplicateRequest(status=int(status), response=bytes.fromhex(response))
        case ["key_reused"]:
            return IdempotencyKeyReused()
    raise AssertionError(f"the append function answered {answer!r}")

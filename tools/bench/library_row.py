"""Appending, against the `eventsourcing` package's own recorder for PostgreSQL."""

import asyncio
import importlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from uuid_utils.compat import uuid7

from app.event_store.append_batcher import AppendBatcher
from tools.bench.append_rows import SAMPLE, append_one, batcher_of
from tools.bench.closed_loop import closed_loop
from tools.bench.figures import Figure, Part
from tools.bench.rounds import Round, in_turns
from tools.bench.run import Run

CONCURRENT = 128
THREADS_TRIED = (1, 4, 8, 16, 32)
ROUND_SECONDS = 1.0
TRIAL_SECONDS = 0.5

_STATE = (SAMPLE.data + SAMPLE.metadata).encode()


async def measure_library(run: Run) -> Part:
    """Append single events with the batcher, with the package, and with its database functions."""
    try:
        importlib.import_module("psycopg")
    except ImportError:
        return Part(figures=(), notes=("eventsourcing: not measured, as psycopg finds no libpq.",))
    async with run.database() as url, batcher_of(url) as batcher:
        figures = [
            await _compare(run, url, batcher, in_function=in_function)
            for in_function in (False, True)
        ]
    return Part(figures=tuple(figures), notes=(_note(figures),))


async def _compare(run: Run, url: str, batcher: AppendBatcher, *, in_function: bool) -> Figure:
    threads = await asyncio.to_thread(_best_threads, url, in_function)

    async def subject() -> Round:
        return await closed_loop(
            lambda: append_one(batcher), concurrent=CONCURRENT, seconds=ROUND_SECONDS
        )

    async def baseline() -> Round:
        return await asyncio.to_thread(_insert, url, threads, ROUND_SECONDS, in_function)

    found = await in_turns(run.rounds, subject, baseline, run.on_step)
    against = "eventsourcing, its functions" if in_function else "eventsourcing"
    return found.throughput(
        f"append, {CONCURRENT} at a time, against {against}",
        8.0,
        concurrent=CONCURRENT,
        baseline_threads=threads,
        baseline_in_database_function=in_function,
        bytes_per_event=len(_STATE),
    )


def _best_threads(url: str, in_function: bool) -> int:
    speed = {
        threads: _insert(url, threads, TRIAL_SECONDS, in_function).per_second
        for threads in THREADS_TRIED
    }
    return max(speed, key=lambda threads: speed[threads])


def _insert(url: str, threads: int, seconds: float, in_function: bool) -> Round:
    """Let threads insert one event after another, each the first of its aggregate."""
    latencies: list[float] = []
    with _recorder(url, threads, in_function=in_function) as (recorder, event_of):
        began = time.perf_counter()

        def insert() -> None:
            while (before := time.perf_counter()) < began + seconds:
                recorder.insert_events([event_of(uuid7())])
                latencies.append(time.perf_counter() - before)

        workers = [threading.Thread(target=insert) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        return Round(
            seconds=time.perf_counter() - began,
            operations=len(latencies),
            latencies_seconds=latencies,
        )


@contextmanager
def _recorder(url: str, threads: int, *, in_function: bool) -> Iterator[tuple[Any, Any]]:
    from eventsourcing.persistence import StoredEvent  # noqa: PLC0415 - needs libpq
    from eventsourcing.postgres import (  # noqa: PLC0415
        PostgresApplicationRecorder,
        PostgresDatastore,
    )

    parts = urlsplit(url)
    datastore = PostgresDatastore(
        dbname=parts.path.lstrip("/"),
        host=parse_qs(parts.query)["host"][0],
        port="5432",
        user=parts.username or "",
        password="",
        pool_size=threads,
        enable_db_functions=in_function,
    )
    recorder = PostgresApplicationRecorder(datastore)
    recorder.create_table()

    def event_of(originator_id: UUID) -> StoredEvent:
        return StoredEvent(
            originator_id=originator_id, originator_version=1, topic=SAMPLE.type, state=_STATE
        )

    try:
        yield recorder, event_of
    finally:
        datastore.close()


def _note(figures: Sequence[Figure]) -> str:
    psycopg = importlib.import_module("psycopg")
    threads = " and ".join(str(figure.conditions["baseline_threads"]) for figure in figures)
    return (
        "eventsourcing: package eventsourcing 9.5, its PostgresApplicationRecorder alone (no "
        f"aggregates, no transcoding) with {len(_STATE)} B of state, as it comes and with its "
        f"database functions enabled; with {threads} threads and connections, the best of "
        f"{', '.join(map(str, THREADS_TRIED))}; psycopg's {psycopg.pq.__impl__} implementation."
    )

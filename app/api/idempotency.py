"""Idempotent answers of requests that are not written through the log.

The answer is stored in the transaction of the change, so there is never one without the other.
Requests with one key wait for each other: the second gets the answer of the first.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import asyncpg
from fastapi import Response

from app.access.keys import PLATFORM_PARTITION
from app.api.problems.catalog import PROBLEMS
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext, answer_response
from app.command_handling.requests import Answer, IdempotencyKey, KeyReused
from app.command_handling.stored_answer import answer_from, stored_form
from app.event_store.connections import Connection, Queryable
from app.event_store.idempotency import find_request, remember_request
from app.event_store.log import StoredRequest
from app.event_store.streams import partition_of
from app.sealing import Seal

LOCK_KEY = "SELECT pg_advisory_xact_lock($1, hashtext($2))"

# On Citus a constraint's name goes on with the shard's number.
KEY_CONSTRAINT = "idempotency_keys_pkey"

KEPT_REFUSALS = frozenset({409, 422})
"""Statuses of refusals that are replayed; refusals of what is missing or stale are not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request and its key, if any. ``seal`` encrypts stored answers that hold secrets."""

    call: RequestContext
    partition_id: int
    key: IdempotencyKey | None
    seal: Seal | None = None


async def asked_of(
    call: RequestContext, key: str | None, shop_id: str | None, *, seal: Seal | None = None
) -> Asked:
    """Return a request about a shop, or with None about what is the platform's own."""
    partition_id = PLATFORM_PARTITION if shop_id is None else partition_of(shop_id)
    identified = None
    if key is not None:
        identified = call.idempotency_key(shop_id or "", key, await call.request.body())
    return Asked(call=call, partition_id=partition_id, key=identified, seal=seal)


async def answered_once(asked: Asked, make: Callable[[Connection], Awaitable[Answer]]) -> Response:
    """Make a change in one transaction, or return the answer it had before. Raises KeyReused.

    ``make`` is given the open transaction and must use no other connection.
    """
    pool = asked.call.services.resources.pool
    try:
        async with pool.acquire() as connection, connection.transaction():
            answer = await _answered(connection, asked, make)
    except asyncpg.UniqueViolationError as error:
        # A command that was written through the log took the key meanwhile.
        if not (error.constraint_name or "").startswith(KEY_CONSTRAINT):
            raise
        kept = await _kept(pool, asked)
        if kept is None:
            raise
        answer = kept
    return answer_response(answer)


async def answered_once_in_steps(asked: Asked, make: Callable[[], Awaitable[Answer]]) -> Response:
    """Do the same for work in several transactions, each of which is complete in itself.

    What was done before a crash is not done again, and what is left is done under the same key. A
    few go on at a time, since each holds a connection beside those it works with.
    """
    if asked.key is None:
        return answer_response(await make())

    async def beside(_connection: Connection) -> Answer:
        return await make()

    async with asked.call.services.steps_at_once:
        return await answered_once(asked, beside)


async def _answered(
    connection: Connection, asked: Asked, make: Callable[[Connection], Awaitable[Answer]]
) -> Answer:
    if asked.key is None:
        return await make(connection)
    name = f"idempotency/{asked.key.scope}/{asked.key.key}"
    await connection.execute(LOCK_KEY, asked.partition_id, name)
    kept = await _kept(connection, asked)
    if kept is not None:
        return kept
    try:
        async with connection.transaction():
            answer = await make(connection)
    except ProblemError as problem:
        kind = PROBLEMS[problem.code]
        if kind.status not in KEPT_REFUSALS or kind.repeatable:
            raise
        answer = asked.call.refusal(problem)
    await _keep(connection, asked, asked.key, answer)
    return answer


async def _kept(database: Queryable, asked: Asked) -> Answer | None:
    """Return the answer given before; KeyReused if that was to another request."""
    key = asked.key
    if key is None:
        return None
    stored = await find_request(database, asked.partition_id, key.scope, key.key)
    if stored is None:
        return None
    if stored.fingerprint != key.fingerprint:
        raise KeyReused
    if asked.seal is None:
        return answer_from(stored.status, stored.response)
    return answer_from(stored.status, asked.seal.open(stored.response, key.fingerprint).encode())


async def _keep(connection: Connection, asked: Asked, key: IdempotencyKey, answer: Answer) -> None:
    form = stored_form(answer)
    if asked.seal is not None:
        form = asked.seal.seal(form.decode(), key.fingerprint)
    request = StoredRequest(fingerprint=key.fingerprint, status=answer.status, response=form)
    await remember_request(connection, asked.partition_id, key.scope, key.key, request)

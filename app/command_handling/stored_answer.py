"""How an answer is kept beside its idempotency key: headers as one JSON line, then the body."""

from pydantic_core import from_json, to_json

from app.command_handling.requests import Answer, IdempotencyKey, KeyReused
from app.event_store.append import (
    DuplicateRequest,
    IdempotencyKeyReused,
    IdempotentRequest,
    Outcome,
    VersionConflict,
    Written,
)
from app.event_store.log import StoredRequest


def stored_form(answer: Answer) -> bytes:
    """Return an answer as bytes; the status is kept in a column of its own."""
    head = to_json({"etag": answer.etag, "language": answer.language})
    return head + b"\n" + answer.body


def answer_from(status: int, stored: bytes) -> Answer:
    """Return the answer kept before, marked as replayed."""
    head, _, body = stored.partition(b"\n")
    headers = from_json(head)
    return Answer(
        status=status,
        body=body,
        etag=headers["etag"],
        language=headers["language"],
        replayed=True,
    )


def remembered(key: IdempotencyKey | None, answer: Answer) -> IdempotentRequest | None:
    """Return what is kept of a request and its answer; None without a key."""
    if key is None:
        return None
    return IdempotentRequest(
        scope=key.scope,
        key=key.key,
        fingerprint=key.fingerprint,
        status=answer.status,
        response=stored_form(answer),
    )


def replayed(stored: StoredRequest, key: IdempotencyKey | None) -> Answer:
    """Return the answer a request got before; KeyReused if it was another request."""
    if key is None or stored.fingerprint != key.fingerprint:
        raise KeyReused
    return answer_from(stored.status, stored.response)


def answer_after(outcome: Outcome, answer: Answer) -> Answer | None:
    """Return the answer that holds after an append, or None if the stream had moved on.

    Raises KeyReused if the request's key belongs to another one.
    """
    match outcome:
        case Written():
            return answer
        case VersionConflict():
            return None
        case DuplicateRequest(status=status, response=response):
            return answer_from(status, response)
        case IdempotencyKeyReused():
            raise KeyReused

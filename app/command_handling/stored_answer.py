"""How an answer is kept beside its idempotency key: headers as one JSON line, then the body."""

from pydantic_core import from_json, to_json

from app.command_handling.requests import Answer


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

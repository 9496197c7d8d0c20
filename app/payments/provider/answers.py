"""Reads answers of the provider as outcomes; what is not exactly right is `Unknown`."""

import re
from collections.abc import Mapping
from datetime import UTC
from typing import assert_never

from pydantic import ValidationError

from app.domain.money import Money
from app.payments.provider.port import (
    Accepted,
    BookEntry,
    BookPage,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    QueryOutcome,
    RefusalCode,
    Refused,
    Succeeded,
    Unknown,
    UnknownWhy,
)
from app.payments.provider.wire import (
    PAYMENT_BODY,
    AcceptedBody,
    BookEntryBody,
    BookPageBody,
    KeyReusedBody,
    NotKnownBody,
    PaymentBody,
    RefusedBody,
    SucceededBody,
)

TEXT_LENGTH_MAX = 500
DETAIL_LENGTH_MAX = 200

_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_REFUSAL_CODES = {code.value: code for code in RefusalCode}
_STATUSES_OF: Mapping[str, frozenset[int]] = {
    "succeeded": frozenset({200}),
    "accepted": frozenset({200, 202}),
    "refused": frozenset({200, 422}),
    "not_known": frozenset({404}),
    "key_reused": frozenset({409}),
}


def payment_outcome(status: int, content: bytes, key: str, amount: Money) -> PaymentOutcome:
    """Read the answer to an order of this key and amount."""
    body = _body(status, content, key)
    match body:
        case Unknown():
            return body
        case NotKnownBody():
            return malformed("an order was answered with not_known")
        case KeyReusedBody():
            return KeyReused(text=readable(body.message))
        case SucceededBody() | AcceptedBody() | RefusedBody():
            if body.money != amount:
                return malformed("it names another amount than was ordered")
            return _outcome(body)
        case _:
            assert_never(body)


def query_outcome(status: int, content: bytes, key: str) -> QueryOutcome:
    """Read the answer to a query for this key."""
    body = _body(status, content, key)
    match body:
        case Unknown():
            return body
        case NotKnownBody():
            return NotKnown()
        case KeyReusedBody():
            return malformed("a query was answered with key_reused")
        case SucceededBody() | AcceptedBody() | RefusedBody():
            return _outcome(body)
        case _:
            assert_never(body)


def book_page(status: int, content: bytes) -> BookPage | Unknown:
    """Read a page of the provider's book."""
    if status != 200:
        return unusual(status)
    try:
        body = BookPageBody.model_validate_json(content)
    except ValidationError as error:
        return malformed(_faults(error))
    return BookPage(entries=tuple(map(_entry, body.entries)), last=body.next_after is None)


def succeeded(body: SucceededBody) -> Succeeded:
    """Return the outcome an answer or a callback reports."""
    return Succeeded(
        provider_reference=body.provider_reference,
        paid_at=body.paid_at.astimezone(UTC),
        amount=body.money,
    )


def refused(body: RefusedBody) -> Refused:
    """Return the outcome an answer or a callback reports."""
    return Refused(
        code=_REFUSAL_CODES.get(body.code, RefusalCode.OTHER),
        provider_code=readable(body.code),
        text=readable(body.message),
    )


def malformed(detail: str) -> Unknown:
    """Return the outcome of an answer that cannot be believed."""
    return Unknown(why=UnknownWhy.MALFORMED_ANSWER, detail=detail[:DETAIL_LENGTH_MAX])


def unusual(status: int) -> Unknown:
    """Return the outcome of an answer whose status alone makes it unusable."""
    detail = f"HTTP {status}"
    if status >= 500:
        return Unknown(why=UnknownWhy.SERVER_ERROR, detail=detail)
    if status in {401, 403}:
        return Unknown(why=UnknownWhy.NOT_AUTHORIZED, detail=detail)
    if status == 429:
        return Unknown(why=UnknownWhy.SLOWED_DOWN, detail=detail)
    return malformed(detail)


def readable(text: str) -> str:
    """Return the provider's words on one line and of bounded length."""
    return _CONTROL_CHARACTERS.sub(" ", text).strip()[:TEXT_LENGTH_MAX]


def _body(status: int, content: bytes, key: str) -> PaymentBody | Unknown:
    if not any(status in statuses for statuses in _STATUSES_OF.values()):
        return unusual(status)
    try:
        body = PAYMENT_BODY.validate_json(content)
    except ValidationError as error:
        return malformed(f"HTTP {status}: {_faults(error)}")
    if status not in _STATUSES_OF[body.status]:
        return malformed(f"HTTP {status} with {body.status}")
    if body.key != key:
        return malformed("it is about another key")
    return body


def _outcome(body: SucceededBody | AcceptedBody | RefusedBody) -> Succeeded | Accepted | Refused:
    match body:
        case SucceededBody():
            return succeeded(body)
        case AcceptedBody():
            return Accepted()
        case RefusedBody():
            return refused(body)
        case _:
            assert_never(body)


def _entry(body: BookEntryBody) -> BookEntry:
    return BookEntry(
        position=body.position,
        kind=body.kind,
        key=body.key,
        shop_id=body.shop_id,
        order_id=body.order_id,
        amount=Money(amount=body.amount, currency=body.currency),
        provider_reference=body.provider_reference,
        paid_at=body.paid_at.astimezone(UTC),
    )


def _faults(error: ValidationError) -> str:
    """Say what is wrong without repeating what was sent."""
    faults = error.errors(include_url=False, include_input=False, include_context=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults)

"""Which answers a client believes, and what it makes of all the others."""

import gzip
import json
from collections.abc import Sequence
from typing import Any

import pytest

from app.payments.provider.port import (
    Accepted,
    KeyReused,
    NotKnown,
    PaymentOutcome,
    RefusalCode,
    Refused,
    UnknownWhy,
)
from tests.payments.provider.sandbox import (
    a_refund,
    answer,
)
from tests.payments.provider.stub_provider import (
    ACCEPTED,
    CLOSED,
    KEY,
    NOT_KNOWN,
    PAID,
    REFUSED,
    REUSED,
    SUCCEEDED,
    answered_with,
    refunded,
    told,
    why,
)


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (told(200, SUCCEEDED), PAID),
        (told(200, {**SUCCEEDED, "a_new_field": [1]}), PAID),
        (told(202, ACCEPTED), Accepted()),
        (told(422, REFUSED), CLOSED),
        (told(409, REUSED), KeyReused(text="another order has it")),
        (
            told(422, {**REFUSED, "code": "E-99", "message": "no\x00\nway" + "!" * 600}),
            Refused(code=RefusalCode.OTHER, provider_code="E-99", text="no way" + "!" * 494),
        ),
    ],
)
async def test_a_right_answer_is_believed(given: bytes, outcome: PaymentOutcome) -> None:
    assert await refunded(given) == outcome


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        (told(200, SUCCEEDED), PAID),
        (told(200, ACCEPTED), Accepted()),
        (told(200, REFUSED), CLOSED),
        (told(404, NOT_KNOWN), NotKnown()),
    ],
)
async def test_a_query_tells_how_a_payment_stands(given: bytes, outcome: PaymentOutcome) -> None:
    async with answered_with(given) as provider:
        assert await provider.query(KEY) == outcome


WRONG_ANSWERS: Sequence[bytes] = [
    told(200, {**SUCCEEDED, "key": "refund-2"}),
    told(200, {**SUCCEEDED, "paid_at": "2021-03-15T17:00:00"}),
    told(200, {**SUCCEEDED, "paid_at": 1_615_798_800}),
    told(200, {**SUCCEEDED, "amount": "12900"}),
    told(200, {**SUCCEEDED, "amount": 12_900.0}),
    told(200, {**SUCCEEDED, "amount": 2**63}),
    told(200, {**SUCCEEDED, "provider_reference": ""}),
    told(200, {**SUCCEEDED, "status": "SUCCEEDED"}),
    told(200, {"key": KEY, "status": "succeeded"}),
    told(422, SUCCEEDED),
    told(409, REFUSED),
    told(404, SUCCEEDED),
    told(404, {"detail": "Not Found"}),
    told(200, NOT_KNOWN),
    told(201, SUCCEEDED),
    told(302, SUCCEEDED),
    told(400, REFUSED),
    told(200, [SUCCEEDED]),
    answer(200),
    answer(200, b"OK"),
    answer(200, b"\xff\xfe{}"),
    answer(200, json.dumps(SUCCEEDED).encode()[:-1]),
    answer(200, b"[" * 60_000),
    answer(200, gzip.compress(json.dumps(SUCCEEDED).encode()), "Content-Encoding: gzip\r\n"),
]


@pytest.mark.parametrize("given", WRONG_ANSWERS)
async def test_an_answer_that_is_not_exactly_right_tells_nothing(given: bytes) -> None:
    async with answered_with(given) as provider:
        assert why(await provider.refund(a_refund(KEY))) is UnknownWhy.MALFORMED_ANSWER
        assert why(await provider.query(KEY)) is UnknownWhy.MALFORMED_ANSWER


@pytest.mark.parametrize(
    "body",
    [
        {**SUCCEEDED, "amount": 12_901},
        {**SUCCEEDED, "currency": "USD"},
        {**REFUSED, "amount": 1},
        {**ACCEPTED, "currency": "HKD"},
    ],
)
async def test_an_answer_about_another_amount_than_was_ordered_tells_nothing(
    body: dict[str, Any],
) -> None:
    status = 422 if body["status"] == "refused" else 200
    assert why(await refunded(told(status, body))) is UnknownWhy.MALFORMED_ANSWER


async def test_an_order_is_never_not_known_and_a_query_never_a_reused_key() -> None:
    assert why(await refunded(told(404, NOT_KNOWN))) is UnknownWhy.MALFORMED_ANSWER
    async with answered_with(told(409, REUSED)) as provider:
        assert why(await provider.query(KEY)) is UnknownWhy.MALFORMED_ANSWER


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (500, UnknownWhy.SERVER_ERROR),
        (502, UnknownWhy.SERVER_ERROR),
        (504, UnknownWhy.SERVER_ERROR),
        (401, UnknownWhy.NOT_AUTHORIZED),
        (403, UnknownWhy.NOT_AUTHORIZED),
        (429, UnknownWhy.SLOWED_DOWN),
    ],
)
async def test_a_status_that_tells_nothing_is_named_whatever_its_body_says(
    status: int, expected: UnknownWhy
) -> None:
    assert why(await refunded(told(status, SUCCEEDED))) is expected
    async with answered_with(told(status, SUCCEEDED)) as provider:
        assert why(await provider.query(KEY)) is expected

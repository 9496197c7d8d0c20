"""What a callback must be to be believed."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from app.domain.money import Money
from app.payments.provider.callbacks import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Callback,
    CallbackRefusal,
    CallbackRefusalCode,
    callback_headers,
    trusted_secrets,
    verify_callback,
)
from app.payments.provider.port import PaymentKind, RefusalCode, Refused, Succeeded
from app.payments.provider.wire import BODY_BYTES_MAX
from app.settings import Settings

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
SECRET, OTHER_SECRET = "the provider's secret", "another secret"
KNOWN_SIGNATURE = "313627576d2b62d06eccf9dbfd1b1ee45c0cbf119dac6e67c69dff7236ddab23"
FACTS: dict[str, Any] = {
    "callback_id": "cb-1",
    "kind": "refund",
    "key": "refund-1",
    "status": "succeeded",
    "amount": 12_900,
    "currency": "CNY",
    "provider_reference": "ref-1",
    "paid_at": "2021-03-15T16:59:58+08:00",
}
BODY = json.dumps(FACTS).encode()


def told(
    body: bytes = BODY, *, signed_by: tuple[str, ...] = (SECRET,), trusted: tuple[str, ...] = ()
) -> Callback | CallbackRefusal:
    return verify_callback(callback_headers(body, signed_by, NOW), body, trusted or (SECRET,), NOW)


def refusal(code: CallbackRefusalCode) -> CallbackRefusal:
    return CallbackRefusal(code=code)


def test_a_signed_callback_tells_how_a_payment_ended() -> None:
    paid = Money(amount=12_900, currency="CNY")
    assert told() == Callback(
        callback_id="cb-1",
        kind=PaymentKind.REFUND,
        key="refund-1",
        amount=paid,
        outcome=Succeeded(
            provider_reference="ref-1", paid_at=NOW - timedelta(seconds=2), amount=paid
        ),
    )


def test_a_refusal_keeps_the_providers_own_code_and_words() -> None:
    facts = {**FACTS, "status": "refused", "code": "X-17", "message": "account\nclosed"}
    callback = told(json.dumps(facts).encode())
    assert isinstance(callback, Callback)
    assert callback.outcome == Refused(
        code=RefusalCode.OTHER, provider_code="X-17", text="account closed"
    )


def test_the_signature_is_the_documented_one() -> None:
    """Computed with `printf '1731705121.{}' | openssl dgst -sha256 -hmac secret`."""
    headers = callback_headers(b"{}", ["secret"], datetime.fromtimestamp(1_731_705_121, UTC))
    assert headers == {
        "x-provider-timestamp": "1731705121",
        "x-provider-signature": f"v1={KNOWN_SIGNATURE}",
    }


@given(place=st.integers(0, len(BODY) - 1), flip=st.integers(1, 255))
def test_any_changed_byte_of_the_body_is_refused(place: int, flip: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= flip
    answer = verify_callback(callback_headers(BODY, [SECRET], NOW), bytes(changed), [SECRET], NOW)
    assert answer == refusal(CallbackRefusalCode.BAD_SIGNATURE)


@given(
    header=st.sampled_from([TIMESTAMP_HEADER, SIGNATURE_HEADER]),
    place=st.integers(0, 66),
    flip=st.integers(1, 255),
)
def test_any_changed_byte_of_a_header_is_refused(header: str, place: int, flip: int) -> None:
    headers = callback_headers(BODY, [SECRET], NOW)
    changed = bytearray(headers[header].encode())
    changed[place % len(changed)] ^= flip
    headers[header] = changed.decode("latin-1")  # as servers read headers
    assert isinstance(verify_callback(headers, BODY, [SECRET], NOW), CallbackRefusal)


@pytest.mark.parametrize("missing", [TIMESTAMP_HEADER, SIGNATURE_HEADER])
def test_without_timestamp_or_signature_a_callback_is_unsigned(missing: str) -> None:
    headers = callback_headers(BODY, [SECRET], NOW)
    del headers[missing]
    assert verify_callback(headers, BODY, [SECRET], NOW) == refusal(CallbackRefusalCode.UNSIGNED)


def test_signatures_of_a_kind_we_do_not_know_count_for_nothing() -> None:
    headers = callback_headers(BODY, [SECRET], NOW)
    headers[SIGNATURE_HEADER] = headers[SIGNATURE_HEADER].replace("v1=", "v0=")
    assert verify_callback(headers, BODY, [SECRET], NOW) == refusal(CallbackRefusalCode.UNSIGNED)


@pytest.mark.parametrize(
    ("signed_by", "trusted", "believed"),
    [
        ((SECRET,), (SECRET, OTHER_SECRET), True),
        ((OTHER_SECRET,), (SECRET, OTHER_SECRET), True),
        ((SECRET, OTHER_SECRET), (OTHER_SECRET,), True),
        ((OTHER_SECRET,), (SECRET,), False),
    ],
)
def test_during_a_rotation_old_and_new_secret_are_both_good(
    signed_by: tuple[str, ...], trusted: tuple[str, ...], believed: bool
) -> None:
    answer = told(signed_by=signed_by, trusted=trusted)
    assert (answer != refusal(CallbackRefusalCode.BAD_SIGNATURE)) == believed


def test_the_settings_name_the_secret_and_the_one_before() -> None:
    none = Settings(_env_file=None)
    both = none.model_copy(
        update={
            "provider_callback_secret": SecretStr(SECRET),
            "provider_callback_secret_previous": SecretStr(OTHER_SECRET),
        }
    )
    assert trusted_secrets(none) == ()
    assert trusted_secrets(both) == (SECRET, OTHER_SECRET)


def test_without_any_secret_nothing_is_believed() -> None:
    answer = verify_callback(callback_headers(BODY, [""], NOW), BODY, [], NOW)
    assert answer == refusal(CallbackRefusalCode.BAD_SIGNATURE)


@pytest.mark.parametrize(
    ("age_seconds", "code"),
    [
        (300, None),
        (301, CallbackRefusalCode.TOO_OLD),
        (-300, None),
        (-301, CallbackRefusalCode.FROM_THE_FUTURE),
    ],
)
def test_a_callback_is_good_for_five_minutes(
    age_seconds: int, code: CallbackRefusalCode | None
) -> None:
    signed_at = NOW - timedelta(seconds=age_seconds)
    answer = verify_callback(callback_headers(BODY, [SECRET], signed_at), BODY, [SECRET], NOW)
    assert (answer.code if isinstance(answer, CallbackRefusal) else None) == code


@pytest.mark.parametrize(
    "changes",
    [
        {"status": "accepted"},
        {"amount": "12900"},
        {"amount": 0},
        {"amount": 129.0},
        {"currency": "yuan"},
        {"key": ""},
        {"kind": "gift"},
        {"paid_at": "2021-03-15T16:59:58"},
        {"provider_reference": None},
        {"callback_id": "x" * 201},
    ],
)
def test_signed_nonsense_is_malformed(changes: dict[str, Any]) -> None:
    body = json.dumps({**FACTS, **changes}).encode()
    assert told(body) == refusal(CallbackRefusalCode.MALFORMED)


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b" " * (BODY_BYTES_MAX + 1)])
def test_a_body_that_is_no_callback_is_malformed(body: bytes) -> None:
    assert told(body) == refusal(CallbackRefusalCode.MALFORMED)


def test_a_field_we_do_not_know_is_passed_over() -> None:
    assert isinstance(told(json.dumps({**FACTS, "new_field": 1}).encode()), Callback)

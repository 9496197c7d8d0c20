"""Consumers' tokens: only those signed for us, valid now and short-lived name a buyer."""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.access.authentication import (
    ConsumerTokenKeys,
    InvalidConsumerToken,
    read_consumer_token,
    sign_consumer_token,
)
from tests.support.api import TOKEN_PUBLIC_KEY, TOKEN_SECRET, TOKEN_SIGNING_KEY

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
KEYS = ConsumerTokenKeys(
    secret=TOKEN_SECRET, public_key=TOKEN_PUBLIC_KEY, issuer="aftersales", audience="aftersales-api"
)
MINUTE = timedelta(minutes=1)

Sign = Callable[..., str]


def claims(**changes: Any) -> dict[str, Any]:
    """Return the claims of a good token; a change to None takes one away."""
    good = {
        "iss": KEYS.issuer,
        "aud": KEYS.audience,
        "sub": "buyer-1",
        "iat": int(NOW.timestamp()),
        "exp": int((NOW + 10 * MINUTE).timestamp()),
        **changes,
    }
    return {name: value for name, value in good.items() if value is not None}


def by_secret(**changes: Any) -> str:
    """Sign with the shared secret."""
    return jwt.encode(claims(**changes), TOKEN_SECRET, algorithm="HS256")


def by_key(**changes: Any) -> str:
    """Sign with the private key."""
    return jwt.encode(claims(**changes), TOKEN_SIGNING_KEY, algorithm="EdDSA")


def by_hand(header: dict[str, Any], payload: Any, secret: bytes = TOKEN_SECRET.encode()) -> str:
    """Sign any header and payload with HMAC, as no library would."""
    parts = [_encoded(json.dumps(part).encode()) for part in (header, payload)]
    signature = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
    return ".".join([*parts, _encoded(signature)])


def _encoded(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).decode().rstrip("=")


@pytest.mark.parametrize("sign", [by_secret, by_key])
def test_a_good_token_names_the_buyer_and_perhaps_one_shop(sign: Sign) -> None:
    consumer = read_consumer_token(sign(), KEYS, NOW)
    assert (consumer.buyer_id, consumer.shop_id) == ("buyer-1", None)
    assert consumer.expires_at == NOW + 10 * MINUTE
    assert read_consumer_token(sign(shop_id="shop-1"), KEYS, NOW).shop_id == "shop-1"


def test_a_token_of_our_own_making_is_good() -> None:
    token = sign_consumer_token(KEYS, buyer_id="b", shop_id=None, now=NOW, life=MINUTE)
    assert read_consumer_token(token, KEYS, NOW).buyer_id == "b"


@pytest.mark.parametrize("sign", [by_secret, by_key])
def test_the_boundaries_of_a_tokens_time(sign: Sign) -> None:
    read_consumer_token(sign(), KEYS, NOW + 10 * MINUTE - timedelta(microseconds=1))
    refused(sign(), NOW + 10 * MINUTE)
    hour = int((NOW + 60 * MINUTE).timestamp())
    read_consumer_token(sign(exp=hour), KEYS, NOW)
    refused(sign(exp=hour + 1))
    read_consumer_token(sign(), KEYS, NOW - timedelta(seconds=10))
    refused(sign(), NOW - timedelta(seconds=11))
    read_consumer_token(sign(nbf=int(NOW.timestamp()) + 10), KEYS, NOW)
    refused(sign(nbf=int(NOW.timestamp()) + 11))


BAD_CLAIMS: list[dict[str, Any]] = [
    {"iss": "somebody"},
    {"iss": None},
    {"aud": "another-api"},
    {"aud": None},
    {"aud": []},
    {"sub": None},
    {"sub": ""},
    {"sub": "a" * 65},
    {"sub": "a b"},
    {"sub": "a\u0000"},
    {"sub": "a\ud800"},
    {"sub": "a\n"},
    {"iat": None},
    {"exp": None},
    {"iat": True},
    {"exp": "soon"},
    {"exp": float("nan")},
    {"exp": float("inf")},
    {"exp": 10**30},
    {"exp": -(10**30)},
    {"nbf": "later"},
    {"shop_id": ""},
    {"shop_id": 7},
    {"shop_id": "a/b"},
]


@pytest.mark.parametrize("changes", BAD_CLAIMS, ids=ascii)
@pytest.mark.parametrize("sign", [by_secret, by_key])
def test_claims_that_are_missing_or_wrong_are_refused(sign: Sign, changes: dict[str, Any]) -> None:
    refused(sign(**changes))


def test_an_audience_may_be_one_of_several() -> None:
    assert read_consumer_token(by_secret(aud=["x", KEYS.audience]), KEYS, NOW).buyer_id == "buyer-1"


def test_a_signature_must_be_ours_and_of_the_algorithm_we_hold_a_key_for() -> None:
    stranger = Ed25519PrivateKey.generate()
    refused(jwt.encode(claims(), stranger, algorithm="EdDSA"))
    refused(jwt.encode(claims(), TOKEN_SECRET + "!", algorithm="HS256"))
    refused(jwt.encode(claims(), TOKEN_SECRET * 2, algorithm="HS512"))
    refused(jwt.encode(claims(), "", algorithm="none"))
    header, payload, signature = by_secret().split(".")
    refused(f"{header}.{payload}.")
    refused(f"{header}.{payload}.{signature[:-2]}AA")
    refused(f"{header}.{_encoded(json.dumps(claims(sub='buyer-2')).encode())}.{signature}")


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    pem = TOKEN_PUBLIC_KEY.encode()
    raw = TOKEN_SIGNING_KEY.public_key().public_bytes_raw()
    for secret in (pem, pem.strip(), raw):
        refused(by_hand({"alg": "HS256", "typ": "JWT"}, claims(), secret))
        refused(by_hand({"alg": "EdDSA", "typ": "JWT"}, claims(), secret))


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"alg": None},
        {"alg": "none"},
        {"alg": "hs256"},
        {"alg": ["HS256"]},
        {"alg": "HS256", "b64": False},
        {"alg": "HS256", "crit": ["exp"]},
        [],
        "HS256",
    ],
    ids=ascii,
)
def test_headers_of_any_other_form_are_refused(header: Any) -> None:
    refused(by_hand(header, claims()))


@pytest.mark.parametrize("payload", [[], "buyer-1", 7, None, {}], ids=ascii)
def test_payloads_of_any_other_form_are_refused(payload: Any) -> None:
    refused(by_hand({"alg": "HS256"}, payload))


@pytest.mark.parametrize(
    "token", ["", ".", "..", "...", "a.b.c", "é.é.é", "e30.e30.e30", " ", "x" * 4_000]
)
def test_what_is_no_token_is_refused(token: str) -> None:
    refused(token)


def test_tokens_of_a_kind_no_key_is_held_for_are_refused() -> None:
    only_secret = ConsumerTokenKeys(
        secret=TOKEN_SECRET, public_key=None, issuer=KEYS.issuer, audience=KEYS.audience
    )
    only_key = ConsumerTokenKeys(
        secret=None, public_key=TOKEN_PUBLIC_KEY, issuer=KEYS.issuer, audience=KEYS.audience
    )
    refused(by_key(), keys=only_secret)
    refused(by_secret(), keys=only_key)
    with pytest.raises(ValueError, match="shared secret"):
        sign_consumer_token(only_key, buyer_id="b", shop_id=None, now=NOW, life=MINUTE)


def refused(token: str, now: datetime = NOW, keys: ConsumerTokenKeys = KEYS) -> None:
    """Insist that a token names nobody."""
    with pytest.raises(InvalidConsumerToken):
        read_consumer_token(token, keys, now)

"""What we sign is what receivers verify, with packages that are not ours."""

import json
from base64 import b64decode
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from shutil import copy
from typing import Any

import pytest
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from standardwebhooks import Webhook, WebhookVerificationError

from app.webhooks.signing import (
    PrivateKey,
    SharedSecret,
    new_private_key,
    new_shared_secret,
    parse_secret,
    public_key_of,
    signature_headers,
)
from tests.support.tools import node_packages, required_tool, run

NODE = Path(__file__).parent / "node"
KNOWN_SECRET = "whsec_plJ3nmyCDGBKInavdOK15jsl"  # of 18 bytes, as no endpoint's secret may be
KNOWN_KEY = SharedSecret(key=b64decode(KNOWN_SECRET.removeprefix("whsec_")))
KNOWN_ID, KNOWN_SECONDS = "msg_loFOjxBNrRLzqYUf", 1731705121
KNOWN_BODY = b'{"event_type":"ping","data":{"success":true}}'
KNOWN_SIGNATURE = "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="
KNOWN_TIME = datetime.fromtimestamp(KNOWN_SECONDS, UTC)
BODY = '{"type":"ticket.opened","data":{"label":"超期售后"}}'.encode()


def signed(secrets: Sequence[str], body: bytes = BODY, now: datetime | None = None) -> Any:
    at = now or datetime.now(UTC)
    return signature_headers("evt_1", body, [parse_secret(one) for one in secrets], at)


def public_key(private: str) -> str:
    secret = parse_secret(private)
    assert isinstance(secret, PrivateKey)
    return public_key_of(secret)


def signature_by(headers: dict[str, str], version: str) -> bytes:
    (found,) = [one for one in headers["webhook-signature"].split() if one.startswith(version)]
    return b64decode(found.removeprefix(version))


@pytest.mark.parametrize("offset_hours", [-9, 0, 8])
def test_the_known_message_has_the_known_signature_in_whatever_zone_the_clock_is(
    offset_hours: int,
) -> None:
    at = KNOWN_TIME.astimezone(timezone(timedelta(hours=offset_hours)))
    assert signature_headers(KNOWN_ID, KNOWN_BODY, [KNOWN_KEY], at) == {
        "webhook-id": KNOWN_ID,
        "webhook-timestamp": str(KNOWN_SECONDS),
        "webhook-signature": KNOWN_SIGNATURE,
    }


def test_a_part_of_a_second_is_cut_off_in_header_and_signature_alike() -> None:
    at = KNOWN_TIME + timedelta(microseconds=999_999)
    assert signature_headers(KNOWN_ID, KNOWN_BODY, [KNOWN_KEY], at)["webhook-signature"] == (
        KNOWN_SIGNATURE
    )


def test_the_official_python_package_verifies_each_of_several_secrets() -> None:
    secrets = [new_shared_secret(size) for size in (24, 32, 64)]
    headers = signed([*secrets, new_private_key()])
    for secret in secrets:
        assert Webhook(secret).verify(BODY, headers) == json.loads(BODY)
    with pytest.raises(WebhookVerificationError):
        Webhook(new_shared_secret()).verify(BODY, headers)


def test_an_independent_ed25519_verifies_v1a_and_nothing_that_was_changed() -> None:
    private = new_private_key()
    headers = signed([new_shared_secret(), private])
    key = VerifyKey(b64decode(public_key(private).removeprefix("whpk_")))
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + BODY
    key.verify(content, signature_by(headers, "v1a,"))
    with pytest.raises(BadSignatureError):
        key.verify(content + b" ", signature_by(headers, "v1a,"))


def test_the_official_npm_package_and_nodes_crypto_verify_what_we_sign() -> None:
    shared = [new_shared_secret(), new_shared_secret(64)]
    private = [new_private_key(), new_private_key()]
    found = by_node(
        signed([*shared, *private]),
        secrets=[*shared, new_shared_secret()],
        publicKeys=[public_key(one) for one in (*private, new_private_key())],
    )
    assert found == {
        "v1": [True, True, "No matching signature found"],
        "v1a": [True, True, False],
    }


def test_the_official_npm_package_verifies_the_known_message() -> None:
    headers = signature_headers(KNOWN_ID, KNOWN_BODY, [KNOWN_KEY], KNOWN_TIME)
    found = by_node(headers, body=KNOWN_BODY, secrets=[KNOWN_SECRET], standing=KNOWN_SECONDS)
    assert found["v1"] == [True]


@pytest.mark.parametrize("message_id", ["", "evt.1", "evt 1", "evt\n1", "évt", "x" * 129])
def test_an_id_that_would_blur_what_is_signed_is_refused(message_id: str) -> None:
    with pytest.raises(ValueError, match="cannot be the id"):
        signature_headers(message_id, BODY, [KNOWN_KEY], KNOWN_TIME)


def test_nothing_is_sent_unsigned() -> None:
    with pytest.raises(ValueError, match="needs a secret"):
        signature_headers("evt_1", BODY, [], KNOWN_TIME)


def by_node(headers: dict[str, str], body: bytes = BODY, **given: Any) -> Any:
    """Return what each secret and public key says of a message."""
    folder = node_packages(NODE)
    copy(NODE / "verify.mjs", folder)
    asked = {"publicKeys": [], "standing": None, **given, "headers": headers, "body": body.decode()}
    return json.loads(
        run(required_tool("node"), str(folder / "verify.mjs"), given=json.dumps(asked))
    )

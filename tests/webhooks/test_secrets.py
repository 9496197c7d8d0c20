"""Signing secrets: how they are written, what is no secret, and rotation."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.signing import (
    SECRETS_IN_FORCE_MAX,
    KeptSecret,
    PrivateKey,
    SecretFault,
    SecretRefused,
    SharedSecret,
    TooManyRotations,
    in_force,
    new_private_key,
    new_shared_secret,
    parse_secret,
    public_key_of,
    rotated,
)

NOW = datetime(2021, 3, 15, 9, 0, tzinfo=UTC)
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)


def written(prefix: str, key: bytes) -> str:
    return prefix + b64encode(key).decode()


@pytest.mark.parametrize("size", [24, 32, 64])
def test_a_new_shared_secret_has_as_many_random_bytes_as_asked_for(size: int) -> None:
    one, other = new_shared_secret(size), new_shared_secret(size)
    assert one != other
    parsed = parse_secret(one)
    assert isinstance(parsed, SharedSecret)
    assert len(parsed.key) == size


@pytest.mark.parametrize("size", [0, 23, 65])
def test_no_shared_secret_is_made_too_short_or_too_long(size: int) -> None:
    with pytest.raises(ValueError, match="24 to 64"):
        new_shared_secret(size)


def test_a_new_private_key_carries_its_public_key() -> None:
    one, other = new_private_key(), new_private_key()
    assert one != other
    parsed = parse_secret(one)
    assert isinstance(parsed, PrivateKey)
    public = b64decode(public_key_of(parsed).removeprefix("whpk_"))
    assert b64decode(one.removeprefix("whsk_")) == parsed.seed + public


def test_a_private_key_is_read_with_and_without_its_public_key() -> None:
    seed = bytes(range(32))
    alone = parse_secret(written("whsk_", seed))
    assert isinstance(alone, PrivateKey)
    public = b64decode(public_key_of(alone).removeprefix("whpk_"))
    assert parse_secret(written("whsk_", seed + public)) == alone


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", SecretFault.UNKNOWN_KIND),
        (b64encode(bytes(32)).decode(), SecretFault.UNKNOWN_KIND),
        (written("WHSEC_", bytes(32)), SecretFault.UNKNOWN_KIND),
        (written(" whsec_", bytes(32)), SecretFault.UNKNOWN_KIND),
        (written("whpk_", bytes(32)), SecretFault.PUBLIC_KEY),
        ("whsec_not base64 at all, and long enough", SecretFault.NOT_BASE64),
        ("whsec_" + "A" * 43, SecretFault.NOT_BASE64),
        ("whsec_" + "é" * 44, SecretFault.NOT_BASE64),
        (written("whsec_", bytes(32)) + "\n", SecretFault.NOT_BASE64),
        ("whsec_", SecretFault.WRONG_LENGTH),
        (written("whsec_", bytes(23)), SecretFault.WRONG_LENGTH),
        (written("whsec_", bytes(65)), SecretFault.WRONG_LENGTH),
        ("whsec_" + "A" * 1_000_000, SecretFault.WRONG_LENGTH),
        ("whsk_", SecretFault.WRONG_LENGTH),
        (written("whsk_", bytes(31)), SecretFault.WRONG_LENGTH),
        (written("whsk_", bytes(33)), SecretFault.WRONG_LENGTH),
        (written("whsk_", bytes(64)), SecretFault.KEYS_DO_NOT_FIT),
    ],
)
def test_what_is_no_secret_is_refused_with_what_is_wrong(text: str, fault: SecretFault) -> None:
    with pytest.raises(SecretRefused) as refused:
        parse_secret(text)
    assert refused.value.fault is fault


def test_secrets_show_neither_in_representations_nor_in_refusals() -> None:
    text = written("whsec_", b"x" * 23)
    with pytest.raises(SecretRefused) as refused:
        parse_secret(text)
    assert text not in repr(refused.value)
    assert "xxx" not in repr(SharedSecret(key=b"x" * 32))
    assert "xxx" not in repr(PrivateKey(seed=b"x" * 32))
    assert "whsec" not in repr(KeptSecret(secret="whsec_xxx", until=None))


def test_the_old_secret_signs_for_24_hours_beside_the_new_one() -> None:
    first = KeptSecret(secret="first", until=None)
    kept = rotated([first], "second", NOW)
    assert [one.secret for one in in_force(kept, NOW)] == ["second", "first"]
    assert [one.secret for one in in_force(kept, NOW + DAY - TICK)] == ["second", "first"]
    assert [one.secret for one in in_force(kept, NOW + DAY)] == ["second"]


def test_a_second_rotation_does_not_lengthen_the_life_of_older_secrets() -> None:
    kept = rotated([KeptSecret(secret="first", until=None)], "second", NOW)
    kept = rotated(kept, "third", NOW + DAY / 2)
    assert {one.secret: one.until for one in kept} == {
        "third": None,
        "second": NOW + DAY * 3 / 2,
        "first": NOW + DAY,
    }


def test_more_rotations_than_a_header_bears_are_refused_until_a_secret_ends() -> None:
    kept = rotated([], "0", NOW)
    for number in range(1, SECRETS_IN_FORCE_MAX):
        kept = rotated(kept, str(number), NOW)
    with pytest.raises(TooManyRotations):
        rotated(kept, "one more", NOW + DAY - TICK)
    assert len(rotated(kept, "one more", NOW + DAY)) == 2


@given(st.lists(st.timedeltas(timedelta(0), 2 * DAY), max_size=12))
def test_whatever_the_rotations_every_secret_signs_at_least_a_day_from_when_it_was_replaced(
    pauses: list[timedelta],
) -> None:
    kept, now, replaced = rotated([], "0", NOW), NOW, {}
    for number, pause in enumerate(pauses, 1):
        now += pause
        newest = kept[0].secret
        try:
            kept = rotated(kept, str(number), now)
        except TooManyRotations:
            continue
        replaced[newest] = now
    for secret, at in replaced.items():
        expected = now < at + DAY
        assert (secret in {one.secret for one in in_force(kept, now)}) == expected
    assert [one.until for one in kept].count(None) == 1
    assert len(kept) <= SECRETS_IN_FORCE_MAX

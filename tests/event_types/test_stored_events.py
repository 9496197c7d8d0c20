"""Events as they have been stored since their first release; the files only ever grow."""

import json
from pathlib import Path
from typing import Any

import pytest

from app.event_types.registry import (
    ENDPOINT_EVENT_TYPES,
    FUNDS_EVENT_TYPES,
    ORDER_EVENT_TYPES,
    event_codec,
)

SAMPLES: list[dict[str, Any]] = [
    json.loads(line)
    for name in ("order_events.ndjson", "funds_events.ndjson", "endpoint_events.ndjson")
    for line in (Path(__file__).parent / "stored" / name).read_text("utf-8").splitlines()
]
NAMES = [f"{sample['type']}-{number}" for number, sample in enumerate(SAMPLES)]


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_an_event_stored_long_ago_can_still_be_read(sample: dict[str, Any]) -> None:
    codec = event_codec()
    stored = json.dumps(sample["data"])
    event = codec.decode(sample["type"], sample["schema_version"], stored)
    assert type(event).__name__ == sample["type"]
    assert event.at.isoformat() == "2021-03-15T09:00:00+00:00"


@pytest.mark.parametrize("sample", SAMPLES, ids=NAMES)
def test_an_event_is_stored_as_its_sample_or_lifted_to_the_newest(
    sample: dict[str, Any],
) -> None:
    codec = event_codec()
    event = codec.decode(sample["type"], sample["schema_version"], json.dumps(sample["data"]))
    encoded = codec.encode(event)
    if sample["schema_version"] == encoded.schema_version:
        assert json.loads(encoded.data) == sample["data"]
    else:
        assert event_codec().decode(encoded.type, encoded.schema_version, encoded.data) == event


def test_every_event_has_a_sample_of_every_version_it_was_stored_in() -> None:
    codec = event_codec()
    sampled = {(sample["type"], sample["schema_version"]) for sample in SAMPLES}
    expected = {
        (cls.__name__, version)
        for cls in (*ORDER_EVENT_TYPES, *FUNDS_EVENT_TYPES, *ENDPOINT_EVENT_TYPES)
        for version in range(1, codec.newest_version(cls) + 1)
    }
    assert sampled == expected

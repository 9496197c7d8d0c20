"""Bodies of public events: bounded, and the same every time."""

import json

from app.domain.money import AMOUNT_MAX
from app.webhooks.catalog.payload import BODY_BYTES_MAX, ApiVersion, BodyForm
from tests.webhooks.largest_event import largest_event


def test_the_largest_body_there_can_be_is_within_bounds() -> None:
    body = largest_event().body(BodyForm(api_version=ApiVersion.V2026_11_01))
    assert 12_000 < len(body.encode()) <= BODY_BYTES_MAX
    assert json.loads(body)["data"]["ticket"]["items"][99]["amount"] == AMOUNT_MAX

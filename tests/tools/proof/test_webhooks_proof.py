"""Webhooks on the real service while it is killed: small here, large by `make proof-webhooks`."""

from pathlib import Path
from uuid import UUID

from tools.proof.webhooks.receiving import Arrival
from tools.proof.webhooks.run import Plan, prove_webhooks
from tools.proof.webhooks.verdict import Expected, differences

EVENTS, ENDPOINTS, FAULTS = 120, 4, 6


async def test_every_endpoint_gets_every_event_whatever_is_killed_when(tmp_path: Path) -> None:
    plan = Plan(seed=7, events=EVENTS, endpoints=ENDPOINTS, faults=FAULTS)
    outcome = await prove_webhooks(plan, tmp_path)
    assert outcome.differences == []
    assert outcome.events >= EVENTS
    assert outcome.received - outcome.duplicates == outcome.events * ENDPOINTS
    assert sum(outcome.faults.values()) == FAULTS
    assert len(outcome.faults) == 3, "workers, the database and receivers each had their turn"


def test_the_verdict_names_what_is_missing_strange_or_out_of_order() -> None:
    ids = [UUID(int=number) for number in range(3)]
    expected = [
        Expected(event_id=ids[0], stream_id="order/a/1", place=(1, 0)),
        Expected(event_id=ids[1], stream_id="order/a/1", place=(1, 1)),
    ]
    came = [Arrival("order/a/1", 1, one) for one in ids]
    right = {0: came[:2], 1: [came[0], came[0], came[1], came[0]]}
    assert differences(expected, right, 2, {0, 1}) == []
    wrong = {0: came[1::-1], 1: came[:1], 2: came}
    found = differences(expected, wrong, 3, {0})
    assert len(found) == 3
    for part in ("came in the order", "lacks 1 events", "1 events that never happened"):
        assert any(part in one for one in found), part

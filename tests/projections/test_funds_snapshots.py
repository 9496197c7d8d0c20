"""Snapshots of a shop's money: a quicker beginning, and never another result."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from app.command_handling.funds_states import FundsStates
from app.domain.funds.accounts import Account
from app.domain.funds.commands import TopUp
from app.domain.funds.decide import decide
from app.domain.funds.events import FundsEvent
from app.domain.funds.state import Funds, fold
from app.domain.policy import POLICY
from app.domain.rejections import Rejection
from app.event_store.stream_loader import StreamLoader
from app.event_store.streams import partition_of
from app.event_types.registry import funds_codec
from app.projections.ledger.snapshots import (
    EVENTS_BETWEEN,
    FOLD_VERSION,
    FundsSnapshotsReader,
    begin_of,
    funds_at,
    stored_form,
)
from app.projections.projection import of_funds
from app.resources import Resources
from tests.domain.funds.test_conservation import COMMANDS, NOW
from tests.domain.funds.test_waterfall import after
from tests.domain.search_depth import bounded
from tests.projections.event_log import Logged
from tests.support.orders import SHOP

READERS = [of_funds(FundsSnapshotsReader())]
SAMPLES = Path(__file__).parent.parent / "event_types" / "stored"


def top_ups(count: int, *, first: int = 1) -> list[FundsEvent]:
    """Return so many top-ups of the deposit, of 1, 2, 3, ... minor units."""
    events: list[FundsEvent] = []
    for number in range(first, first + count):
        command = TopUp(reference=f"p-{number}", account=Account.DEPOSIT, amount=number)
        decision = decide(command, Funds(), NOW, POLICY)
        assert not isinstance(decision, Rejection)
        events += decision
    return events


async def written(logged: Logged, count: int) -> Funds:
    """Write so many top-ups, let snapshots follow, and return what they come to."""
    events = top_ups(count)
    await logged.write_funds(events)
    await logged.follow(READERS)
    return fold(Funds(), events)


async def changed(resources: Resources, change: str) -> None:
    """Change the one snapshot there is."""
    status = await resources.pool.execute(f"UPDATE after_sales.funds_snapshots SET {change}")
    assert status == "UPDATE 1"


@given(st.lists(COMMANDS, max_size=30))
@bounded(examples=200)
def test_what_a_snapshot_holds_is_what_was_folded(commands: list[object]) -> None:
    funds = Funds()
    for command in commands:
        decision = decide(command, funds, NOW, POLICY)  # type: ignore[arg-type]
        if not isinstance(decision, Rejection):
            funds = fold(funds, decision)
        assert TypeAdapter(Funds).validate_json(stored_form(funds)) == funds


@pytest.mark.parametrize(
    "count", [1, EVENTS_BETWEEN - 1, EVENTS_BETWEEN, EVENTS_BETWEEN + 1, 2 * EVENTS_BETWEEN + 7]
)
async def test_a_snapshot_and_the_tail_give_what_the_whole_stream_gives(
    resources: Resources, logged: Logged, count: int
) -> None:
    whole = await written(logged, count)
    begin = await begin_of(resources.pool, SHOP)
    assert begin.version == count // EVENTS_BETWEEN * EVENTS_BETWEEN
    assert await funds_at(resources.pool, funds_codec(), SHOP) == whole
    states = FundsStates(resources.pool, StreamLoader(resources.pool), funds_codec())
    assert (await states.load(SHOP)).funds == whole


async def test_however_the_log_is_cut_into_batches_the_snapshot_is_the_same(
    resources: Resources, logged: Logged
) -> None:
    await logged.write_funds(top_ups(EVENTS_BETWEEN + 50))
    await logged.follow(READERS, limit_each=7)
    in_small_steps = await resources.pool.fetch("SELECT * FROM after_sales.funds_snapshots")
    async with resources.pool.acquire() as connection, connection.transaction():
        await FundsSnapshotsReader().clear(connection, partition_of(SHOP))
        await connection.execute("UPDATE after_sales.checkpoints SET position = 0")
    await logged.follow(READERS)
    at_once = await resources.pool.fetch("SELECT * FROM after_sales.funds_snapshots")
    assert in_small_steps == at_once
    assert len(at_once) == 1


@pytest.mark.parametrize(
    "change",
    [
        "state = replace(state, '\"deposit\":', '\"deposit\":9')",
        "state = 'nonsense'",
        "state = 'nonsense', digest = sha256('nonsense')",
        "state = replace(state, '200', '199'),"
        " digest = sha256(replace(state, '200', '199')::bytea)",
        "event_id = gen_random_uuid()",
        "version = version - 1",
        "version = version + 1000",
        f"fold_version = {FOLD_VERSION + 1}",
    ],
)
async def test_a_snapshot_that_is_not_of_this_log_and_this_fold_counts_for_nothing(
    resources: Resources, logged: Logged, change: str
) -> None:
    whole = await written(logged, EVENTS_BETWEEN + 3)
    assert (await begin_of(resources.pool, SHOP)).version == EVENTS_BETWEEN
    await changed(resources, change)
    assert await begin_of(resources.pool, SHOP) == Funds()
    assert await funds_at(resources.pool, funds_codec(), SHOP) == whole


async def test_an_old_snapshot_only_means_a_longer_tail(
    resources: Resources, logged: Logged
) -> None:
    await written(logged, EVENTS_BETWEEN)
    later = top_ups(2 * EVENTS_BETWEEN, first=EVENTS_BETWEEN + 1)
    await logged.write_funds(later, after_version=EVENTS_BETWEEN)
    funds = await funds_at(resources.pool, funds_codec(), SHOP)
    assert funds == fold(Funds(), top_ups(3 * EVENTS_BETWEEN))
    at_an_earlier_version = await funds_at(resources.pool, funds_codec(), SHOP, 5)
    assert at_an_earlier_version == fold(Funds(), top_ups(5))


async def test_another_shops_money_is_its_own(resources: Resources, logged: Logged) -> None:
    await written(logged, EVENTS_BETWEEN)
    assert await funds_at(resources.pool, funds_codec(), "shop-2") == Funds()


def test_a_fold_that_changed_has_a_version_of_its_own() -> None:
    """If this fails, raise FOLD_VERSION and write the sample anew: old snapshots are wrong now."""
    sample = json.loads((SAMPLES / "funds_snapshot.json").read_text("utf-8"))
    lines = (SAMPLES / "funds_events.ndjson").read_text("utf-8").splitlines()
    stored = [json.loads(lines[number]) for number in sample["events"]]
    codec = funds_codec()
    events = [
        codec.decode(one["type"], one["schema_version"], json.dumps(one["data"])) for one in stored
    ]
    state = json.loads(stored_form(fold(Funds(), events)))
    assert (FOLD_VERSION, state) == (sample["fold_version"], sample["state"])


def test_the_state_does_not_grow_with_what_has_been() -> None:
    tops = [TopUp(reference=f"p-{n}", account=Account.DEPOSIT, amount=1) for n in range(500)]
    assert len(stored_form(after(Funds(), *tops))) < len(stored_form(Funds())) + 10

"""Public events say how things stood right after each event, wherever a reader's batches end."""

from collections.abc import Sequence
from itertools import count, pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.funds.events import DepositFellBelowRequired, MerchantFundsInsufficient
from app.domain.order.events import OrderEvent
from app.event_store.log import EVENTS_AT_ONCE_MAX, parts_of
from app.event_store.recorded_event import Recorded
from app.projections.orders.fold import fold_tail
from app.webhooks.catalog.publisher import Announcement, of_order_event
from tests.conftest import START
from tests.domain.search_depth import bounded
from tests.domain.ticket_samples import APPLIED
from tests.projections.event_log import Logged
from tests.projections.random_histories import histories
from tests.projections.test_agreement import moved_to
from tests.support.orders import HOUR, ORDER, SHOP, agree, order_with_ticket
from tests.webhooks.published import derived, everything

shops = (f"public-{number}" for number in count(1))


def _announced(history: Sequence[Recorded[OrderEvent]]) -> list[Announcement]:
    """Tell what an order's events announce, from its whole history for each."""
    found: list[Announcement] = []
    for number, recorded in enumerate(history):
        before, after = fold_tail(None, history[:number]), fold_tail(None, history[: number + 1])
        assert after is not None
        found += of_order_event(recorded.event, before, after)
    return found


@given(orders=st.lists(histories(), min_size=1, max_size=4), batch=st.sampled_from([1, 2, 7, 999]))
@settings(bounded(examples=25), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_state_told_is_exact_although_the_log_is_long_ahead(
    logged: Logged, orders: Sequence[tuple[OrderEvent, ...]], batch: int
) -> None:
    shop_ids = [next(shops) for _ in orders]
    for shop_id, events in zip(shop_ids, orders, strict=True):
        await logged.write(moved_to(shop_id, events), shop_id=shop_id)
    found = await derived(logged, await everything(logged, *shop_ids), batch)
    for shop_id in shop_ids:
        own = [event for event in found if event.shop_id == shop_id]
        expected = _announced(await logged.history(shop_id))
        assert [(event.type, event.data) for event in own] == [
            (each.type, each.data) for each in expected
        ]


async def test_ids_are_the_same_every_time_and_no_two_are(logged: Logged) -> None:
    agreed = order_with_ticket().then(agree(), at=APPLIED + HOUR)
    await logged.write(agreed.events)
    events = await everything(logged, SHOP)
    once, again = await derived(logged, events, 1_000), await derived(logged, events, 1)
    assert once == again
    assert [event.body() for event in once] == [event.body() for event in again]
    assert [(event.type.value, event.ordinal) for event in once[-2:]] == [
        ("ticket.agreed", 0),
        ("refund.requested", 1),
    ]
    assert len({event.event_id for event in once}) == len(once) == 4


async def test_a_shops_money_is_told_with_the_order_it_is_about_if_it_is(logged: Logged) -> None:
    insufficient = MerchantFundsInsufficient(
        at=START,
        refund_key="shop-1:order-1-1",
        order_id=ORDER,
        ticket_id=f"{ORDER}-1",
        amount=500,
        cash_available=2,
        deposit_available=-3,
    )
    below = DepositFellBelowRequired(at=START, deposit=-503, level=1_000)
    await logged.write_funds([insufficient, below])
    first, second = await derived(logged, await everything(logged, SHOP), 10)
    assert (first.type, first.order_id, first.ticket_id) == (
        "funds.insufficient",
        ORDER,
        f"{ORDER}-1",
    )
    assert second.order_id is None
    assert second.data.model_dump() == {"deposit": -503, "required": 1_000}
    assert (second.stream_id, second.version) == (f"funds/{SHOP}", 2)


async def test_positions_and_ordinals_put_all_of_a_shop_in_one_order(logged: Logged) -> None:
    await logged.write(order_with_ticket().events)
    events = await derived(logged, await everything(logged, SHOP), 3)
    places = [(event.position, event.ordinal) for event in events]
    assert all(earlier < later for earlier, later in pairwise(places))


@pytest.mark.parametrize("streams", [{"a": 0}, {}, {"a": 3}, {"a": 3_999, "b": 1, "c": 1}])
def test_beginnings_are_read_in_parts_none_of_which_is_too_large(streams: dict[str, int]) -> None:
    parts = parts_of(streams)
    assert {name: version for part in parts for name, version in part.items()} == {
        name: version for name, version in streams.items() if version > 0
    }
    assert all(sum(part.values()) <= EVENTS_AT_ONCE_MAX for part in parts)
    assert all(parts)

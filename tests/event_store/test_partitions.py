"""The partition of a shop never changes: these values hold for every installation."""

import pytest

from app.event_store.streams import PARTITION_COUNT, partition_of


@pytest.mark.parametrize(
    ("shop_id", "partition_id"),
    [("shop-1", 1), ("shop-2", 60), ("4463798", 60), ("旗舰店", 4), ("", 20)],
)
def test_a_shop_lives_in_the_partition_it_always_lived_in(shop_id: str, partition_id: int) -> None:
    assert partition_of(shop_id) == partition_id


def test_shops_are_spread_over_all_partitions() -> None:
    used = {partition_of(f"shop-{number}") for number in range(2_000)}

    assert used == set(range(PARTITION_COUNT))

"""A thousand real orders through the whole service, held against figures from elsewhere."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from tests.tools.importers import olist_expected
from tests.tools.importers.olist_callers import Callers
from tests.tools.importers.olist_comparisons import (
    compare_inboxes,
    compare_lists,
    compare_orders,
    compare_verdicts,
    compare_verdicts_now,
)
from tests.tools.importers.olist_expected import Fate
from tests.tools.importers.olist_story import (
    SHIFT_DAYS,
    apply_for_some,
    import_all,
    open_all,
    until_answered,
    until_told,
)


async def test_a_thousand_real_orders_meet_the_fate_worked_out_from_their_files(
    folder: Path, callers: Callers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = callers.clock
    orders = olist_expected.read_orders(folder, SHIFT_DAYS)
    fates = {order.order: Fate() for order in orders}
    cast = callers, orders, fates
    figures: dict[str, object] = {
        "orders": len(orders),
        "shops": len({order.shop for order in orders}),
    }

    await import_all(folder, orders, callers, tmp_path)
    figures["verdicts"] = await compare_verdicts(*cast, clock.now())
    figures["entries"] = await open_all(*cast, clock.now())
    figures["applications"] = await apply_for_some(*cast, clock.now())

    opened = [order for order in orders if fates[order.order].opened]
    clock.advance(timedelta(hours=olist_expected.REMINDER_HOURS))
    unused = [order for order in opened if not fates[order.order].through_entry]
    await until_told(callers, unused, "entry_expiring")
    await until_answered(callers, [order for order in orders if fates[order.order].applied])
    clock.advance(timedelta(hours=olist_expected.ENTRY_HOURS - olist_expected.REMINDER_HOURS))
    await until_told(callers, opened, "entry_expired")

    figures["after five days"] = await compare_orders(*cast, clock.now())
    figures["lists"] = await compare_lists(*cast, clock.now())
    figures["messages to buyers"] = await compare_inboxes(*cast)
    figures["verdicts after five days"] = await compare_verdicts_now(*cast)

    with capsys.disabled():
        print("\nReal orders:", json.dumps(figures, indent=2, ensure_ascii=False))  # noqa: T201

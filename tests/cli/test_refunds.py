"""`aftersales refunds`: whoever looks after money sees what is stuck, and why."""

from pathlib import Path

from app.domain.refunds import KEY_OF_ANOTHER
from app.event_store.streams import partition_of
from app.resources import Resources
from tests.cli.running import aftersales
from tests.projections.event_log import Logged
from tests.projections.refund_histories import AGREED, Refunded
from tests.support.orders import HOUR, SHOP

ASKED = """
UPDATE after_sales.refund_work SET asked = 3, due_at = $2, waits_for = 'unknown: timed_out'
WHERE partition_id = $1 AND ticket_id = 'lost-1'
"""


async def test_refunds_that_wait_are_told_longest_first_for_other_programs_to_read(
    tmp_path: Path, operator: dict[str, str], resources: Resources
) -> None:
    nothing = await aftersales("refunds", cwd=tmp_path, env=operator)
    shop = Refunded(resources.pool, Logged(resources.pool))
    for order_id in ("refused", "lost", "new", "taken"):
        await shop.grant(order_id, 12_900, settled=False)
    await shop.find_money()
    for number, order_id in enumerate(("refused", "lost")):
        await shop.note_funding(order_id, at=AGREED + HOUR)
        end = shop.refuse if order_id == "refused" else shop.unknown
        await end(order_id, at=AGREED + (2 + number) * HOUR)
    await shop.note_funding("taken", at=AGREED + 4 * HOUR)
    await shop.unknown("taken", at=AGREED + 4 * HOUR, why=KEY_OF_ANOTHER)
    await shop.find_money()
    await shop.logged.follow()
    await resources.pool.execute(ASKED, partition_of(SHOP), AGREED + 4 * HOUR)

    stuck = await aftersales("refunds", cwd=tmp_path, env=operator)
    first = await aftersales("refunds", "--limit", "1", cwd=tmp_path, env=operator)
    new = await aftersales("refunds", "--waiting", "provider", cwd=tmp_path, env=operator)
    wrong = await aftersales("refunds", "--waiting", "gold", cwd=tmp_path, env=operator)

    assert (nothing.returncode, len(nothing.stdout.splitlines())) == (0, 1)
    assert [line.split("\t") for line in stuck.stdout.splitlines()[1:]] == [
        [
            *("shop-1/refused-1", "person", "2021-03-15T08:00:00Z", "CNY 129.00", "escrow"),
            *("0", "", "", "buyer_account_closed"),
        ],
        [
            *("shop-1/lost-1", "outcome", "2021-03-15T09:00:00Z", "CNY 129.00", "escrow"),
            *("3", "2021-03-15T10:00:00Z", "unknown: timed_out", ""),
        ],
        [
            *("shop-1/taken-1", "person", "2021-03-15T10:00:00Z", "CNY 129.00", "escrow"),
            *("0", "", "", ""),
        ],
    ]
    assert len(first.stdout.splitlines()) == 2
    assert "There are more" in first.stderr
    assert [line.split("\t")[0] for line in new.stdout.splitlines()[1:]] == ["shop-1/new-1"]
    assert wrong.returncode == 2

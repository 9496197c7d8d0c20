"""Days in shops, played on the served application with a real worker, and checked to the end."""

from tests.support.api import Api
from tests.tools.simulation.faulty_clients import LossyWire, service_behind
from tools.simulation.run import ProgressCallbacks, Report, simulate
from tools.simulation.service import Service
from tools.simulation.size import Size

NOBODY = ProgressCallbacks(day=lambda _: None, order=lambda _: None)


async def simulated(service: Service, size: Size, name: str = "sim") -> Report:
    """Simulate and return what came of it."""
    return await simulate(service, size, name, NOBODY)


async def test_two_shops_live_through_forty_days_and_nothing_differs_from_the_rules(
    service: Service,
) -> None:
    report = await simulated(service, Size(shops=2, orders=14, days=40, seed=7))
    tally = report.tally

    assert tally.differences == []
    assert tally.orders == tally.checked["order"] == tally.checked["invariants"] == 28
    assert tally.checked["as_of"] >= 10
    assert set(tally.applications) == {
        *("refund_only", "return_and_refund", "exchange", "reissue", "repair"),
    }
    assert set(tally.decisions) >= {
        *("open_after_sales_entry", "request_entry_reopening", "decline_entry_reopening"),
        *("agree_to_application", "agree_without_return", "reject_application"),
        *("process_rejected_ticket", "modify_application", "withdraw_application"),
        *("ship_goods_back", "correct_return_shipment", "confirm_return_receipt"),
        *("reject_returned_goods", "ship_replacement", "confirm_replacement_receipt"),
        *("request_arbitration", "submit_arbitration_evidence", "rule_arbitration"),
        *("add_ticket_remark", "record_refund_success", "extend_return_deadline"),
    }
    assert set(tally.fell_due) >= {
        *("entry_expiring", "entry_expired", "entry_expired_unused", "ticket_due_reminded"),
        *("application_agreed_automatically", "ticket_escalated", "ticket_closed"),
    }
    assert set(tally.failed_rules) == {
        *("receipt_not_confirmed", "after_sales_period_not_over", "order_fully_refunded"),
        *("refund_in_progress", "payment_not_online", "product_not_physical"),
        *("card_voucher_product", "excluded_business_line", "order_created_before_cutoff"),
        "order_too_old",
    }
    assert len(tally.refusals) >= 25
    assert set(tally.manners) == {
        *("repeated", "racing", "stale version", "key_reused", "imported again"),
        *("opened in bulk", "decided in a batch", "decided in a batch again"),
    }


async def test_the_same_seed_plays_the_same_stories_and_another_seed_others(
    service: Service,
) -> None:
    size = Size(shops=2, orders=6, days=14, seed=3)
    first = await simulated(service, size, "sim")
    second = await simulated(service, size, "again")

    assert first.tally == second.tally
    assert first.tally.decisions.total() > 20
    assert (
        size.rng("story", 1).random()
        != Size(shops=2, orders=6, days=14, seed=4).rng("story", 1).random()
    )


async def test_a_network_that_loses_answers_changes_nothing_and_nothing_is_done_twice(
    api: Api, service: Service
) -> None:
    size = Size(shops=1, orders=8, days=12, seed=9)
    wire = LossyWire(every=7)
    async with service_behind(wire, api) as lossy:
        lossy_report = await simulated(lossy, size, "sim")
    report = await simulated(service, size, "again")

    assert lossy_report.tally.differences == []
    assert lossy_report.tally == report.tally
    assert wire.lost["advance"]
    assert len(wire.lost) >= 4

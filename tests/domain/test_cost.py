"""What opening the entry may cost: shares rounded half up, of what may still be refunded."""

from dataclasses import replace

import pytest

from app.domain.money import AMOUNT_MAX, share_of
from app.domain.order.cost import cost_preview
from app.domain.order.facts import CommissionTerms
from tests.support.orders import order_facts


@pytest.mark.parametrize(
    ("amount", "basis_points", "share"),
    [
        (10_000, 60, 60),
        (0, 10_000, 0),
        (10_000, 0, 0),
        (1, 10_000, 1),
        (1, 4_999, 0),
        (1, 5_000, 1),
        (3, 5_000, 2),
        (83, 60, 0),
        (84, 60, 1),
        (AMOUNT_MAX, 10_000, AMOUNT_MAX),
        (AMOUNT_MAX, 5_000, (AMOUNT_MAX + 1) // 2),
    ],
)
def test_a_share_is_rounded_half_up_to_the_minor_unit(
    amount: int, basis_points: int, share: int
) -> None:
    assert share_of(amount, basis_points) == share


def test_each_commission_and_the_fee_are_worked_out_by_themselves_of_what_is_refundable() -> None:
    facts = replace(
        order_facts(),
        commission=CommissionTerms(
            talent_basis_points=2_000, agency_basis_points=500, service_fee_basis_points=60
        ),
    )
    preview = cost_preview(facts, refundable=12_345)
    assert (preview.currency, preview.refundable) == ("CNY", 12_345)
    assert preview.talent_commission_kept == 2_469
    assert preview.agency_commission_kept == 617
    assert preview.service_fee_kept == 74


def test_each_part_is_rounded_alone_so_three_halves_make_three_units() -> None:
    facts = replace(
        order_facts(),
        commission=CommissionTerms(
            talent_basis_points=50, agency_basis_points=50, service_fee_basis_points=50
        ),
    )
    preview = cost_preview(facts, refundable=100)
    kept = preview.talent_commission_kept, preview.agency_commission_kept, preview.service_fee_kept
    assert kept == (1, 1, 1)


def test_where_nothing_is_refundable_nothing_is_lost() -> None:
    preview = cost_preview(order_facts(), refundable=0)
    assert preview.talent_commission_kept == preview.agency_commission_kept == 0
    assert preview.service_fee_kept == 0

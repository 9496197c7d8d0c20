"""The adapter of the Olist data set, on rows of the same form that were made up here."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.api.resources.import_orders import ImportLine
from tools.importers.olist import OlistOrders, OlistUnreadable

CUSTOMER = "buyer-2001"
ORDERS = (
    "order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,"
    "order_delivered_carrier_date,order_delivered_customer_date"
)
ITEMS = "order_id,order_item_id,product_id,seller_id,price,freight_value"
PAYMENTS = "order_id,payment_sequential,payment_type,payment_installments,payment_value"

TIMES = "2018-03-01 10:00:00,2018-03-01 10:05:00,2018-03-02 09:00:00,2018-03-06 12:00:00"


def test_an_order_of_one_seller_keeps_its_id_and_every_amount_to_the_centavo(
    tmp_path: Path,
) -> None:
    orders = olist(
        tmp_path,
        orders=[f"order-1,{CUSTOMER},delivered,{TIMES}"],
        items=["order-1,2,sku-b,shop-1001,0.10,0.07", "order-1,1,sku-a,shop-1001,109.90,25.51"],
        payments=["order-1,1,boleto,1,135.58"],
    )

    (line,) = orders.lines()

    assert (line.shop_id, line.order_id, line.buyer_id) == ("shop-1001", "order-1", CUSTOMER)
    items = [(item.item_id, item.sku, item.quantity, item.amount_paid) for item in line.items]
    assert items == [("1", "sku-a", 1, 13_541), ("2", "sku-b", 1, 17)]
    assert (line.payment.amount.amount, line.payment.amount.currency) == (13_558, "BRL")
    assert orders.remarks == []


def test_times_are_read_as_shanghai_and_all_shifted_by_the_same(tmp_path: Path) -> None:
    (line,) = simple(tmp_path, TIMES, shift=timedelta(days=1_000)).lines()

    shanghai_midnight = datetime(2018, 3, 1, tzinfo=UTC) + timedelta(days=1_000, hours=-8)
    assert line.created_at - shanghai_midnight == timedelta(hours=10)
    assert line.payment.paid_at == line.created_at + timedelta(minutes=5)
    assert line.shipped_at == line.created_at + timedelta(hours=23)
    assert line.receipt_confirmed_at == line.created_at + timedelta(days=5, hours=2)


def test_an_order_of_several_sellers_is_one_order_for_each(tmp_path: Path) -> None:
    orders = olist(
        tmp_path,
        orders=[f"order-1,{CUSTOMER},delivered,{TIMES}"],
        items=[
            "order-1,1,sku-a,shop-1002,10.00,1.00",
            "order-1,2,sku-b,shop-1001,20.00,2.00",
            "order-1,3,sku-c,shop-1002,30.00,3.00",
        ],
        payments=["order-1,1,credit_card,1,60.00", "order-1,2,voucher,1,6.00"],
    )

    found = {(line.order_id, line.shop_id): amounts_of(line) for line in orders.lines()}

    assert found == {
        ("order-1.1", "shop-1002"): [1_100, 3_300],
        ("order-1.2", "shop-1001"): [2_200],
    }
    assert orders.remarks == []


@pytest.mark.parametrize(
    ("times", "shipped", "received", "remark"),
    [
        (
            "2018-03-02 10:00:00,2018-03-02 10:05:00,2018-03-02 09:59:59,2018-03-06 12:00:00",
            False,
            True,
            "shipment left out",
        ),
        (
            "2018-03-02 10:00:00,2018-03-02 10:05:00,2018-03-07 09:00:00,2018-03-06 12:00:00",
            False,
            True,
            "shipment left out",
        ),
        (
            "2018-03-02 10:00:00,2018-03-02 10:05:00,2018-03-03 09:00:00,2018-03-01 12:00:00",
            True,
            False,
            "receipt left out",
        ),
        (
            "2018-03-02 10:00:00,2018-03-02 09:05:00,2018-03-03 09:00:00,2018-03-05 12:00:00",
            True,
            True,
            "taken as paid when created",
        ),
    ],
)
def test_a_time_that_contradicts_the_others_is_left_out_and_named(
    tmp_path: Path, times: str, shipped: bool, received: bool, remark: str
) -> None:
    orders = simple(tmp_path, times)

    (line,) = orders.lines()

    assert (line.shipped_at is not None, line.receipt_confirmed_at is not None) == (
        shipped,
        received,
    )
    assert line.payment.paid_at is not None
    assert line.payment.paid_at >= line.created_at
    assert [remark in one.text and not one.skipped for one in orders.remarks] == [True]


def test_an_order_not_yet_sent_has_no_later_facts(tmp_path: Path) -> None:
    orders = simple(tmp_path, "2018-03-02 10:00:00,2018-03-02 10:05:00,,")

    (line,) = orders.lines()

    assert (line.shipped_at, line.receipt_confirmed_at) == (None, None)
    assert orders.remarks == []


@pytest.mark.parametrize(
    ("times", "items", "payment_type", "why"),
    [
        (TIMES, [], "boleto", "no items"),
        (TIMES, ["order-1,1,sku-a,shop-1001,10.00,1.00"], "not_defined", "not paid"),
        (
            "2018-03-01 10:00:00,,,",
            ["order-1,1,sku-a,shop-1001,10.00,1.00"],
            "boleto",
            "never approved",
        ),
    ],
)
def test_what_cannot_be_an_order_is_skipped_by_its_id(
    tmp_path: Path, times: str, items: list[str], payment_type: str, why: str
) -> None:
    orders = olist(
        tmp_path,
        orders=[f"order-1,{CUSTOMER},canceled,{times}"],
        items=items,
        payments=[f"order-1,1,{payment_type},1,11.00"],
    )

    assert list(orders.lines()) == []
    (remark,) = orders.remarks
    assert (remark.order_id, remark.skipped) == ("order-1", True)
    assert why in remark.text


def test_a_payment_that_is_not_the_sum_of_the_items_is_named(tmp_path: Path) -> None:
    orders = simple(tmp_path, TIMES, paid="11.01")

    (line,) = orders.lines()

    assert line.payment.amount.amount == 1_100
    assert [remark.order_id for remark in orders.remarks] == ["order-1"]


@pytest.mark.parametrize("price", ["10.005", "ten", ""])
def test_an_amount_that_is_none_ends_the_reading_with_its_place(tmp_path: Path, price: str) -> None:
    orders = olist(
        tmp_path,
        orders=[f"order-1,{CUSTOMER},delivered,{TIMES}"],
        items=[f"order-1,1,sku-a,shop-1001,{price},1.00"],
        payments=["order-1,1,boleto,1,11.00"],
    )

    with pytest.raises(OlistUnreadable, match="line 2"):
        list(orders.lines())


def test_a_folder_without_the_files_is_named(tmp_path: Path) -> None:
    with pytest.raises(OlistUnreadable, match=r"order_items\.csv"):
        OlistOrders(tmp_path, timedelta(0))


def olist(
    folder: Path,
    *,
    orders: list[str],
    items: list[str],
    payments: list[str],
    shift: timedelta = timedelta(0),
) -> OlistOrders:
    """Write a data set of these rows and read it."""
    for name, head, rows in (
        ("orders.csv", ORDERS, orders),
        ("order_items.csv", ITEMS, items),
        ("order_payments.csv", PAYMENTS, payments),
    ):
        (folder / name).write_text("\n".join([head, *rows, ""]), "utf-8")
    return OlistOrders(folder, shift)


def simple(
    folder: Path, times: str, *, paid: str = "11.00", shift: timedelta = timedelta(0)
) -> OlistOrders:
    """Write a data set of one order with these times."""
    return olist(
        folder,
        orders=[f"order-1,{CUSTOMER},delivered,{times}"],
        items=["order-1,1,sku-a,shop-1001,10.00,1.00"],
        payments=[f"order-1,1,boleto,1,{paid}"],
        shift=shift,
    )


def amounts_of(line: ImportLine) -> list[int]:
    """Return the amounts of a line's items."""
    return [item.amount_paid for item in line.items]

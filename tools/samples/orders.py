"""Sample orders for the demo, dated back from now so that each stands where it should.

A file of orders would grow old and fall out of the 150 days; these never do.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

Line = dict[str, Any]
"""A line of an import, as JSON."""

SHOP = "shop-1001"
BUYER = "buyer-2001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An order of a kind. Ages in days; amount in 分."""

    title: str
    amount: int
    created_days_ago: int
    received_days_ago: int | None
    settled_days_ago: int | None = None
    quantity: int = 1
    kind: str = "physical"
    method: str = "online"
    channel: str = "alipay"
    business_line: str = "general"
    shop_id: str = SHOP
    buyer_id: str = BUYER


ELIGIBLE = Sample(
    title="电热水壶 1.5L",
    amount=12_900,
    created_days_ago=42,
    received_days_ago=36,
    settled_days_ago=28,
)
ALSO_ELIGIBLE = Sample(
    title="儿童书包", amount=19_800, created_days_ago=65, received_days_ago=60, quantity=2
)
TOO_LATE = Sample(
    title="健身卡 12 次",
    amount=59_900,
    created_days_ago=170,
    received_days_ago=168,
    kind="card_voucher",
    channel="wechat",
)
"""Two rules stand against it by its kind, one by its age."""

SAMPLES = (
    ELIGIBLE,
    ALSO_ELIGIBLE,
    TOO_LATE,
    Sample(title="保温杯", amount=8_800, created_days_ago=8, received_days_ago=3),
    Sample(title="羽绒服", amount=49_900, created_days_ago=4, received_days_ago=None),
    Sample(
        title="台灯",
        amount=15_600,
        created_days_ago=30,
        received_days_ago=25,
        method="cod",
        buyer_id="buyer-2002",
    ),
    Sample(
        title="在线英语课",
        amount=99_000,
        created_days_ago=50,
        received_days_ago=50,
        kind="virtual",
        business_line="qingbei",
        buyer_id="buyer-2002",
    ),
    Sample(
        title="陶瓷餐具 6 件",
        amount=23_400,
        created_days_ago=140,
        received_days_ago=133,
        quantity=6,
        channel="wechat",
        buyer_id="buyer-2003",
    ),
    Sample(
        title="蓝牙耳机",
        amount=29_900,
        created_days_ago=20,
        received_days_ago=16,
        channel="aggregate",
        shop_id="shop-1002",
        buyer_id="buyer-2003",
    ),
    Sample(
        title="瑜伽垫",
        amount=6_900,
        created_days_ago=11,
        received_days_ago=7,
        shop_id="shop-1002",
        buyer_id="buyer-2004",
    ),
)


def sample_orders(name: str, now: datetime) -> Iterator[Line]:
    """Yield the samples as orders `{name}-01`, `{name}-02`, ..., in the order of ``SAMPLES``."""
    for number, sample in enumerate(SAMPLES, start=1):
        yield _line(f"{name}-{number:02}", sample, now)


def _line(order_id: str, sample: Sample, now: datetime) -> Line:
    created_at = now - timedelta(days=sample.created_days_ago)
    payment: Line = {
        "method": sample.method,
        "amount": {"amount": sample.amount, "currency": "CNY"},
        "paid_at": (created_at + timedelta(minutes=5)).isoformat(),
    }
    if sample.method == "online":
        payment["channel"] = sample.channel
    line: Line = {
        "shop_id": sample.shop_id,
        "order_id": order_id,
        "buyer_id": sample.buyer_id,
        "created_at": created_at.isoformat(),
        "payment": payment,
        "items": [
            {
                "item_id": "1",
                "sku": f"sku-{sample.amount}",
                "title": sample.title,
                "kind": sample.kind,
                "quantity": sample.quantity,
                "amount_paid": sample.amount,
            }
        ],
        "business_line": sample.business_line,
        "commission": {
            "talent_basis_points": 1_000,
            "agency_basis_points": 200,
            "service_fee_basis_points": 500,
        },
        "shipped_at": (created_at + timedelta(hours=6)).isoformat(),
    }
    if sample.received_days_ago is not None:
        received_at = now - timedelta(days=sample.received_days_ago) + timedelta(hours=7)
        line["receipt_confirmed_at"] = min(received_at, now).isoformat()
    if sample.settled_days_ago is not None:
        line["settled_at"] = (now - timedelta(days=sample.settled_days_ago)).isoformat()
    return line

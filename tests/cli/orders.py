"""Orders for an import, as lines of NDJSON."""

import json
from typing import Any

from tests.support.orders import CREATED, RECEIVED, SHIPPED


def order_line(number: int, **changes: Any) -> bytes:
    """Return the line of an order that differs from others by its number."""
    order = {
        "shop_id": f"shop-{number % 7}",
        "order_id": f"order-{number}",
        "buyer_id": f"buyer-{number}",
        "created_at": CREATED.isoformat(),
        "payment": {
            "method": "online",
            "channel": "wechat",
            "amount": {"amount": 100 + number, "currency": "CNY"},
            "paid_at": CREATED.isoformat(),
        },
        "items": [
            {
                "item_id": "item-1",
                "sku": "sku-1",
                "title": "保温杯",
                "kind": "physical",
                "quantity": 1,
                "amount_paid": 100 + number,
            }
        ],
        "shipped_at": SHIPPED.isoformat(),
        "receipt_confirmed_at": RECEIVED.isoformat(),
        **changes,
    }
    return json.dumps(order, ensure_ascii=False).encode() + b"\n"


def order_lines(count: int) -> bytes:
    """Return so many different orders."""
    return b"".join(order_line(number) for number in range(1, count + 1))

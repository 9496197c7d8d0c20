"""The main story told over HTTP, as far as a test needs it.

Every order defaults to one that may be opened now: the clock stands at 2021-03-15 09:00 UTC.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx

from tests.support.api import BUYER, SHOP, Api

CREATED = "2021-03-01T04:00:00Z"
SHIPPED = "2021-03-02T04:00:00Z"
RECEIVED = "2021-03-05T04:00:00Z"
SETTLED = "2021-03-08T04:00:00Z"
PERIOD = timedelta(days=7)

OPEN = {"cost_acknowledged": True}
A_PARCEL = {"carrier": "sf", "tracking_number": "SF1030529384756"}
A_MODIFICATION = {
    "type": "refund_only",
    "items": [{"item_id": "item-1", "quantity": 1, "amount": 500}],
    "reason": "agreed_with_merchant",
}


def orders_of(shop_id: str = SHOP) -> str:
    """Return the path of a shop's orders."""
    return f"/v1/shops/{shop_id}/orders"


def order_path(order_id: str = "order-1", shop_id: str = SHOP) -> str:
    """Return the path of an order."""
    return f"{orders_of(shop_id)}/{order_id}"


def ticket_path(number: int = 1, order_id: str = "order-1", shop_id: str = SHOP) -> str:
    """Return the path of an order's ticket, counted from 1."""
    return f"/v1/shops/{shop_id}/tickets/{order_id}-{number}"


def an_item(item_id: str = "item-1", **changes: Any) -> dict[str, Any]:
    """Return a line of an order: two scarves for 100 yuan."""
    return {
        "item_id": item_id,
        "sku": f"sku-of-{item_id}",
        "title": "羊毛围巾",
        "kind": "physical",
        "quantity": 2,
        "amount_paid": 10_000,
        **changes,
    }


def an_order(order_id: str = "order-1", **changes: Any) -> dict[str, Any]:
    """Return the facts of a plain order; the payment is what its items add up to."""
    items = changes.get("items", [an_item()])
    created_at = changes.get("created_at", CREATED)
    return {
        "order_id": order_id,
        "buyer_id": BUYER,
        "created_at": created_at,
        "payment": {
            "method": "online",
            "channel": "alipay",
            "amount": {"amount": sum(item["amount_paid"] for item in items), "currency": "CNY"},
            "paid_at": created_at,
        },
        "items": items,
        "business_line": "general",
        "commission": {
            "talent_basis_points": 1_000,
            "agency_basis_points": 200,
            "service_fee_basis_points": 60,
        },
        **changes,
    }


def a_refund(amount: int = 1_000, **changes: Any) -> dict[str, Any]:
    """Return an application for money back."""
    return {
        "items": [{"item_id": "item-1", "quantity": 1, "amount": amount}],
        "return_goods": False,
        "reason": "promised_after_sales",
        **changes,
    }


def a_picture(**changes: Any) -> dict[str, Any]:
    """Return a picture that is taken as evidence."""
    return {
        "url": "https://example.com/1.jpg",
        "media_type": "image/jpeg",
        "size_bytes": 200_000,
        **changes,
    }


def some_goods(**changes: Any) -> dict[str, Any]:
    """Return an application for an exchange, a reissue or a repair."""
    return {
        "items": [{"item_id": "item-1", "quantity": 1}],
        "reason": "promised_after_sales",
        **changes,
    }


async def registered(
    api: Api, order_id: str = "order-1", *, shop_id: str = SHOP, **changes: Any
) -> str:
    """Register an order and return its path."""
    body = an_order(order_id, **changes)
    done(await api.platform.post(orders_of(shop_id), body), 201)
    return order_path(order_id, shop_id)


async def received(
    api: Api,
    order_id: str = "order-1",
    *,
    shop_id: str = SHOP,
    confirmed_at: str = RECEIVED,
    **changes: Any,
) -> str:
    """Register an order that was shipped and received, and return its path."""
    order = await registered(api, order_id, shop_id=shop_id, **changes)
    done(await api.platform.post(f"{order}/shipment", {"shipped_at": SHIPPED}))
    done(await api.platform.post(f"{order}/receipt-confirmation", {"confirmed_at": confirmed_at}))
    return order


async def opened(
    api: Api, order_id: str = "order-1", *, shop_id: str = SHOP, **changes: Any
) -> str:
    """Give an order an open entry and return the order's path."""
    order = await received(api, order_id, shop_id=shop_id, **changes)
    merchant = api.merchant if shop_id == SHOP else api.other_merchant
    done(await merchant.post(f"{order}/after-sales-entry/open", OPEN))
    return order


async def applied(
    api: Api,
    order_id: str = "order-1",
    *,
    shop_id: str = SHOP,
    application: dict[str, Any] | None = None,
) -> str:
    """Apply for a refund through an opened entry and return the ticket's path."""
    order = await opened(api, order_id, shop_id=shop_id)
    answer = await api.consumer().post(
        f"{order}/refund-requests", application or a_refund(), key=f"apply-{order_id}"
    )
    return f"/v1/shops/{shop_id}/tickets/{done(answer, 201)['ticket_id']}"


def done(answer: httpx.Response, status: int = 200) -> dict[str, Any]:
    """Insist on a status and return the body."""
    assert answer.status_code == status, answer.text
    body = answer.json()
    assert isinstance(body, dict)
    return body


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Insist on one well-formed problem and return it."""
    body = done(answer, status)
    assert body["code"] == code, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert body["status"] == status
    assert body["type"] == f"urn:aftersales:problem:{code}"
    assert body["title"]
    assert body["detail"]
    assert body["instance"] == answer.request.url.raw_path.decode().partition("?")[0]
    assert body["request_id"] == answer.headers["x-request-id"]
    assert answer.headers["content-language"] in {"en", "zh-CN"}
    assert "Accept-Language" in answer.headers["vary"]
    return body


def instant(text: str) -> datetime:
    """Read an instant of an answer."""
    return datetime.fromisoformat(text).astimezone(UTC)

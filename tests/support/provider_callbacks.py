"""What the provider tells, and a ticket whose refund is in its hands."""

from typing import Any

import httpx
from pydantic_core import to_json

from app.domain.order.refunds import RecordRefundFunding
from app.domain.refunds import FundingSource, Shares, refund_key_of
from app.payments.provider.callbacks import callback_headers
from app.payments.ticket_commands import command_order
from tests.support.api import CALLBACK_SECRET, SHOP, Api
from tests.support.story import a_refund, an_item, done, opened

KEY = refund_key_of(SHOP, "order-1-1")
PATH = "/v1/provider/callbacks"


def a_callback(**changes: Any) -> dict[str, Any]:
    """Return a callback that tells of success."""
    return {
        "callback_id": "cb-1",
        "kind": "refund",
        "key": KEY,
        "status": "succeeded",
        "amount": 1_000,
        "currency": "CNY",
        "provider_reference": "2021031522001",
        "paid_at": "2021-03-15T09:00:00Z",
        **changes,
    }


async def tell(api: Api, body: dict[str, Any], *, headers: Any = None) -> httpx.Response:
    """Send a callback, rightly signed unless headers say otherwise."""
    content = to_json(body)
    signed = callback_headers(content, [CALLBACK_SECRET], api.clock.now())
    return await api.client.post(
        PATH,
        content=content,
        headers={"Content-Type": "application/json", **(signed if headers is None else headers)},
    )


def a_refusal(**changes: Any) -> dict[str, Any]:
    """Return a callback that tells of a refusal because of the buyer's account."""
    why = {"code": "buyer_account_closed", "message": "closed"}
    told = {**a_callback(), "status": "refused", **why}
    del told["provider_reference"], told["paid_at"]
    return {**told, **changes}


async def refunding(api: Api, amount: int = 1_000) -> str:
    """Bring a ticket so far that its refund is in the provider's hands; return its path."""
    order = await opened(api, items=[an_item(amount_paid=max(amount, 10_000))])
    application = await api.consumer().post(
        f"{order}/refund-requests", a_refund(amount), key="apply"
    )
    ticket = f"/v1/shops/{SHOP}/tickets/{done(application, 201)['ticket_id']}"
    done(await api.merchant.post(f"{ticket}/agree-to-application"))
    await funded(api, amount)
    return ticket


async def funded(api: Api, amount: int, *, order_id: str = "order-1") -> None:
    """Put the refund of an order's first ticket into the provider's hands."""
    ticket_id = f"{order_id}-1"
    funding = RecordRefundFunding(
        ticket_id=ticket_id,
        refund_key=refund_key_of(SHOP, ticket_id),
        source=FundingSource.DEPOSIT,
        shares=Shares(shop=amount, talent=0, agency=0, service_fee=0),
        insufficient=False,
    )
    handler = api.app.state.services.handler
    outcome = await command_order(handler, SHOP, order_id, funding, correlation_id="test")
    assert outcome.refusal is None


async def refused(api: Api, amount: int = 1_000) -> str:
    """Bring a ticket so far that the provider has refused its refund; return its path."""
    ticket = await refunding(api, amount)
    done(await tell(api, a_refusal(amount=amount)))
    return ticket

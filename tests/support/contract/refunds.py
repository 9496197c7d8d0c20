"""Refunds the provider refused, and payouts to another account that wait for approval."""

from app.access.keys import create_key
from app.domain.policy import POLICY
from app.domain.refunds import refund_key_of
from app.event_store.recorded_event import Role
from tests.support.api import SHOP, Api
from tests.support.contract.orders import imported, named, opened_all
from tests.support.contract.stock import Stock, each_in_shop, in_shop
from tests.support.operations import BODIES
from tests.support.provider_callbacks import a_callback, a_refusal, funded, tell
from tests.support.story import a_refund, done, order_path, ticket_path

EACH = 6
"""Refunds of each kind; the first two are to draw from."""

LARGE = POLICY.payout_dual_control_above + 1


async def stock_of_refunds(api: Api) -> Stock:
    """Let the provider refuse refunds; for large ones a colleague asks for payouts."""
    refused = await _refused(api, named("refused", EACH), 1_000)
    payouts = await payouts_awaiting_approval(api, named("awaiting", EACH))
    body = BODIES["start_advance_payout"]
    asked = [in_shop(refund_id=refund, payout_id=payout) for refund, payout in payouts.items()]
    declined = [{**one, "body": BODIES["decline_advance_payout"]} for one in asked]
    return Stock(
        drawn={
            "refund_id": [*refused[:2], *list(payouts)[:2]],
            "payout_id": list(payouts.values())[:2],
        },
        grantable={
            "get_refund": each_in_shop(None, "refund_id", refused[:2]),
            "start_advance_payout": each_in_shop(body, "refund_id", refused[2:]),
            "approve_advance_payout": asked[2:4],
            "decline_advance_payout": declined[4:],
        },
    )


async def payouts_awaiting_approval(api: Api, order_ids: list[str]) -> dict[str, str]:
    """Let a colleague ask for payouts of large refunds; return their ids by the refunds'."""
    key = await create_key(api.resources.pool, role=Role.PLATFORM, shop_id=None, name="colleague")
    payouts, body = {}, BODIES["start_advance_payout"]
    for refund_id in await _refused(api, order_ids, LARGE):
        path = f"/v1/shops/{SHOP}/refunds/{refund_id}/advance-payouts"
        ticket = done(await api.bearer(key).post(path, body, key=refund_id), 201)
        payouts[refund_id] = ticket["advance_payouts"][0]["payout_id"]
    return payouts


async def paid(api: Api, order_ids: list[str]) -> None:
    """Let the provider tell that refunds have arrived, and the lists follow."""
    await _in_transit(api, order_ids, 1_000)
    for order_id in order_ids:
        key = refund_key_of(SHOP, f"{order_id}-1")
        done(await tell(api, a_callback(key=key, callback_id=f"cb-{order_id}")))
    await api.follow()


async def _refused(api: Api, order_ids: list[str], amount: int) -> list[str]:
    """Bring orders so far that the provider has refused a refund; return the refunds' ids."""
    await _in_transit(api, order_ids, amount)
    for order_id in order_ids:
        key = refund_key_of(SHOP, f"{order_id}-1")
        told = a_refusal(amount=amount, key=key, callback_id=f"cb-{order_id}")
        done(await tell(api, told))
    return [f"{order_id}-1" for order_id in order_ids]


async def _in_transit(api: Api, order_ids: list[str], amount: int) -> None:
    """Bring orders so far that a refund is in the provider's hands."""
    await imported(api, order_ids, paid=max(amount, 10_000))
    await opened_all(api, order_ids)
    for order_id in order_ids:
        applying = f"{order_path(order_id)}/refund-requests"
        done(await api.consumer().post(applying, a_refund(amount), key=order_id), 201)
        done(await api.merchant.post(f"{ticket_path(1, order_id)}/agree-to-application"))
        await funded(api, amount, order_id=order_id)

"""Something of everything a role may ask for."""

from tests.support.api import SHOP, Api
from tests.support.clocks import in_test_mode
from tests.support.contract.endpoints import stock_of_endpoints
from tests.support.contract.orders import stock_of_orders
from tests.support.contract.refunds import stock_of_refunds
from tests.support.contract.stock import Stock, each_in_shop, in_shop
from tests.support.operations import BODIES
from tests.support.story import an_order, done

STANDING, ADVANCED, TO_COME = [
    [f"{name}-{number}" for number in range(3)] for name in ("standing", "advanced", "to-come")
]
"""Shops in test mode: to look at, to advance, and to be made."""


async def stock_of_everything(api: Api, role: str) -> Stock:
    """Make all there is for a role to ask for, and let the lists follow."""
    of_orders, of_refunds = await stock_of_orders(api), await stock_of_refunds(api)
    topping_up = f"/v1/shops/{SHOP}/funds/top-ups"
    done(await api.platform.post(topping_up, BODIES["record_top_up"], key="top-up"), 201)
    for shop_id in (*STANDING, *ADVANCED):
        await in_test_mode(api.platform, shop_id)
    await api.follow()
    of_endpoints = await stock_of_endpoints(api, of_platform=role == "platform")
    of_inbox = await _stock_of_inbox(api)
    return of_orders | of_refunds | of_endpoints | of_inbox | _stock_of_shops()


async def _stock_of_inbox(api: Api) -> Stock:
    """A consumer's messages and devices."""
    consumer, inbox = api.consumer(), f"/v1/shops/{SHOP}"
    page = done(await consumer.get(f"{inbox}/notifications", {"limit": 4}))
    messages = [message["notification_id"] for message in page["notifications"]]
    devices = []
    for number in range(4):
        body = {**BODIES["register_device"], "token": f"token-{number}"}
        devices.append(done(await consumer.post(f"{inbox}/devices", body), 201)["device_id"])
    return Stock(
        drawn={"notification_id": messages[:2], "device_id": devices[:2]},
        grantable={
            "read_notification": each_in_shop(None, "notification_id", messages[2:]),
            "delete_device": each_in_shop(None, "device_id", devices[2:]),
        },
    )


def _stock_of_shops() -> Stock:
    """What is asked of a shop as a whole."""
    once = ("put_required_deposit", "put_assistant_rules", "try_assistant_rules")
    return Stock(
        drawn={"month": ["2021-03"]},
        grantable={
            "register_order": [in_shop(an_order(f"new-{number}")) for number in range(3)],
            "create_test_clock": each_in_shop({}, "shop_id", TO_COME),
            "get_test_clock": each_in_shop(None, "shop_id", STANDING),
            "advance_test_clock": each_in_shop(BODIES["advance_test_clock"], "shop_id", ADVANCED),
            **{
                name: [in_shop({**BODIES[name], "reference": f"{name}-{n}"}) for n in range(3)]
                for name in ("record_top_up", "record_withdrawal")
            },
            **{name: [in_shop(BODIES[name])] for name in once},
            **{
                f"{verb}_statement": each_in_shop(None, "month", ["2021-03"])
                for verb in ("get", "export", "print")
            },
        },
    )

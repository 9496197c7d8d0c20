"""Pushes at the time and of the kind their recipient wants, and reminders while they are of use."""

from datetime import datetime, timedelta

from tests.support.api import Api
from tests.support.clocks import clock_path, in_test_mode
from tests.support.pushes import INBOX, PREFERENCES, Pushing, registered_device
from tests.support.story import OPEN, done, instant, opened, registered

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FAR = datetime.fromisoformat("2024-05-01T18:00:00+08:00")
"""Three years from the present of the service."""


async def test_quiet_hours_hold_a_push_until_they_end_and_say_until_when(
    pushing: Pushing,
) -> None:
    consumer, clock = pushing.api.consumer(), pushing.api.clock
    await registered_device(consumer)
    # In New York it is 05:00 in the morning of the day after the clock was put on.
    night = {"begin": "22:00", "end": "07:00", "zone": "America/New_York"}
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "quiet_hours": night}))
    await pushing.tell(1)
    await pushing.send()
    (push,) = await pushing.states()
    ends = instant("2021-03-15T07:00:00-04:00")
    assert (push["state"], instant(push["send_after"])) == ("queued", ends)
    clock.advance(ends - clock.now() - MINUTE)
    assert await pushing.send() == 0
    clock.advance(MINUTE)
    assert await pushing.send() == 1
    assert await pushing.state() == "sent"


async def test_quiet_hours_that_are_done_away_with_let_go_of_what_they_held(
    pushing: Pushing,
) -> None:
    consumer = pushing.api.consumer()
    await registered_device(consumer)
    day = {"begin": "00:00", "end": "23:59", "zone": "Asia/Shanghai"}
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "quiet_hours": day}))
    await pushing.tell(1)
    await pushing.send()
    assert await pushing.state() == "queued"
    done(await consumer.send("PUT", PREFERENCES, json={"push": True}))
    assert await pushing.send() == 1
    assert await pushing.state() == "sent"


async def test_a_reminder_overtaken_by_its_end_is_not_pushed(pushing: Pushing) -> None:
    api = pushing.api
    consumer = api.consumer()
    order = await opened(api)
    await registered_device(consumer)
    # A night of 23 hours and 58 minutes, which ends when the entry has been closed for a minute.
    night = {"begin": "17:02", "end": "17:01", "zone": "Asia/Shanghai"}
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "quiet_hours": night}))
    api.clock.advance(4 * DAY + 2 * MINUTE)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))  # what is due happens
    await pushing.follow()
    await pushing.send()
    reminder = done(await consumer.get(INBOX))["notifications"][0]
    assert reminder["template"] == "entry_expiring"
    assert reminder["channels"]["push"]["state"] == "queued"
    held_until = instant(reminder["channels"]["push"]["send_after"])
    assert held_until > instant(reminder["valid_until"])
    api.clock.advance(held_until - api.clock.now())
    assert await pushing.send() == 1
    (push,) = [state for state in await pushing.states() if state]
    assert (push["state"], push["reason"]) == ("expired", "no_longer_valid")
    assert await pushing.sandbox.messages() == []


async def test_who_wants_no_pushes_gets_none_and_still_every_message(pushing: Pushing) -> None:
    consumer = pushing.api.consumer()
    await registered_device(consumer)
    await pushing.tell(1)
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "muted_groups": ["entry"]}))
    await pushing.send()
    done(await consumer.send("PUT", PREFERENCES, json={"push": False}))
    await pushing.tell(2)
    await pushing.send()
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "muted_groups": ["ticket"]}))
    await pushing.tell(3)
    await pushing.send()
    states = [(state["state"], state["reason"]) for state in await pushing.states()]
    assert states == [("sent", None), *[("skipped", "switched_off")] * 2]
    assert len(await pushing.sandbox.messages()) == 1


async def test_a_shop_in_test_mode_is_quiet_by_its_own_clock(pushing: Pushing) -> None:
    api, consumer = pushing.api, pushing.api.consumer()
    await in_test_mode(api.platform, now=FAR.isoformat())
    await registered_device(consumer)
    night = {"begin": "17:00", "end": "08:00", "zone": "Asia/Shanghai"}
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "quiet_hours": night}))
    await _opened_in_the_far_shop(api)
    await pushing.follow()
    assert await pushing.worker().run_once() == 1
    (push,) = await pushing.states()
    morning = FAR + 14 * HOUR
    assert (push["state"], instant(push["send_after"])) == ("queued", morning)

    await _advance(api, pushing, morning - MINUTE)
    assert await pushing.worker().run_once() == 1
    assert await pushing.state() == "queued"
    await _advance(api, pushing, morning)
    assert await pushing.send() == 1
    (push,) = await pushing.states()
    assert (push["state"], instant(push["settled_at"])) == ("sent", morning)


async def test_a_reminder_in_a_shop_of_another_time_is_of_use_by_that_time(
    pushing: Pushing,
) -> None:
    api, consumer = pushing.api, pushing.api.consumer()
    await in_test_mode(api.platform, now=FAR.isoformat())
    order = await _opened_in_the_far_shop(api)
    await registered_device(consumer)
    await _advance(api, pushing, FAR + 4 * DAY)
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))  # what is due happens
    await pushing.follow()
    await _advance(api, pushing, FAR + 5 * DAY)
    await pushing.send()
    reminder = done(await consumer.get(INBOX))["notifications"][0]
    assert reminder["template"] == "entry_expiring"
    assert reminder["channels"]["push"]["state"] == "expired"


async def _opened_in_the_far_shop(api: Api) -> str:
    order = await registered(api, created_at=(FAR - 20 * DAY).isoformat())
    shipment = {"shipped_at": (FAR - 19 * DAY).isoformat()}
    done(await api.platform.post(f"{order}/shipment", shipment))
    receipt = {"confirmed_at": (FAR - 15 * DAY).isoformat()}
    done(await api.platform.post(f"{order}/receipt-confirmation", receipt))
    done(await api.merchant.post(f"{order}/after-sales-entry/open", OPEN))
    return order


async def _advance(api: Api, pushing: Pushing, to: datetime) -> None:
    """Put the shop's clock on, and let the service's pass until it looks again."""
    await api.resources.pool.execute("UPDATE after_sales.test_clocks SET now = $1", to)
    assert instant(done(await api.platform.get(clock_path()))["now"]) == to
    api.clock.advance(timedelta(seconds=2))

"""What is pushed, to whom and how often: over sockets, with a provider that really answers."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from app.event_types.registry import event_codec
from app.notifications.push.provider import PushMessage, PushOutcome, Refused, http_provider
from app.notifications.push.worker import PushLimits
from app.projection_registry import READERS
from app.projections.rebuild import Rebuild
from app.projections.runner import ProjectionRunner
from app.sealing import Seal, UnreadableSeal
from app.worker import run_worker
from tests.event_store.child_processes import running
from tests.support.api import OTHER_BUYER, SHOP, Api, api_settings, until
from tests.support.pushes import (
    DEVICES,
    INBOX,
    PREFERENCES,
    READERS_AND_PUSHES,
    SECRET,
    Pushing,
    message_id,
    registered_device,
)
from tests.support.story import applied, done, instant, opened

NOBODY_LISTENS = "http://127.0.0.1:9/messages"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


async def test_a_message_goes_to_every_device_once_in_the_chosen_language(
    pushing: Pushing,
) -> None:
    consumer = pushing.api.consumer()
    one = await registered_device(consumer, "one", platform="ios")
    other = await registered_device(consumer, "other")
    await pushing.tell(1)
    assert await pushing.send() == 2
    sent = await pushing.sandbox.messages()
    (message,) = done(await consumer.get(INBOX, headers={"Accept-Language": "zh-CN"}))[
        "notifications"
    ]
    assert {found["id"] for found in sent} == {
        message_id(message["notification_id"], device_id) for device_id in (one, other)
    }
    assert {(found["token"], found["platform"]) for found in sent} == {
        ("one", "ios"),
        ("other", "android"),
    }
    assert {(found["title"], found["body"], found["language"]) for found in sent} == {
        (message["title"], message["body"], "zh-CN")
    }
    assert sent[0]["data"] == {
        "notification_id": message["notification_id"],
        "shop_id": SHOP,
        "order_id": "order-1",
        "template": "entry_opened",
    }
    push = message["channels"]["push"]
    assert (push["state"], push["devices"], push["reason"]) == ("sent", 2, None)
    assert instant(push["settled_at"]) == pushing.api.clock.now()

    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "language": "en"}))
    await pushing.tell(2)
    await pushing.send()
    assert (await pushing.sandbox.messages())[-1]["title"] == "You may apply for after-sales again"
    assert await pushing.send() == 0
    assert [found["times_received"] for found in await pushing.sandbox.messages()] == [1] * 4


async def test_merchants_are_pushed_theirs_and_nobody_elses(pushing: Pushing) -> None:
    api = pushing.api
    await registered_device(api.merchant, "shop")
    await registered_device(api.consumer(OTHER_BUYER), "other")
    other_shop = "/v1/shops/shop-2/devices"
    done(await api.other_merchant.post(other_shop, {"platform": "web", "token": "shop-2"}), 201)
    done(await api.consumer().post(other_shop, {"platform": "web", "token": "elsewhere"}), 201)
    await applied(api)
    await pushing.follow()
    await pushing.send()
    (sent,) = await pushing.sandbox.messages()
    assert (sent["token"], sent["data"]["template"]) == ("shop", "ticket_created")
    assert await pushing.states() == [None], "the buyer has no device in this shop"


async def test_nothing_is_pushed_that_was_told_before_the_device_was_there(
    pushing: Pushing,
) -> None:
    await opened(pushing.api, "order-1")
    await registered_device(pushing.api.consumer())
    await pushing.tell(2)
    await pushing.send()
    (sent,) = await pushing.sandbox.messages()
    assert sent["data"]["order_id"] == "order-2"
    assert [state and state["state"] for state in await pushing.states()] == ["sent", None]


async def test_a_service_without_provider_queues_nothing_and_later_sends_nothing_of_it(
    pushing: Pushing,
) -> None:
    await registered_device(pushing.api.consumer())
    await opened(pushing.api, "order-1")
    await pushing.follow(queueing=False)
    assert await pushing.send() == 0
    await pushing.tell(2)
    assert await pushing.send() == 1
    assert await pushing.states() != [None, None]
    assert (await pushing.states())[1] is None


async def test_reading_the_log_again_sends_nothing_again(pushing: Pushing) -> None:
    await registered_device(pushing.api.consumer())
    await pushing.tell(1, 2)
    assert await pushing.send() == 2
    await pushing.tell(3)
    pool = pushing.api.resources.pool
    for reader in READERS:
        await Rebuild(pool=pool, codec=event_codec(), reader=reader).run()
    await pool.execute("UPDATE after_sales.checkpoints SET position = 0 WHERE reader = 'pushes'")
    applied_events = await ProjectionRunner(
        pool, event_codec(), READERS_AND_PUSHES
    ).run_until_caught_up()
    assert applied_events > 0
    assert await pushing.send() == 1, "the one that was still queued"
    assert [found["times_received"] for found in await pushing.sandbox.messages()] == [1] * 3


async def test_a_worker_killed_between_call_and_record_sends_again_under_the_same_id(
    pushing: Pushing,
) -> None:
    device_id = await registered_device(pushing.api.consumer())
    await pushing.tell(1)
    clock = pushing.api.clock
    arguments = (pushing.api.resources.database_url, pushing.sandbox.url, clock.now().isoformat())
    async with running("tests.notifications.push_process", *arguments) as worker:
        said = await worker.says()
        await worker.kill()
    (message,) = done(await pushing.api.consumer().get(INBOX))["notifications"]
    own_id = message_id(message["notification_id"], device_id)
    assert said == f"{own_id} Accepted"
    assert message["channels"]["push"]["state"] == "queued"

    assert await pushing.send() == 0, "it is still the dead worker's"
    clock.advance(MINUTE)
    assert await pushing.send() == 1
    (sent,) = await pushing.sandbox.messages()
    assert (sent["id"], sent["times_received"]) == (own_id, 2)
    assert await pushing.state() == "sent"


@dataclass(frozen=True, slots=True)
class RefusingLate:
    """A provider whose refusal is held back until it is let through."""

    asked: asyncio.Event = field(default_factory=asyncio.Event)
    answers: asyncio.Event = field(default_factory=asyncio.Event)

    async def send(self, _message: PushMessage) -> PushOutcome:
        self.asked.set()
        await self.answers.wait()
        return Refused(detail="late")


STATE = "SELECT state, attempts, attempt_at, held_until, claimed_until FROM after_sales.pushes"


async def test_a_worker_past_its_lease_records_nothing_of_what_is_held_back_by_now(
    pushing: Pushing,
) -> None:
    consumer, pool = pushing.api.consumer(), pushing.api.resources.pool
    await registered_device(consumer)
    await pushing.tell(1)
    provider = RefusingLate()
    late = asyncio.create_task(replace(pushing, provider=provider).worker().run_once())
    await provider.asked.wait()
    pushing.api.clock.advance(PushLimits().lease)
    quiet = {"begin": "16:00", "end": "20:00", "zone": "Asia/Shanghai"}
    done(await consumer.send("PUT", PREFERENCES, json={"push": True, "quiet_hours": quiet}))
    assert await pushing.worker().run_once() == 1
    held = await pool.fetch(STATE)
    assert [(row["state"], row["held_until"] is not None) for row in held] == [("queued", True)]
    provider.answers.set()
    assert await late == 1
    assert await pool.fetch(STATE) == held


async def test_a_worker_past_its_lease_leaves_the_next_claim_alone(pushing: Pushing) -> None:
    pool = pushing.api.resources.pool
    await registered_device(pushing.api.consumer())
    await pushing.tell(1)
    providers = [RefusingLate(), RefusingLate()]
    tasks = []
    for provider in providers:
        worker = replace(pushing, provider=provider).worker()
        tasks.append(asyncio.create_task(worker.run_once()))
        await provider.asked.wait()
        pushing.api.clock.advance(PushLimits().lease)
    claimed = await pool.fetch(STATE)
    providers[0].answers.set()
    assert await tasks[0] == 1
    assert await pool.fetch(STATE) == claimed, "the row is the second worker's"
    providers[1].answers.set()
    assert await tasks[1] == 1
    assert await pushing.state() == "failed"


async def test_two_workers_at_once_send_each_push_once(pushing: Pushing) -> None:
    await registered_device(pushing.api.consumer())
    await pushing.tell(*range(12))
    workers = [pushing.worker(PushLimits(concurrency_max=3)) for _ in range(4)]

    async def work(number: int) -> None:
        while await workers[number].run_once():
            pass

    await asyncio.gather(*(work(number) for number in range(4)))
    assert [found["times_received"] for found in await pushing.sandbox.messages()] == [1] * 12


async def test_a_token_that_is_gone_loses_its_device_and_nothing_else(pushing: Pushing) -> None:
    consumer = pushing.api.consumer()
    await registered_device(consumer, "gone-phone")
    good = await registered_device(consumer, "good")
    await pushing.tell(1)
    await pushing.send()
    assert [one["device_id"] for one in done(await consumer.get(DEVICES))["devices"]] == [good]
    rows = await pushing.api.resources.pool.fetch(
        "SELECT state, reason, detail FROM after_sales.pushes ORDER BY state"
    )
    assert [tuple(row) for row in rows] == [
        ("failed", "token_no_longer_valid", "HTTP 410 token_no_longer_valid"),
        ("sent", None, None),
    ]
    assert await pushing.state() == "sent"
    await registered_device(consumer, "gone-phone")
    await pushing.tell(2)
    assert await pushing.send() == 2, "registered anew it is tried anew"


async def test_what_waits_for_a_device_that_is_removed_is_given_up(pushing: Pushing) -> None:
    consumer = pushing.api.consumer()
    device_id = await registered_device(consumer)
    await pushing.tell(1)
    assert (await consumer.send("DELETE", f"{DEVICES}/{device_id}")).status_code == 204
    assert await pushing.send() == 0
    (push,) = await pushing.states()
    assert (push["state"], push["reason"]) == ("skipped", "device_removed")

    await registered_device(consumer, "moved")
    await pushing.tell(2)
    await registered_device(pushing.api.consumer(OTHER_BUYER), "moved")
    assert await pushing.send() == 0, "another owner's phone shows nothing of the former one's"
    assert await pushing.sandbox.messages() == []


@pytest.mark.parametrize(("token", "waits"), [("flaky-phone", 5), ("busy-phone", 5)])
async def test_a_provider_that_fails_is_asked_again_with_the_same_id(
    pushing: Pushing, token: str, waits: float
) -> None:
    await registered_device(pushing.api.consumer(), token)
    await pushing.tell(1)
    assert await pushing.send() == 1
    (push,) = await pushing.states()
    assert push["state"] == "queued"
    again_at = pushing.api.clock.now() + timedelta(seconds=waits)
    assert instant(push["send_after"]) == again_at
    assert await pushing.sandbox.messages() == []
    assert await pushing.send() == 0
    pushing.api.clock.advance(timedelta(seconds=waits))
    assert await pushing.send() == 1
    (sent,) = await pushing.sandbox.messages()
    assert sent["times_received"] == 2
    assert await pushing.state() == "sent"


async def test_a_message_that_is_refused_is_not_sent_again(pushing: Pushing) -> None:
    await registered_device(pushing.api.consumer(), "refused-phone")
    await pushing.tell(1)
    await pushing.send()
    (push,) = await pushing.states()
    assert (push["state"], push["reason"]) == ("failed", "refused_by_provider")
    pushing.api.clock.advance(DAY)
    assert await pushing.send() == 0
    assert len(done(await pushing.api.consumer().get(DEVICES))["devices"]) == 1


async def test_a_provider_that_is_away_for_long_is_given_up_and_nothing_else_suffers(
    pushing: Pushing,
) -> None:
    await registered_device(pushing.api.consumer(), "flaky-phone")
    await pushing.tell(1)
    async with http_provider(NOBODY_LISTENS, None, pushing.api.clock) as provider:
        worker = replace(pushing, provider=provider).worker(PushLimits(attempts_max=3))
        for _ in range(3):
            assert await worker.run_once() == 1
            pushing.api.clock.advance(HOUR)
        assert await worker.run_once() == 0
    (push,) = await pushing.states()
    assert (push["state"], push["reason"]) == ("failed", "attempts_exhausted")
    await opened(pushing.api, "order-2")


async def test_a_key_that_was_changed_still_opens_what_the_former_one_closed(
    pushing: Pushing,
) -> None:
    device_id = await registered_device(pushing.api.consumer())
    row = await pushing.api.resources.pool.fetchrow(
        "SELECT device_id, token_sealed FROM after_sales.devices"
    )
    assert row is not None
    assert str(row["device_id"]) == device_id
    former, new = b"keeps push tokens of tests secre", b"n" * 32
    sealed = row["token_sealed"]
    assert Seal([new, former]).open(sealed, row["device_id"].bytes) == "a-token"
    with pytest.raises(UnreadableSeal):
        Seal([new]).open(sealed, row["device_id"].bytes)
    with pytest.raises(UnreadableSeal):
        Seal([former]).open(sealed, uuid4().bytes)


async def test_the_worker_of_the_service_pushes_by_itself(api: Api, pushing: Pushing) -> None:
    await registered_device(api.consumer())
    await opened(api, "order-1")
    settings = api_settings(
        api.resources.settings, push_url=pushing.sandbox.url, push_secret=SecretStr(SECRET)
    )
    stop = asyncio.Event()
    resources = replace(api.resources, settings=settings)
    working = asyncio.create_task(run_worker(resources, api.clock, stop))

    async def pushed() -> bool:
        return len(await pushing.sandbox.messages()) == 1

    await until(pushed)
    stop.set()
    await working
    assert await pushing.state() == "sent"

"""Devices and preferences: whose they are, how many, and what is never told of them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from app.clock import ManualClock
from app.notifications.preferences import TemplateGroup
from app.resources import Resources
from app.settings import Settings
from tests.support.api import OTHER_BUYER, OTHER_SHOP, Api, Caller, api_settings, running_api
from tests.support.pushes import DEVICES, PREFERENCES, registered_device
from tests.support.story import done, problem

TOKEN = "fMdc3kq0Q1:APA91bHun4MxP5egoKMwt2KZFBaFUH"


async def devices_of(caller: Caller) -> list[dict[str, Any]]:
    """Return a caller's devices."""
    found: list[dict[str, Any]] = done(await caller.get(DEVICES))["devices"]
    return found


async def test_a_device_is_registered_once_however_often_its_app_starts(api: Api) -> None:
    consumer = api.consumer()
    body = {"platform": "ios", "token": TOKEN, "name": "Phone"}
    first = done(await consumer.post(DEVICES, body), 201)
    api.clock.advance(timedelta(hours=1))
    again = done(await consumer.post(DEVICES, {**body, "name": None}), 200)
    assert again["device_id"] == first["device_id"]
    assert again["registered_at"] == first["registered_at"]
    assert again["refreshed_at"] > first["refreshed_at"]
    assert await devices_of(consumer) == [again]

    assert (await consumer.send("DELETE", f"{DEVICES}/{first['device_id']}")).status_code == 204
    assert await devices_of(consumer) == []
    gone = await consumer.send("DELETE", f"{DEVICES}/{first['device_id']}")
    problem(gone, 404, "device_not_found")


async def test_a_token_is_stored_so_that_nobody_can_read_it(api: Api) -> None:
    await registered_device(api.consumer(), TOKEN)
    (row,) = await api.resources.pool.fetch("SELECT d.*, d::text FROM after_sales.devices AS d")
    assert TOKEN not in str(dict(row))
    assert TOKEN.encode() not in row["token_sealed"]
    await registered_device(api.merchant, TOKEN + "2")
    sealed = await api.resources.pool.fetch("SELECT token_sealed FROM after_sales.devices")
    assert len({row["token_sealed"][:12] for row in sealed}) == 2, "each with a nonce of its own"


async def test_a_token_has_one_owner_in_a_shop_the_last_one_to_register_it(api: Api) -> None:
    first, second = api.consumer(), api.consumer(OTHER_BUYER)
    await registered_device(first, TOKEN)
    await registered_device(first, "another")
    await registered_device(second, TOKEN)
    assert [len(await devices_of(caller)) for caller in (first, second)] == [1, 1]
    elsewhere = f"/v1/shops/{OTHER_SHOP}/devices"
    done(await first.post(elsewhere, {"platform": "android", "token": TOKEN}), 201)
    assert len(await devices_of(second)) == 1


async def test_ten_registrations_of_one_token_at_once_give_one_device(api: Api) -> None:
    body = {"platform": "web", "token": TOKEN}
    answers = await asyncio.gather(*(api.consumer().post(DEVICES, body) for _ in range(10)))
    assert sorted(answer.status_code for answer in answers) == [200] * 9 + [201]
    assert len({answer.json()["device_id"] for answer in answers}) == 1


async def test_nobody_has_more_than_20_devices_however_they_hurry(api: Api) -> None:
    consumer = api.consumer()
    for number in range(15):
        await registered_device(consumer, f"token-{number}")
    answers = await asyncio.gather(
        *(
            consumer.post(DEVICES, {"platform": "ios", "token": f"late-{number}"})
            for number in range(10)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [201] * 5 + [409] * 5
    refused = next(answer for answer in answers if answer.status_code == 409)
    assert problem(refused, 409, "too_many_devices")["facts"] == {"devices_max": 20}
    assert len(await devices_of(consumer)) == 20
    known = done(await consumer.post(DEVICES, {"platform": "android", "token": "token-3"}), 200)
    assert known["name"] is None, "a known one may always be refreshed"
    await registered_device(api.consumer(OTHER_BUYER), "anothers")


async def test_anothers_device_looks_like_one_that_never_was(api: Api) -> None:
    device_id = await registered_device(api.consumer())
    never = "00000000-0000-0000-0000-000000000000"
    for stranger in (api.consumer(OTHER_BUYER), api.merchant):
        for path in (device_id, never):
            answer = await stranger.send("DELETE", f"{DEVICES}/{path}")
            problem(answer, 404, "device_not_found")
    elsewhere = f"/v1/shops/{OTHER_SHOP}/devices/{device_id}"
    problem(await api.consumer().send("DELETE", elsewhere), 404, "device_not_found")
    assert len(await devices_of(api.consumer())) == 1


@pytest.mark.parametrize(
    "body",
    [
        {"platform": "ios"},
        {"platform": "pager", "token": "1"},
        {"platform": "ios", "token": ""},
        {"platform": "ios", "token": "with space"},
        {"platform": "ios", "token": "长"},
        {"platform": "ios", "token": "x" * 2_049},
        {"platform": "ios", "token": "1", "name": "\u0000"},
        {"platform": "ios", "token": "1", "buyer_id": "buyer-2"},
    ],
)
async def test_a_device_that_is_none_is_refused(api: Api, body: dict[str, Any]) -> None:
    problem(await api.consumer().post(DEVICES, body), 422, "request_invalid")
    assert await devices_of(api.consumer()) == []


@pytest.fixture
async def unkept(
    settings: Settings, clock: ManualClock, resources: Resources
) -> AsyncIterator[Api]:
    """Serve an application without a key to keep tokens with."""
    without = api_settings(settings, push_token_key=None)
    async with running_api(without, clock, resources) as running:
        yield running


async def test_without_a_key_no_token_is_taken_and_that_is_said(unkept: Api) -> None:
    answer = await unkept.consumer().post(DEVICES, {"platform": "ios", "token": TOKEN})
    assert problem(answer, 503, "push_not_configured")["repeatable"] is False
    assert await devices_of(unkept.consumer()) == []


NIGHT = {"begin": "22:00", "end": "08:00", "zone": "Asia/Shanghai"}


async def test_preferences_are_defaults_until_somebody_chooses(api: Api) -> None:
    consumer = api.consumer()
    answer = await consumer.get(PREFERENCES)
    assert answer.headers["etag"] == '"0"'
    assert done(answer) == {
        "version": 0,
        "in_site": True,
        "push": True,
        "muted_groups": [],
        "language": "zh-CN",
        "quiet_hours": None,
    }
    chosen = {"push": False, "muted_groups": ["ticket", "entry"], "language": "en"}
    put = await consumer.send("PUT", PREFERENCES, json={**chosen, "quiet_hours": NIGHT})
    assert put.headers["etag"] == '"1"'
    assert done(put) == done(await consumer.get(PREFERENCES))
    assert put.json() == {
        **chosen,
        "version": 1,
        "in_site": True,
        "muted_groups": ["entry", "ticket"],
        "quiet_hours": NIGHT,
    }
    again = done(await consumer.send("PUT", PREFERENCES, json={"push": True}))
    assert (again["version"], again["quiet_hours"], again["muted_groups"]) == (2, None, [])
    for other in (api.consumer(OTHER_BUYER), api.merchant):
        assert done(await other.get(PREFERENCES))["version"] == 0


async def test_of_two_who_choose_on_one_version_only_one_does(api: Api) -> None:
    async def put(version: int | None, **body: Any) -> Any:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        return await api.consumer().send("PUT", PREFERENCES, json=body, headers=headers)

    for version in (0, 1):
        answers = await asyncio.gather(*(put(version, push=True) for _ in range(8)))
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * 7
    stale = problem(await put(1, push=False), 412, "version_stale")
    assert stale["facts"] == {"current_version": 2}
    problem(await put(0, push=False), 412, "version_stale")
    problem(await put(9, push=False), 412, "version_stale")
    problem(await put(10**18 - 1, push=False), 412, "version_stale")
    assert done(await put(None, push=False))["version"] == 3


async def test_preferences_that_mean_nothing_are_refused_each_by_its_name(api: Api) -> None:
    async def put(**body: Any) -> Any:
        return await api.consumer().send("PUT", PREFERENCES, json={"push": True, **body})

    problem(await put(quiet_hours={**NIGHT, "zone": "Asia/Nowhere"}), 422, "time_zone_unknown")
    problem(await put(quiet_hours={**NIGHT, "zone": "Asia"}), 422, "time_zone_unknown")
    problem(await put(quiet_hours={**NIGHT, "end": "22:00"}), 422, "quiet_hours_empty")
    for wrong in (
        {"push": 1},
        {"language": "fr"},
        {"muted_groups": ["everything"]},
        {"muted_groups": ["entry"] * (len(TemplateGroup) + 1)},
        {"quiet_hours": {**NIGHT, "begin": "24:00"}},
        {"quiet_hours": {**NIGHT, "begin": "9:00"}},
        {"quiet_hours": {**NIGHT, "zone": "../../etc/passwd"}},
        {"quiet_hours": {"begin": "22:00", "end": "08:00"}},
        {"in_site": False},
    ):
        problem(await put(**wrong), 422, "request_invalid")
    assert done(await api.consumer().get(PREFERENCES))["version"] == 0

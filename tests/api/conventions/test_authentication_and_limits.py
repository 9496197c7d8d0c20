"""Who may ask, how often, in which form and in which language: of every operation alike.

Nothing asked for here is there: all of it is told before anything is looked up.
"""

import json
import re

import httpx
import pytest

from app.access.keys import create_key
from app.event_store.recorded_event import Role
from tests.support.api import OTHER_SHOP, SHOP, Caller
from tests.support.contract.document import Documented
from tests.support.contract.granted_requests import Asked, Asking
from tests.support.operations import CONSUMER, MERCHANT, ROLES
from tests.support.story import problem

UNGUARDED = {
    "get_liveness": "asked by what runs the process, which has no key and may ask without end",
    "get_readiness": "the same",
    "receive_provider_callback": "proves itself by a signature over its body",
}
"""Operations that ask for no credential, and so count nobody, each with the reason why."""

LANGUAGES = (
    (None, "en"),
    ("zh-CN", "zh-CN"),
    ("zh-TW;q=0.3, en;q=0.2", "zh-CN"),
    ("fr, en;q=0.5, zh;q=0.1", "en"),
    ("fr", "en"),
)


pytestmark = pytest.mark.asyncio(loop_scope="package")


async def test_every_operation_asks_for_a_credential_but_those_named_with_their_reasons(
    asking: Asking,
) -> None:
    open_to_all = {one.name for one in asking.operations if not one.is_guarded}
    assert open_to_all == set(UNGUARDED)
    for operation in guarded(asking):
        answer = await by(asking.api.nobody, asking.asked(operation))
        problem(answer, 401, "unauthenticated")
        assert answer.headers["www-authenticate"] == "Bearer", operation.name


async def test_a_stranger_is_told_so_whatever_else_is_wrong_with_the_request(
    asking: Asking,
) -> None:
    for operation in guarded(asking):
        asked = asking.asked(operation)
        if asked.body is not None:
            problem(await by(asking.api.nobody, asked, content=b"{"), 401, "unauthenticated")
        misspelt = await by(asking.api.nobody, asked, query={"colour": "red"})
        problem(misspelt, 401, "unauthenticated")


async def test_a_key_without_the_scope_is_told_which_scope_it_lacks(asking: Asking) -> None:
    pool = asking.api.resources.pool
    keys = {
        role: asking.api.bearer(
            await create_key(pool, role=role, shop_id=shop_id, name="bare", scopes=[])
        )
        for role, shop_id in ((Role.MERCHANT, SHOP), (Role.PLATFORM, None))
    }
    for operation in guarded(asking):
        if ROLES[operation.name] == CONSUMER:
            continue  # a consumer's token has every scope of its role
        role = Role.MERCHANT if ROLES[operation.name] >= MERCHANT else Role.PLATFORM
        answer = await by(keys[role], asking.asked(operation))
        told = problem(answer, 403, "scope_missing")
        assert re.fullmatch(r"[a-z_]+:(read|write)", told["facts"]["scope"]), operation.name


async def test_another_shop_is_not_there_and_what_a_role_may_not_do_is_forbidden(
    asking: Asking,
) -> None:
    others = {
        "merchant": asking.api.other_merchant,
        "consumer": asking.api.consumer(shop_id=OTHER_SHOP),
    }
    for operation in guarded(asking):
        for role, caller in others.items():
            answer = await by(caller, asking.asked(operation))
            if role not in ROLES[operation.name]:
                problem(answer, 403, "role_not_allowed")
            elif "{shop_id}" in operation.template:
                problem(answer, 404, "not_found")


async def test_what_an_operation_does_not_take_is_refused_by_its_name(asking: Asking) -> None:
    for operation in guarded(asking):
        asked = asking.asked(operation)
        found = problem(await asked.send({"colour": "red"}), 422, "request_invalid")
        assert pointers(found) == ["query/colour"], operation.name
        if operation.body_type == "application/json":
            body = {"colour": "red", **json.loads(asked.body or b"{}")}
            answer = await by(asked.caller, asked, content=json.dumps(body).encode())
            told = problem(answer, 422, "request_invalid")
            assert "#/colour" in pointers(told), operation.name


async def test_a_body_that_is_none_is_refused_by_what_is_wrong_with_it(asking: Asking) -> None:
    for operation in guarded(asking):
        if operation.body_type != "application/json":
            continue
        asked = asking.asked(operation)
        problem(await by(asked.caller, asked, content=b'{"a":'), 400, "malformed_json")
        text = await asked.caller.send(
            asked.method, asked.path, headers={"Content-Type": "text/plain"}, content=b"{}"
        )
        problem(text, 415, "media_type_unsupported")


async def test_every_operation_counts_who_asks_and_says_when_to_come_back(
    counted: Asking,
) -> None:
    api = counted.api
    callers = (api.platform, api.merchant, api.consumer(), api.nobody)
    for caller in callers:
        first = await caller.get("/v1/reasons")
        assert first.headers["ratelimit-policy"] == '"default";q=1;w=60'
        assert re.fullmatch(r'"default";r=0;t=[0-9]+', first.headers["ratelimit"])
    for operation in guarded(counted):
        asked = counted.asked(operation)
        for caller in (asked.caller, api.nobody):
            answer = await by(caller, asked, content=b"{" if asked.body else None)
            problem(answer, 429, "rate_limited")
            assert 1 <= int(answer.headers["retry-after"]) <= 60, operation.name
            assert answer.headers["ratelimit"].startswith('"default";r=0;'), operation.name


async def test_every_refusal_is_in_the_language_preferred_and_says_so(asking: Asking) -> None:
    titles = {"en": "A valid key or token is missing", "zh-CN": "缺少有效凭证"}
    for operation in guarded(asking):
        for accepted, language in LANGUAGES:
            headers = {} if accepted is None else {"Accept-Language": accepted}
            asked = asking.asked(operation)
            answer = await asking.api.nobody.send(asked.method, asked.path, headers=headers)
            told = problem(answer, 401, "unauthenticated")
            assert told["title"] == titles[language], operation.name
            assert answer.headers["content-language"] == language
            assert answer.headers["vary"] == "Accept-Language"


def guarded(asking: Asking) -> list[Documented]:
    """Return the operations that ask for a credential."""
    return [one for one in asking.operations if one.name not in UNGUARDED]


async def by(
    caller: Caller,
    asked: Asked,
    *,
    content: bytes | None = None,
    query: dict[str, str] | None = None,
) -> httpx.Response:
    """Send a request in another's name, or with other bytes."""
    body = content if content is not None else asked.body
    headers = {"Idempotency-Key": "any-key"}
    if body is not None:
        headers["Content-Type"] = asked.media_type or "application/json"
    return await caller.send(asked.method, asked.path, headers=headers, params=query, content=body)


def pointers(told: dict[str, list[dict[str, str]]]) -> list[str]:
    """Return what a refusal points at."""
    return [error["pointer"] for error in told["errors"]]

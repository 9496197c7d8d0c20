"""Versions and idempotency keys, on every operation the document declares them for."""

from typing import Any

import httpx
import pytest

from tests.support.contract.document import Documented
from tests.support.contract.granted_requests import Asked, Asking
from tests.support.story import done, problem

pytestmark = pytest.mark.asyncio(loop_scope="package")

STALE = '"999999"'

VERSION_OF = {f"{verb}_advance_payout": "get_ticket" for verb in ("start", "approve", "decline")}
"""Where a version is looked up that no resource along the operation's own path shows."""

IN_FORCE_ALREADY = {"put_assistant_rules"}
"""What is asked for is what there is: that is no decision on a version that has passed."""

WITHOUT_KEY = {
    "try_assistant_rules": "changes nothing",
    "receive_provider_callback": "the callback's own id is the key",
}
"""POSTs that take no key, each with what makes it safe to repeat."""

PART_BY_PART = {"decide_tickets": "ticket", "open_after_sales_entries": "entry"}
"""Whose key counts for each result by itself, and what a result shows of what was granted."""

LINE_BY_LINE = {"import_shop_orders", "import_orders"}
"""The key counts for each line: see tests/api/test_idempotent_answers.py."""


async def test_whatever_is_shown_with_a_version_has_it_as_its_etag(stocked: Asking) -> None:
    shown = [one for one in stocked.operations if one.method == "GET" and "version" in one.shown()]
    assert len(shown) > 5
    for operation in shown:
        answer = await stocked.granted(operation).send()
        assert answer.headers["etag"] == f'"{done(answer)["version"]}"', operation.name
        assert operation.granted_with("ETag")


async def test_a_decision_on_a_version_that_has_passed_is_refused_and_one_on_this_is_taken(
    stocked: Asking,
) -> None:
    conditional = [one for one in stocked.operations if "If-Match" in one.parameters]
    assert len(conditional) > 30
    for operation in conditional:
        asked = stocked.granted(operation)
        refused = await asked.send(if_match=STALE, key=key_for(operation, "stale"))
        told = problem(refused, 412, "version_stale")
        current = await etag_of(stocked, operation, asked)
        assert current == f'"{told["facts"]["current_version"]}"', operation.name
        granted = await asked.send(if_match=current, key=key_for(operation, "current"))
        assert granted.is_success, (operation.name, granted.text)
        if granted.headers.get("etag", current) != current:
            again = await asked.send(if_match=current, key=key_for(operation, "passed"))
            if operation.name in IN_FORCE_ALREADY:
                assert done(again) == granted.json()
            else:
                problem(again, 412, "version_stale")


async def test_every_post_takes_a_key_but_those_named_with_their_reasons(stocked: Asking) -> None:
    keyless = {one.name for one in stocked.operations if one.method == "POST" and not one.takes_key}
    assert keyless == set(WITHOUT_KEY)


async def test_a_request_under_its_key_again_is_answered_as_before_and_says_so(
    stocked: Asking,
) -> None:
    for operation in taking_keys(stocked):
        if operation.name in LINE_BY_LINE:
            continue
        asked, key = stocked.granted(operation), f"again.{operation.name}"
        first = await asked.send(key=key)
        assert first.is_success, (operation.name, first.text)
        assert "idempotency-replayed" not in first.headers
        again = await asked.send(key=f'"{key}"')
        assert again.headers["idempotency-replayed"] == "true", operation.name
        assert kept(operation, again) == kept(operation, first), operation.name
        other = await asked.reworded().send(key=key)
        if operation.name in PART_BY_PART:
            assert done(other)["results"][0]["replayed"], "the words are another's, the part is not"
        else:
            problem(other, 422, "idempotency_key_reused")


async def test_a_key_is_asked_for_where_it_is_required_and_held_to_its_form(
    stocked: Asking,
) -> None:
    for operation in taking_keys(stocked):
        asked = stocked.asked(operation)
        if operation.parameters["Idempotency-Key"]["required"]:
            problem(await asked.send(), 422, "idempotency_key_required")
        for wrong in ('"half', "two words", "a" * 129, ""):
            found = problem(await asked.send(key=wrong), 422, "request_invalid")
            pointers = [error["pointer"] for error in found["errors"]]
            assert "header/Idempotency-Key" in pointers, operation.name


def taking_keys(stocked: Asking) -> list[Documented]:
    """Return the operations that take a key."""
    found = [one for one in stocked.operations if one.takes_key]
    assert len(found) > 30
    return found


def key_for(operation: Documented, purpose: str) -> str | None:
    """Return a key of a request's own, if the operation takes one."""
    return f"{purpose}.{operation.name}" if operation.takes_key else None


def kept(operation: Documented, answer: httpx.Response) -> tuple[int, Any, str | None]:
    """Return what must be the same when an answer is told again."""
    body = answer.json()
    if operation.name in PART_BY_PART:
        body = [one[PART_BY_PART[operation.name]] for one in body["results"]]
    return answer.status_code, body, answer.headers.get("etag")


async def etag_of(stocked: Asking, operation: Documented, asked: Asked) -> str:
    """Look up the version there is: of the nearest resource along the path that has one."""
    template = operation.template
    if operation.name in VERSION_OF:
        named = next(one for one in stocked.operations if one.name == VERSION_OF[operation.name])
        path = asked.path.partition("/advance-payouts")[0].replace("/refunds/", "/tickets/")
    else:
        along = [
            one
            for one in stocked.operations
            if one.method == "GET"
            and f"{template}/".startswith(f"{one.template}/")
            and one.granted_with("ETag")
        ]
        named = max(along, key=lambda one: len(one.template))
        path = "/".join(asked.path.split("/")[: named.template.count("/") + 1])
    answer = await asked.caller.get(path)
    done(answer)
    return answer.headers["etag"]

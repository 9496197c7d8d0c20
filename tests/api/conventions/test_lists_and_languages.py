"""Pages and languages, on every operation the document declares them for."""

from typing import Any

import pytest
import pytest_asyncio

from tests.support.contract.document import Documented
from tests.support.contract.granted_requests import Asked, Asking
from tests.support.contract.refunds import paid
from tests.support.operations import operations_of
from tests.support.story import done, problem

pytestmark = pytest.mark.asyncio(loop_scope="package")

PAGE_MAX = 200
WALKED_MAX = 12
"""Rows that are walked through one by one; of longer lists these are the first."""

ROWS = {"get_statement": "refunds"}
"""Which of several arrays is the list, where a page has more than one."""

EXPORTED = {"export_tickets": "list_tickets"}
"""What goes on where a list does, without pages of its own."""

WITHOUT_END = {"list_events", "list_platform_events"}
"""A feed's cursor is where to go on from, also where nothing has happened yet; `has_more` tells."""

UNPAGED = {
    "list_devices": "20 at most",
    "list_reasons": "a catalog",
    "list_webhook_endpoint_changes": "the latest 100",
    "list_platform_webhook_endpoint_changes": "the same",
    "list_readers": "as many as the service has",
}
"""Lists that are bounded by themselves."""

LANGUAGES = (
    (None, "en"),
    ("zh-CN", "zh-CN"),
    ("en-GB, zh;q=0.9", "en"),
    ("fr, zh-Hant;q=0.5, en;q=0.4", "zh-CN"),
    ("fr", "en"),
)


async def test_every_list_has_pages_but_those_that_are_bounded_by_themselves(
    stocked: Asking,
) -> None:
    lists = {one.name for one in stocked.operations if one.name.startswith("list_")}
    assert lists - {one.name for one in paged(stocked)} == set(UNPAGED)


async def test_pages_of_any_size_show_the_same_rows_in_the_same_order(listed: Asking) -> None:
    for operation in paged(listed):
        asked = listed.granted(operation)
        whole = await walked(operation, asked, limit=PAGE_MAX)
        assert len(whole) > 1, f"{operation.name} shows too little to page through"
        few = await walked(operation, asked, limit=1, rows_max=WALKED_MAX)
        assert few == whole[:WALKED_MAX], operation.name
        assert await walked(operation, asked, limit=67) == whole, operation.name


async def test_pages_of_no_size_and_of_too_many_rows_are_refused(stocked: Asking) -> None:
    for operation in paged(stocked):
        asked = stocked.granted(operation)
        for limit in ("0", str(PAGE_MAX + 1), "-1", "one", ""):
            found = problem(await asked.send({"limit": limit}), 422, "request_invalid")
            assert [one["pointer"] for one in found["errors"]] == ["query/limit"], operation.name


async def test_a_cursor_that_is_none_or_another_lists_is_refused(listed: Asking) -> None:
    cursors: dict[str, str] = {}
    for operation in paged(listed):
        page = done(await listed.granted(operation).send({**filters(operation), "limit": 1}))
        cursors[operation.name] = page["next_cursor"]
    assert len(set(cursors.values())) == len(cursors)
    for operation in going_on(listed):
        asked, place = listed.granted(operation), place_of(operation)
        own = cursors[EXPORTED.get(operation.name, operation.name)]
        others = [
            cursor
            for name, cursor in cursors.items()
            if cursor != own and of_any(name) != of_any(operation.name)
        ]
        for cursor in ("garbage", "!", "", "bnVsbA", own[:-4], *others):
            answer = await asked.send({**filters(operation), place: cursor})
            problem(answer, 422, "cursor_invalid")


async def test_texts_are_in_the_language_preferred_wherever_an_answer_has_any(
    stocked: Asking,
) -> None:
    localized = [
        one
        for one in stocked.operations
        if one.granted_with("Content-Language") and not one.name.startswith("stream_")
    ]
    assert len(localized) > 5
    for operation in localized:
        asked = stocked.granted(operation)
        for number, (accepted, language) in enumerate(LANGUAGES):
            answer = await asked.send(
                key=f"language-{number}" if operation.takes_key else None, language=accepted
            )
            assert answer.is_success, (operation.name, answer.text)
            assert answer.headers["content-language"] == language, operation.name
            assert answer.headers["vary"] == "Accept-Language"


async def test_a_stream_begins_with_the_headers_declared_for_it(stocked: Asking) -> None:
    declared = {one.name: one for one in stocked.operations}
    streams = [one for one in await operations_of(stocked.api) if one.name.startswith("stream_")]
    assert len(streams) == 2
    for stream in streams:
        answer = await stream.by(stocked.api.merchant)
        assert answer.status_code == 200
        assert declared[stream.name].lacking(answer) == set(), stream.name


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def listed(stocked: Asking) -> Asking:
    """See to it that every list has more than a row."""
    await paid(stocked.api, ["paid-0", "paid-1", "paid-2"])
    for one in stocked.operations:
        if one.name in {"test_webhook_endpoint", "test_platform_webhook_endpoint"}:
            for _ in range(2):
                done(await stocked.granted(one).send(), 202)
    return stocked


async def walked(
    operation: Documented, asked: Asked, *, limit: int, rows_max: int = 10_000
) -> list[Any]:
    """Return the rows of a list, page by page, up to so many."""
    query: dict[str, Any] = {**filters(operation), "limit": limit}
    rows: list[Any] = []
    while True:
        page = done(await asked.send(query))
        found = page[rows_of(operation)]
        assert len(found) <= limit
        rows += found
        goes_on = page["has_more"] if operation.name in WITHOUT_END else page["next_cursor"]
        if not goes_on or len(rows) >= rows_max:
            return rows[:rows_max]
        assert len(found) == limit or operation.name in WITHOUT_END, operation.name
        query[place_of(operation)] = page["next_cursor"]


def paged(stocked: Asking) -> list[Documented]:
    """Return the operations that answer a page at a time."""
    found = [
        one
        for one in stocked.operations
        if "limit" in one.parameters and {"cursor", "after"} & one.parameters.keys()
    ]
    assert len(found) > 10
    return found


def filters(operation: Documented) -> dict[str, str]:
    """Return what a list must be asked for to show what there is."""
    return {"waiting": "money"} if operation.name == "list_waiting_refunds" else {}


def going_on(stocked: Asking) -> list[Documented]:
    """Return the operations that take a cursor."""
    return [one for one in stocked.operations if {"cursor", "after"} & one.parameters.keys()]


def of_any(name: str) -> str:
    """Return what a list is called, whoever's endpoints it is about."""
    return name.replace("_platform_webhook", "_webhook")


def place_of(operation: Documented) -> str:
    """Return the name of the parameter that says where to go on."""
    return "cursor" if "cursor" in operation.parameters else "after"


def rows_of(operation: Documented) -> str:
    """Return the name of the array that is the list."""
    arrays = [name for name, schema in operation.shown().items() if schema.get("type") == "array"]
    if operation.name in ROWS:
        return ROWS[operation.name]
    (name,) = arrays
    return name

"""The fast way to a route and FastAPI's own give the same answer to every request."""

import copy
import inspect
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from app.access.keys import create_key
from app.access.scopes import Scope
from app.api.fast_dispatch import direct_call
from app.api.middleware import Edge
from app.api.operation import Operation, path_names, route_of, with_signature
from app.api.operations import OPERATIONS
from app.api.problems.exception_handlers import install_problem_handlers
from app.api.problems.problem import ProblemError
from app.api.request_context import RequestContext
from app.command_handling.requests import KeyReused
from app.event_store.recorded_event import Role
from tests.domain.search_depth import bounded
from tests.support.api import SHOP, Api
from tests.support.operations import BODIES

T = TypeVar("T")

LISTS = {
    "list_orders",
    "list_tickets",
    "list_notifications",
    "list_ledger",
    "list_events",
    "list_platform_events",
    "list_refunds",
    "list_waiting_refunds",
    "list_webhook_deliveries",
    "list_platform_webhook_deliveries",
    "export_ledger",
    "export_tickets",
    "get_reconciliation",
    "get_statement",
}
"""Their filters may be repeated or are checked together, so FastAPI serves them."""

FASTAPIS_WAY = "?&"
"""A query without parameters: any query makes FastAPI serve a request."""

VOLATILE = frozenset({"x-request-id", "ratelimit", "content-length"})
"""Headers that differ between two requests alike; the length is that of the request id in it."""

PATHS: dict[str, list[str]] = {
    "shop_id": [SHOP, "shop-2", "-odd", "%E5%BA%97", "a" * 65],
    "order_id": ["order-1", "order.1", "-", "%20"],
    "ticket_id": ["order-1-1", "order-1", "order-1-123456"],
    "refund_id": ["order-1-1", "order-1", "%00"],
    "payout_id": ["0" * 32, "0" * 31, "G" * 32],
    "month": ["2021-03", "2021-13", "month"],
}
AN_ID = ["00000000-0000-0000-0000-000000000000", "1", "odd"]
HEADERS: dict[str, list[str | None]] = {
    "Idempotency-Key": ["a-key", None, '"a-key"', "", "with blank", "a" * 129, "é"],
    "If-Match": [None, '"1"', "1", '""', "*", '"1", "2"'],
    "Content-Type": ["application/json", "application/JSON; charset=utf-8", "text/plain", "", None],
    "Accept-Language": [None, "zh-CN", "en;q=0.1"],
}
QUERIES = ["", "odd=1", "limit=0", "wait=odd", "dry_run=true&dry_run=false"]
"""The first of each is what most requests have."""

RAW_BODIES = [
    b"",
    b"null",
    b"null",
    b"{",
    b"[]",
    b'{"a":1,"a":2}',
    b"NaN",
    b"\xff",
    b"1e99999999999",
    b'""',
]
VALUES: list[Any] = [None, True, -1, 2**63, 1.5, "", "odd", "\u0000", [], [{}], {}, "a" * 1000]
OUTCOMES = [None, ProblemError("order_not_found"), KeyReused(), RuntimeError("unforeseen")]


ROWS = (*OPERATIONS, *[row for row in OPERATIONS if row.optional_body] * 6)
"""The few whose body may be left out come more often."""

ODDITIES = ("caller", "path", "headers", "query", "body", "body", "outcome")
"""Where a request, or what comes of it, may be other than usual."""


@dataclass(slots=True)
class Echoing:
    """The operations of the service, each of which answers with what its handler was given."""

    client: httpx.AsyncClient
    outcome: Exception | None = None
    """What the handlers raise, if anything."""

    async def __call__(self, **values: Any) -> Response:
        if self.outcome is not None:
            raise self.outcome
        given = {name: _told(value) for name, value in values.items()}
        return Response(json.dumps(given, sort_keys=True), 202, {"ETag": '"7"'}, "application/json")

    def instead_of(self, row: Operation) -> Operation:
        """Return an operation whose handler takes the same and does nothing but tell it."""

        async def echo(**values: Any) -> Response:
            return await self(**values)

        parameters = list(inspect.signature(row.handler).parameters.values())
        return replace(row, handler=with_signature(echo, parameters))


def _told(value: Any) -> str:
    match value:
        case RequestContext():
            return f"{value.caller} {value.language}"
        case Request():
            return f"{value.method} {value.url.path} {value.path_params}"
        case _:
            return repr(value)


def echoing(services: object) -> Echoing:
    """Return an application with every operation of the service, and its services."""
    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, redirect_slashes=False)
    app.state.services = services
    transport = httpx.ASGITransport(app)
    found = Echoing(httpx.AsyncClient(transport=transport, base_url="http://service"))
    app.router.routes.extend(route_of(found.instead_of(row)) for row in OPERATIONS)
    install_problem_handlers(app)
    app.add_middleware(Edge, registry=CollectorRegistry())
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A request for an operation, granted or not."""

    method: str
    path: str
    query: str
    headers: Sequence[tuple[str, str]]
    body: bytes
    outcome: Exception | None
    """What the handler raises, if anything."""


@st.composite
def odd_bodies(draw: st.DrawFn, name: str) -> bytes:
    """Draw a body for an operation with a part changed, or one that is no body of any."""
    body = copy.deepcopy(BODIES.get(name))
    if not body or draw(st.booleans()):
        return draw(st.sampled_from(RAW_BODIES))
    part, inner = body, body
    while inner and isinstance(inner, dict | list):
        part = inner
        step = draw(st.sampled_from(sorted(part) if isinstance(part, dict) else range(len(part))))
        inner = part[step] if draw(st.booleans()) else None
    match draw(st.sampled_from(["set", "leave out", "add"])):
        case "leave out":
            del part[step]
        case "add" if isinstance(part, dict):
            part["colour"] = draw(st.sampled_from(VALUES))
        case _:
            part[step] = draw(st.sampled_from(VALUES))
    return json.dumps(body).encode()


@st.composite
def requests(draw: st.DrawFn, credentials: Mapping[str, str]) -> Asking:
    """Draw a request for any operation, with up to two oddities."""
    row = draw(st.sampled_from(ROWS))
    odd = draw(st.sets(st.sampled_from(ODDITIES), max_size=2))

    def usually(place: str, values: Sequence[T]) -> T:
        return draw(st.sampled_from(values)) if place in odd else values[0]

    path = row.path
    for name in path_names(row.path):
        path = path.replace(f"{{{name}}}", usually("path", PATHS.get(name, AN_ID)))
    granted = [draw(st.sampled_from(row.roles)).value] if row.roles else []
    credential = credentials[usually("caller", [*granted, *credentials])]
    headers = [
        (name, value)
        for name, values in HEADERS.items()
        for _ in range(usually("headers", [1, 1, 2]))
        if (value := usually("headers", values)) is not None
    ]
    body = json.dumps(BODIES[row.name]).encode() if row.name in BODIES else b""
    return Asking(
        method=row.method,
        path=path,
        query=usually("query", QUERIES),
        headers=[*headers, ("Authorization", f"Bearer {credential}")],
        body=draw(odd_bodies(row.name)) if "body" in odd and row.method != "GET" else body,
        outcome=usually("outcome", OUTCOMES),
    )


async def answered(echo: Echoing, asking: Asking, suffix: str) -> tuple[int, Any, Any]:
    """Return status, headers and body of an answer, without what is of this request alone."""
    url = f"{asking.path}?{asking.query}{suffix[1:]}" if asking.query else asking.path + suffix
    answer = await echo.client.request(
        asking.method,
        url,
        headers=[(name.encode(), value.encode()) for name, value in asking.headers],
        content=asking.body,
    )
    body = answer.json()
    body.pop("request_id", None)
    headers = {name: value for name, value in answer.headers.multi_items() if name not in VOLATILE}
    return answer.status_code, headers, body


@pytest.fixture
async def echo(api: Api) -> AsyncIterator[Echoing]:
    """Every operation of the running service, with its services."""
    echo = echoing(api.app.state.services)
    async with echo.client:
        yield echo


@pytest.fixture
async def credentials(api: Api) -> dict[str, str]:
    """Return a credential of each role, some of too small a scope, and one that is none."""
    callers = {
        "merchant": api.merchant,
        "platform": api.platform,
        "consumer": api.consumer(),
        "merchant of another shop": api.other_merchant,
    }
    found = {name: caller.credential() or "" for name, caller in callers.items()}
    for role, shop_id in ((Role.MERCHANT, SHOP), (Role.PLATFORM, None)):
        found[f"{role.value} of small scope"] = await create_key(
            api.resources.pool, role=role, shop_id=shop_id, name="small", scopes=[Scope.FUNDS_READ]
        )
    return {**found, "unknown": "none-of-ours"}


@settings(
    bounded(examples=600),
    phases=[Phase.generate],  # to make a fault smaller takes minutes, and the request says it all
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(data=st.data())
async def test_the_fast_way_and_fastapis_own_give_the_same_answer(
    echo: Echoing, credentials: dict[str, str], data: st.DataObject
) -> None:
    asking = data.draw(requests(credentials))
    echo.outcome = asking.outcome
    fast = await answered(echo, asking, "")
    assert fast == await answered(echo, asking, FASTAPIS_WAY)


def test_every_route_but_lists_has_a_fast_way() -> None:
    routes = map(route_of, OPERATIONS)
    assert {route.name for route in routes if direct_call(route.dependant) is None} == LISTS

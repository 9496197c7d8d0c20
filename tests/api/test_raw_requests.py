"""Requests as bytes on a socket: cut off, oversized, broken, in the wrong encoding or type."""

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator

import pytest
from pydantic import TypeAdapter

from app.api.body_limits import body_bytes_max
from app.api.resources.order_models import RegisterOrderBody
from tests.support.api import SHOP, Api, until
from tests.support.story import an_order, done, order_path, orders_of, problem, registered

BODY_MAX = body_bytes_max(TypeAdapter(RegisterOrderBody))
PATIENCE_SECONDS = 20
"""More than any answer may take; else the test fails."""


def head(api: Api, *headers: str, path: str | None = None, method: str = "POST") -> bytes:
    """Return the head of a request of the platform, without its empty last line."""
    lines = (
        f"{method} {path or orders_of()} HTTP/1.1",
        "Host: tests",
        f"Authorization: Bearer {api.platform.credential()}",
        *headers,
    )
    return "".join(f"{line}\r\n" for line in lines).encode()


async def answer_to(api: Api, sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Send bytes on a connection of their own and return status, headers and body."""
    host, _, port = api.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(sent)
        async with asyncio.timeout(PATIENCE_SECONDS):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            status_line, *lines = head.split("\r\n")[:-2]
            headers = {name.lower(): text for name, text in (line.split(": ", 1) for line in lines)}
            body = await reader.readexactly(int(headers["content-length"]))
    finally:
        writer.close()
    return int(status_line.split(" ")[1]), headers, body


async def refused(api: Api, sent: bytes, status: int, code: str) -> dict[str, object]:
    """Send bytes and insist on a problem."""
    got, headers, body = await answer_to(api, sent)
    problem = json.loads(body)
    assert (got, problem["code"]) == (status, code), problem
    assert headers["content-type"] == "application/problem+json"
    assert headers["x-request-id"] == problem["request_id"]
    assert isinstance(problem, dict)
    return problem


NO_HTTP = (
    b"hello\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    b"BREW /coffee HTTP/1.1\r\nHost: tests\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nHost tests\r\n\r\n",
    b"GET /livez HTTP/1.1\r\nX: a\x00b\r\n\r\n",
    b"GET /\xff HTTP/1.1\r\nHost: tests\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"POST /livez HTTP/1.1\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00",
)


async def test_what_is_no_http_is_answered_with_a_problem(api: Api) -> None:
    for sent in NO_HTTP:
        await refused(api, sent, 400, "malformed_request")
    done(await api.client.get("/livez"))


async def test_a_head_without_end_is_cut_short(api: Api) -> None:
    for header in (b"X: " + b"a" * 200_000, b"a: b\r\n" * 40_000):
        await refused(api, b"GET /livez HTTP/1.1\r\n" + header, 431, "head_too_large")


async def test_a_body_cut_off_half_way_registers_nothing(api: Api) -> None:
    before = await api.contents()
    body = json.dumps(an_order()).encode()
    host, _, port = api.url.removeprefix("http://").partition(":")
    for framing, sent in (
        (f"Content-Length: {len(body)}", body[:-1]),
        (f"Content-Length: {len(body) + 1}", body),
        ("Transfer-Encoding: chunked", b"%x\r\n%s\r\n" % (len(body), body)),
    ):
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head(api, framing, "Content-Type: application/json") + b"\r\n" + sent)
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    counted = '{method="POST",route="/v1/shops/{shop_id}/orders",status="400"} 3.0'
    await until(lambda: _metrics_say(api, counted))
    assert await api.contents() == before


async def _metrics_say(api: Api, line: str) -> bool:
    return line in (await api.client.get("/metrics")).text


async def test_a_broken_chunk_registers_nothing(api: Api) -> None:
    body = json.dumps(an_order()).encode()
    sent = head(api, "Transfer-Encoding: chunked", "Content-Type: application/json")
    await refused(
        api, sent + b"\r\n%x\r\n%s\r\nzz\r\n" % (len(body), body), 400, "malformed_request"
    )
    problem(await api.platform.get(order_path()), 404, "order_not_found")


async def test_an_oversized_body_is_refused_whether_or_not_it_is_announced(api: Api) -> None:
    before = await api.contents()
    announced = head(api, f"Content-Length: {BODY_MAX + 1}", "Content-Type: application/json")
    found = await refused(api, announced + b"\r\n", 413, "body_too_large")
    assert found["facts"] == {"bytes_max": BODY_MAX}

    async def endless() -> AsyncIterator[bytes]:
        for _ in range(BODY_MAX // 1_024 + 2):
            yield b" " * 1_024

    headers = {"Content-Type": "application/json"}
    streamed = await api.platform.send("POST", orders_of(), headers=headers, content=endless())
    problem(streamed, 413, "body_too_large")
    assert await api.contents() == before


async def test_a_body_of_just_the_greatest_size_is_read(api: Api) -> None:
    body = json.dumps(an_order()).encode()
    done(await api.platform.post(orders_of(), body + b" " * (BODY_MAX - len(body))), 201)


async def test_a_small_operation_takes_a_small_body(api: Api) -> None:
    await registered(api)
    body = b'{"shipped_at": "2021-03-01T04:00:00Z"}'
    path = f"{order_path()}/shipment"
    limit = 16_384
    found = problem(await api.platform.post(path, body.ljust(limit + 1)), 413, "body_too_large")
    assert found["facts"] == {"bytes_max": limit}
    done(await api.platform.post(path, body.ljust(limit)))


async def test_a_body_of_many_faults_is_refused_at_once(api: Api) -> None:
    unknown = {f"m{number}": 1 for number in range(50_000)}
    body = json.dumps(unknown).encode()
    assert len(body) < BODY_MAX
    started = time.process_time()
    found = problem(await api.platform.post(orders_of(), body), 422, "request_invalid")
    assert time.process_time() - started < 0.7
    assert found["errors"] == [{"pointer": "#", "detail": "has over 2000 faults"}]
    some = json.dumps({f"m{number}": 1 for number in range(300)}).encode()
    found = problem(await api.platform.post(orders_of(), some), 422, "request_invalid")
    assert len(found["errors"]) == 50


NO_JSON = (
    b"{",
    b"{'a': 1}",
    b'{"a": 1,}',
    b'{"a": NaN}',
    b'{"a": -Infinity}',
    b'{"a": 01}',
    b'{"a": +1}',
    b'{"a": 1} {"b": 2}',
    b'{"a": "\x01"}',
    b'{"a": "\\x"}',
    b'{"a": 1, "a": 1}',
    b'{"order_id": "order-1", "items": [{"item_id": "1", "item_id": "2"}]}',
    b'{"a": ' + b"9" * 5_000 + b"}",
    b"[" * 100_000,
    b'{"a":' * 50_000,
    b"\xff\xfe{}",
    b'{"a": "\xff"}',
    b'{"a": "\xed\xa0\x80"}',
    b"\xef\xbb\xbf{}",
    '{"a": 1}'.encode("utf-16"),
)


async def test_a_body_that_is_not_strict_json_is_refused_by_name(api: Api) -> None:
    before = await api.contents()
    for body in NO_JSON:
        found = problem(await api.platform.post(orders_of(), body), 400, "malformed_json")
        assert "sys." not in found["detail"]
    assert await api.contents() == before


async def test_json_of_the_wrong_shape_is_refused_by_name(api: Api) -> None:
    for body in (
        b"",
        b"null",
        b"[]",
        b"1",
        b'"order"',
        b"true",
        b'{"payment": ' + b"[" * 900 + b"]" * 900 + b"}",
    ):
        problem(await api.platform.post(orders_of(), body), 422, "request_invalid")
    number = json.dumps(an_order()).replace("10000", "1e400").encode()
    found = problem(await api.platform.post(orders_of(), number), 422, "request_invalid")
    assert "#/payment/amount/amount" in {error["pointer"] for error in found["errors"]}


async def test_a_whole_number_may_be_written_with_a_point_or_an_exponent(api: Api) -> None:
    """JSON Schema calls 100.0 an integer, and so do generated clients."""
    for number, written in enumerate(("10000.0", "1e4", "1.0E+4", "100000e-1")):
        body = json.dumps(an_order(f"order-{number}")).replace("10000", written)
        shown = done(await api.platform.post(orders_of(), body.encode()), 201)
        assert shown["payment"]["amount"]["amount"] == 10_000
    beyond = ("1e9999999999999999999", "-1e9999999999999999999", "1e-9999999999999999999")
    for written in ("10000.5", "1e400", "-1e4", "9223372036854775808.0", "1e-9", *beyond):
        body = json.dumps(an_order("order-9")).replace("10000", written)
        problem(await api.platform.post(orders_of(), body.encode()), 422, "request_invalid")
    largest = json.dumps(an_order("order-max")).replace("10000", "9223372036854775807.0")
    shown = done(await api.platform.post(orders_of(), largest.encode()), 201)
    assert shown["items"][0]["amount_paid"] == 2**63 - 1


async def test_a_body_of_another_type_is_refused_by_name(api: Api) -> None:
    for media_type in ("text/plain", "application/xml", "json", "", "application/json5"):
        answer = await api.platform.post(
            orders_of(), json.dumps(an_order()).encode(), headers={"Content-Type": media_type}
        )
        problem(answer, 415, "media_type_unsupported")
    problem(await api.platform.get(order_path()), 404, "order_not_found")


async def test_the_json_type_may_name_a_charset(api: Api) -> None:
    headers = {"Content-Type": "Application/JSON; charset=utf-8"}
    body = json.dumps(an_order()).encode()
    done(await api.platform.post(orders_of(), body, headers=headers), 201)


async def test_paths_and_methods_that_are_not_there_are_refused_by_name(api: Api) -> None:
    await registered(api)
    for path in (
        "/",
        "/v1",
        "/v2/shops",
        f"{order_path()}/",
        f"/v1/shops/{SHOP}//orders",
        "/v1/shops/a%2Fb/orders",
    ):
        problem(await api.platform.get(path), 404, "not_found")
    for method, path, allowed in (
        ("DELETE", orders_of(), "GET, HEAD, POST"),
        ("PATCH", order_path(), "GET, HEAD"),
        ("PUT", f"{order_path()}/shipment", "POST"),
        ("OPTIONS", orders_of(), "GET, HEAD, POST"),
        ("POST", "/livez", "GET, HEAD"),
        ("HEAD", f"{order_path()}/shipment", "POST"),
    ):
        answer = await api.platform.send(method, path)
        assert answer.status_code == 405
        if method != "HEAD":
            problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


async def test_a_body_that_ends_early_has_a_name_of_its_own(api: Api) -> None:
    """The caller has gone by then; only what stands between may hear the answer."""
    received = iter(
        (
            {"type": "http.request", "body": b'{"order_id":', "more_body": True},
            {"type": "http.disconnect"},
        )
    )
    sent: list[dict[str, object]] = []

    async def receive() -> object:
        return next(received)

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": orders_of(),
        "raw_path": orders_of().encode(),
        "query_string": b"",
        "headers": [
            (b"authorization", f"Bearer {api.platform.credential()}".encode()),
            (b"content-type", b"application/json"),
        ],
        "client": ("127.0.0.1", 1),
    }
    await api.app(scope, receive, send)  # type: ignore[arg-type]
    assert sent[0]["status"] == 400
    body = sent[1]["body"]
    assert isinstance(body, bytes)
    assert json.loads(body)["code"] == "body_incomplete"


OFFERS_HTTP_2 = (
    "Content-Type: application/json",
    "Connection: Upgrade, HTTP2-Settings",
    "Upgrade: h2c",
    "HTTP2-Settings: AAEAAEAAAAIAAAABAAMAAABkAAQBAAAAAAUAAEAA",
)
"""What Java's own client says with every first request over plain HTTP."""


@pytest.mark.parametrize("in_pieces", [False, True])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_request_that_offers_http_2_is_answered_in_this_one(
    api: Api, *, in_pieces: bool, chunked: bool
) -> None:
    body = json.dumps(an_order()).encode()
    length = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    framed = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body) if chunked else body
    first = head(api, *OFFERS_HTTP_2, length) + b"\r\n" + framed
    second = head(api, path=order_path(), method="GET") + b"\r\n"
    host, _, port = api.url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            if in_pieces:
                for at in range(0, len(first), 97):
                    writer.write(first[at : at + 97])
                    await writer.drain()
            else:
                writer.write(first)
            assert (await reader.readline()).startswith(b"HTTP/1.1 201 ")
            answer = await reader.readuntil(b"\r\n\r\n")
            (size,) = re.findall(rb"content-length: (\d+)", answer, re.IGNORECASE)
            assert json.loads(await reader.readexactly(int(size)))["order_id"] == "order-1"
            writer.write(second)
            assert (await reader.readline()).startswith(b"HTTP/1.1 200 "), "the connection goes on"
    finally:
        writer.close()


async def test_an_offer_without_body_is_answered_too(api: Api) -> None:
    await registered(api)
    sent = head(api, *OFFERS_HTTP_2[1:], path=order_path(), method="GET") + b"\r\n"
    status, _, body = await answer_to(api, sent)
    assert (status, json.loads(body)["order_id"]) == (200, "order-1")

"""Bulk import over HTTP: every line has a result, and a broken line harms no other."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx

from tests.support.api import OTHER_SHOP, SHOP, Api, until
from tests.support.story import (
    RECEIVED,
    SETTLED,
    SHIPPED,
    an_item,
    an_order,
    done,
    order_path,
    orders_of,
    problem,
)

NDJSON = {"Content-Type": "application/x-ndjson"}
IMPORT, IMPORT_ALL = f"{orders_of()}/import", "/v1/platform/orders/import"
LINE_MAX = 262_144


def line(order_id: str = "order-1", **changes: Any) -> bytes:
    """Return a line of an import."""
    return json.dumps(an_order(order_id, **changes), ensure_ascii=False).encode()


async def imported(api: Api, content: bytes, path: str = IMPORT) -> list[dict[str, Any]]:
    """Import and return the results."""
    return results(await api.platform.send("POST", path, headers=NDJSON, content=content))


def results(answer: httpx.Response) -> list[dict[str, Any]]:
    """Insist on results and return them."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(found) for found in answer.content.splitlines()]


def told(found: list[dict[str, Any]]) -> list[tuple[int, int, str | None]]:
    """Return line, status and code of each result."""
    return [(result["line"], result["status"], result["code"]) for result in found]


async def test_orders_come_with_their_later_facts_and_may_come_again(api: Api) -> None:
    facts = {"shipped_at": SHIPPED, "receipt_confirmed_at": RECEIVED, "settled_at": SETTLED}
    content = b"\n".join([line("order-1", **facts), line("order-2")])
    assert told(await imported(api, content)) == [(1, 201, None), (2, 201, None)]
    entry = done(await api.merchant.get(f"{order_path()}/after-sales-entry"))
    assert entry["eligibility"]["eligible"] is True
    before = await api.contents()
    assert told(await imported(api, content)) == [(1, 200, None), (2, 200, None)]
    assert await api.contents() == before
    later = line("order-2", shipped_at=SHIPPED)
    assert told(await imported(api, later)) == [(1, 201, None)]
    assert done(await api.merchant.get(order_path("order-2")))["version"] == 2


async def test_broken_lines_are_named_and_all_others_are_taken(api: Api) -> None:
    late = line("order-late", created_at="2021-03-16T09:00:00Z")
    content = b"\n".join(
        [
            line("order-1"),
            b"{",
            b"",
            b"[]",
            b"\xff",
            line("order/2"),
            line("order-3", items=[an_item(), an_item()]),
            late,
            line("order-4", shipped_at=SETTLED, receipt_confirmed_at=RECEIVED),
            b'{"a": NaN}',
            line("order-5", items=[an_item(title="x" * LINE_MAX)]),
            line("order-6", shop_id=OTHER_SHOP),
            b"   ",
            line("order-7"),
        ]
    )
    found = await imported(api, content)
    assert told(found) == [
        (1, 201, None),
        (2, 400, "malformed_json"),
        (4, 422, "request_invalid"),
        (5, 400, "malformed_json"),
        (6, 422, "request_invalid"),
        (7, 422, "item_repeated"),
        (8, 422, "fact_in_future"),
        (9, 409, "fact_out_of_order"),
        (10, 400, "malformed_json"),
        (11, 413, "line_too_long"),
        (12, 422, "request_invalid"),
        (14, 201, None),
    ]
    assert all(result["detail"] for result in found if result["code"])
    assert found[4]["errors"][0]["pointer"] == "#/order_id"
    assert found[10]["errors"][0]["pointer"] == "#/shop_id"
    assert (found[0]["shop_id"], found[0]["order_id"]) == (SHOP, "order-1")
    await api.follow()
    listed = done(await api.merchant.get(orders_of()))["orders"]
    assert {order["order_id"] for order in listed} == {"order-1", "order-7"}


async def test_the_first_of_two_contradicting_lines_holds(api: Api) -> None:
    again, other = line("order-1"), line("order-1", buyer_id="buyer-9")
    found = await imported(api, b"\n".join([again, again, other, line("order-2"), again]))
    assert told(found) == [
        (1, 201, None),
        (2, 200, None),
        (3, 409, "order_facts_conflict"),
        (4, 201, None),
        (5, 200, None),
    ]
    assert done(await api.merchant.get(order_path()))["version"] == 1


async def test_line_ends_of_every_kind_are_understood(api: Api) -> None:
    one, two, three = line("order-1"), line("order-2"), line("order-3")
    taken = [(1, 201, None), (2, 201, None), (3, 201, None)]
    known = [(1, 200, None), (2, 200, None), (3, 200, None)]
    assert told(await imported(api, b"\r\n".join([one, two, three, b""]))) == taken
    assert told(await imported(api, b"\xef\xbb\xbf" + b"\n".join([one, two, three]))) == known
    assert told(await imported(api, b"\n\n" + one + b"\n\n")) == [(3, 200, None)]
    assert await imported(api, b"") == []
    assert await imported(api, b"\xef\xbb\xbf") == []
    assert await imported(api, b"\n \r\n\t") == []


async def test_a_platform_wide_import_names_the_shop_of_each_line(api: Api) -> None:
    content = b"\n".join([line(shop_id=SHOP), line(shop_id=OTHER_SHOP), line()])
    found = await imported(api, content, IMPORT_ALL)
    assert told(found) == [(1, 201, None), (2, 201, None), (3, 422, "request_invalid")]
    for shop_id, merchant in ((SHOP, api.merchant), (OTHER_SHOP, api.other_merchant)):
        assert done(await merchant.get(order_path(shop_id=shop_id)))["shop_id"] == shop_id


async def test_lines_beyond_the_ten_thousandth_are_not_read(api: Api) -> None:
    blank = b"\n" * 9_999
    found = await imported(api, blank + line("order-1") + b"\n" + line("order-2") + b"\n")
    assert told(found) == [(10_000, 201, None), (10_001, 413, "import_too_long")]
    problem(await api.merchant.get(order_path("order-2")), 404, "order_not_found")
    (beyond,) = await imported(api, b"\n" * 1_000_000)
    assert beyond["code"] == "import_too_long"


async def test_a_body_without_end_is_given_up_whatever_it_consists_of(api: Api) -> None:
    for piece in (b"a" * 1_048_576, b" " * 1_048_576, (b"a" * 8_191 + b"\n") * 128):

        async def without_end(piece: bytes = piece) -> AsyncIterator[bytes]:
            for _ in range(66):
                yield piece

        answer = await api.platform.send("POST", IMPORT, headers=NDJSON, content=without_end())
        assert results(answer)[-1]["code"] == "import_too_long"


async def test_a_broken_off_import_keeps_the_lines_it_had_taken(api: Api) -> None:
    host, _, port = api.url.removeprefix("http://").partition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    head = (
        f"POST {IMPORT} HTTP/1.1\r\nHost: tests\r\nContent-Length: 100000\r\n"
        f"Authorization: Bearer {api.platform.credential()}\r\n"
        f"Content-Type: application/x-ndjson\r\n\r\n"
    )
    writer.write(head.encode() + line("order-1") + b"\n" + line("order-2"))
    await writer.drain()

    async def taken() -> bool:
        return (await api.merchant.get(order_path("order-1"))).status_code == 200

    await until(taken)
    writer.close()
    await writer.wait_closed()
    counted = '{method="POST",route="/v1/shops/{shop_id}/orders/import",status="400"} 1.0'

    async def ended() -> bool:
        return counted in (await api.client.get("/metrics")).text

    await until(ended)
    assert await taken()
    problem(await api.merchant.get(order_path("order-2")), 404, "order_not_found")


async def test_an_import_of_another_type_is_refused_whole(api: Api) -> None:
    answer = await api.platform.post(IMPORT, line())
    problem(answer, 415, "media_type_unsupported")
    problem(await api.merchant.get(order_path()), 404, "order_not_found")


async def test_results_are_told_in_the_language_asked_for(api: Api) -> None:
    headers = {**NDJSON, "Accept-Language": "zh-CN"}
    answer = await api.platform.send("POST", IMPORT, headers=headers, content=b"{}")
    assert answer.headers["content-language"] == "zh-CN"
    assert results(answer)[0]["detail"] == "请求内容无效"


async def test_a_line_has_a_result_whatever_its_numbers_are(api: Api) -> None:
    written = line("order-2").replace(b"10000", b"1e9999999999999999999")
    found = await imported(api, b"\n".join([line("order-1"), written, line("order-3")]))
    assert told(found) == [(1, 201, None), (2, 422, "request_invalid"), (3, 201, None)]
    assert (found[1]["shop_id"], found[1]["order_id"]) == (SHOP, "order-2")
    assert "#/payment/amount/amount" in {error["pointer"] for error in found[1]["errors"]}


async def test_a_refused_line_carries_its_order_id_where_it_can_be_read(api: Api) -> None:
    content = [line("order-1", more=1), line("order/2"), b'{"order_id": 3}', b"{", line("order-5")]
    found = await imported(api, b"\n".join(content))
    assert [result["order_id"] for result in found] == ["order-1", None, None, None, "order-5"]

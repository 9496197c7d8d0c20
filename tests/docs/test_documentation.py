"""/docs of a demo: it needs nobody else, and its examples work as they stand."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest

from tests.cli.running import environment, output_until, press_ctrl_c, started
from tests.docs.documented_examples import keys_in, try_all
from tests.docs.shell import free_port
from tests.support.inlined import inlined

POLICY = "Content-Security-Policy"
LAST_LINE = "/refund-requests"

REFUSED = {
    "request_entry_reopening": "entry_still_open",
    "decline_entry_reopening": "reopening_not_requested",
    "record_refund_success": "not_refunding",
    "receive_provider_callback": "callback_unsigned",
}
"""What a demo cannot have in stock: an entry closes after five days, and its provider pays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo that stays up."""

    url: str
    keys: dict[str, str]

    def get(self, path: str) -> httpx.Response:
        """Ask it for something as a browser would."""
        return httpx.get(f"{self.url}{path}", trust_env=False, timeout=60)


@pytest.fixture(scope="module")
def demo() -> Iterator[Demo]:
    """Run one demo for all tests of this module."""
    with TemporaryDirectory(prefix="aftersales-test-", ignore_cleanup_errors=True) as folder:
        env = environment(AFTERSALES_DATA_DIR=f"{folder}/.data")
        words = ("demo", "--port", str(free_port()))
        with started(*words, cwd=Path(folder), env=env) as process:
            printed = output_until(process, LAST_LINE)
            (url,) = re.findall(r"Docs: (\S+)/docs", printed)
            yield Demo(url=url, keys=keys_in(printed))
            press_ctrl_c(process)
            process.communicate()


def document_of(demo: Demo) -> dict[str, Any]:
    """Return the document that the page's script shows."""
    (path,) = re.findall(r' url: "([^"]+)"', demo.get("/docs/start.js").text)
    return inlined(demo.get(path).json())


def test_the_page_takes_everything_from_the_service_and_forbids_anything_else(demo: Demo) -> None:
    page = demo.get("/docs")
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert len(addresses) == 4
    for address in (*addresses, "/docs/openapi.json"):
        assert address.startswith("/docs/"), address
        assert demo.get(address).status_code == 200, address
    for text in (page.text, demo.get("/docs/start.js").text, page.headers[POLICY]):
        assert not re.search(r"https?:|//[a-z]", text)
    assert page.headers[POLICY].startswith("default-src 'self'; ")
    assert "script-src" not in page.headers[POLICY]


def test_the_page_tells_an_example_of_what_it_neither_fills_in_nor_offers_to_choose(
    demo: Demo,
) -> None:
    document = document_of(demo)
    told = {
        parameter["name"]: parameter["description"]
        for item in document["paths"].values()
        for operation in item.values()
        for parameter in operation.get("parameters", [])
        if "For example `" in parameter.get("description", "")
    }
    assert {"cursor", "limit", "created_from", "If-Match", "Idempotency-Key"} <= set(told)
    assert {"shop_id", "overdue", "sort"}.isdisjoint(told)
    (order_id,) = re.findall(r"For example `(.+)`\.", told["order_id"])
    answer = httpx.get(
        f"{demo.url}/v1/shops/shop-1001/tickets",
        params={"order_id": order_id},
        headers={"Authorization": f"Bearer {demo.keys['merchant']}"},
        trust_env=False,
    )
    assert [ticket["order_id"] for ticket in answer.json()["tickets"]] == [order_id]


def test_every_example_of_a_demo_can_be_tried_as_it_stands(demo: Demo) -> None:
    document = document_of(demo)
    tried = try_all(demo.url, document, demo.keys)
    assert len(tried) > 100
    failed = [one for one in tried if not 200 <= one.status < 300]
    assert {one.name: json.loads(one.text)["code"] for one in failed} == REFUSED
    for one in tried:
        if one.name in {"open_after_sales_entries", "decide_tickets"}:
            statuses = {result["status"] for result in json.loads(one.text)["results"]}
            assert statuses == {200}, one
        if one.name.startswith("import_"):
            lines = [json.loads(line)["status"] for line in one.text.splitlines()]
            assert lines == [201, 201], one

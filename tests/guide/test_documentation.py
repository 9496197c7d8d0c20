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
from tests.guide.shell import free_port
from tests.guide.tried import keys_in, try_all

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
        return httpx.get(f"{self.url}{path}", trust_env=False)


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


def test_the_page_takes_everything_from_the_service_and_forbids_anything_else(demo: Demo) -> None:
    page = demo.get("/docs")
    addresses = re.findall(r"""(?:src|href)=["']([^"']+)""", page.text)
    assert len(addresses) == 3
    for address in (*addresses, _document_path(page.text)):
        assert address.startswith("/"), address
        assert demo.get(address).status_code == 200, address
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert not re.search(r"https?:|\*", policy)
    assert not re.search(r"https?:", page.text)


def test_every_example_of_a_demo_can_be_tried_as_it_stands(demo: Demo) -> None:
    document: dict[str, Any] = demo.get(_document_path(demo.get("/docs").text)).json()
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


def _document_path(page: str) -> str:
    """Return where a page has its document from."""
    (path,) = re.findall(r"url: '([^']+)'", page)
    return str(path)

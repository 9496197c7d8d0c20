"""What stays the same while a service runs is sent compressed, and only to who lacks it."""

import json

import pytest

from app.api.static_content import accepts_gzip
from tests.support.api import Api
from tests.support.story import order_path, registered

DOCUMENTS = ("/openapi.json", "/openapi.client.json", "/openapi.client-3.0.json")
PAGES = (
    *("/docs", "/docs/start.js", "/docs/openapi.json"),
    *("/docs/assets/swagger/swagger-ui-bundle.js", "/docs/assets/swagger/swagger-ui.css"),
)


@pytest.mark.parametrize("path", [*DOCUMENTS, *PAGES])
async def test_content_is_sent_once_in_the_encoding_the_caller_accepts(api: Api, path: str) -> None:
    plain = await api.client.get(path, headers={"Accept-Encoding": "identity"})
    compressed = await api.client.get(path, headers={"Accept-Encoding": "br, gzip;q=0.5"})
    assert (plain.status_code, compressed.status_code) == (200, 200)
    assert "content-encoding" not in plain.headers
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.content == plain.content  # httpx decompressed it
    assert int(compressed.headers["content-length"]) < len(plain.content) / 1.4
    assert plain.headers["etag"] != compressed.headers["etag"]
    for answer, encoding in ((plain, "identity"), (compressed, "gzip")):
        assert answer.headers["vary"] == "Accept-Encoding"
        assert answer.headers["cache-control"] in {"public, max-age=300", "no-cache"}
        known = {"If-None-Match": f'"old", W/{answer.headers["etag"]}', "Accept-Encoding": encoding}
        unchanged = await api.client.get(path, headers=known)
        assert (unchanged.status_code, unchanged.content) == (304, b"")
        assert unchanged.headers["etag"] == answer.headers["etag"]


async def test_a_document_is_served_as_short_as_it_can_be(api: Api) -> None:
    for path in DOCUMENTS:
        text = (await api.client.get(path)).text
        assert json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) == text


async def test_head_is_answered_as_get_but_without_the_body(api: Api) -> None:
    await registered(api)
    for path in ("/livez", "/readyz", "/openapi.json", "/docs", order_path()):
        got = await api.platform.get(path)
        head = await api.platform.send("HEAD", path)
        assert (head.status_code, head.content) == (200, b"")
        for name in ("content-type", "content-length", "etag", "cache-control", "vary"):
            assert head.headers.get(name) == got.headers.get(name), (path, name)
    metrics = await api.client.head("/metrics")
    assert (metrics.status_code, metrics.content) == (200, b"")
    assert metrics.headers["content-type"].startswith("text/plain")
    assert (await api.client.head(order_path())).status_code == 401


async def test_head_of_a_stream_ends_with_its_head(api: Api) -> None:
    await registered(api)
    head = await api.merchant.send("HEAD", "/v1/shops/shop-1/events/stream")
    assert head.headers["content-type"].startswith("text/event-stream")
    assert head.content == b""


@pytest.mark.parametrize(
    ("accepted", "is_accepted"),
    [
        ("gzip", True),
        ("GZIP;q=0.001", True),
        ("deflate, gzip ; q=1.0", True),
        ("*", True),
        ("*;q=0, gzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000, *", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_only_to_who_accepts_it(accepted: str, is_accepted: bool) -> None:
    assert accepts_gzip(accepted) is is_accepted

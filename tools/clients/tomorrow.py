"""Tomorrow's service: the real one, saying more in every object, and states nobody has heard of.

Clients written against today's document must go on reading what it answers.
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

TOMORROW = "from_tomorrow"
GROWING = frozenset({"state", "code", "type", "waiting_for", "reason", "business_line", "kind"})
"""Properties whose known values may become more; the constants that tell unions apart may not."""

ADDED = {"added_tomorrow": {"since": "2027-01-01T00:00:00Z", "numbers": [1, 2.5, None]}}


@contextmanager
def tomorrow(url: str) -> Iterator[str]:
    """Serve at a URL of its own what the service at a URL will say tomorrow."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = _fetched(f"{url}{self.path}", self.headers.get("Authorization"))
            said = json.dumps(later(json.loads(body))).encode()
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            """Say nothing of each request."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def later(value: Any) -> Any:
    """Return a part of an answer as a later version may give it."""
    if isinstance(value, list):
        return [later(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    grown = {
        name: TOMORROW if name in GROWING and isinstance(inner, str) else later(inner)
        for name, inner in value.items()
    }
    return {**grown, **ADDED}


def _fetched(url: str, authorization: str | None) -> tuple[int, str, bytes]:
    headers = {} if authorization is None else {"Authorization": authorization}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 - our own service
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return answer.status, answer.headers["Content-Type"], answer.read()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.headers["Content-Type"], refused.read()

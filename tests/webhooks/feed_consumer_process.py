"""One who pulls: `python -m tests.webhooks.feed_consumer_process FEED_URL KEY FILE`, until killed.

A page's ids and where to go on are kept as one line of the file, as a consumer would keep both in
one transaction. A line that was cut off by death does not count.
"""

import json
import sys
from pathlib import Path
from typing import Any

import httpx


def kept_lines(file: Path) -> list[dict[str, Any]]:
    """Return what was kept of all pages."""
    if not file.exists():
        return []
    *whole, _cut_off = file.read_text().split("\n")
    return [json.loads(line) for line in whole]


def main(url: str, key: str, file: Path) -> None:
    """Pull from where the file ends."""
    kept = kept_lines(file)
    file.write_text("".join(json.dumps(line) + "\n" for line in kept))
    after = kept[-1]["next_cursor"] if kept else None
    print("consuming", flush=True)  # noqa: T201 - it is how the parent hears of it
    headers = {"Authorization": f"Bearer {key}"}
    with file.open("a") as output, httpx.Client(headers=headers, trust_env=False) as client:
        while True:
            query = {"limit": 9, "wait": 5} | ({} if after is None else {"after": after})
            page = client.get(url, params=query, timeout=30).raise_for_status().json()
            ids, after = [event["id"] for event in page["events"]], page["next_cursor"]
            if ids:
                output.write(json.dumps({"ids": ids, "next_cursor": after}) + "\n")
                output.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))

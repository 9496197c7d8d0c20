"""A service for clients to talk to: the real one, in a process of its own, on an empty database."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools.clients.toolchain import ROOT, Broken, run

READY_SECONDS_MAX = 120
AFTERSALES = (sys.executable, "-c", "from app.cli.main import main; main()")
BUYER = "buyer-1"


@dataclass(frozen=True, slots=True)
class Service:
    """A running service and what its callers show."""

    url: str
    env: dict[str, str]
    platform: str
    consumer: str

    def merchant(self, shop_id: str) -> str:
        """Make a key for a shop."""
        return run(
            [*AFTERSALES, "keys", "create", "merchant", "--shop", shop_id, "--name", "story"],
            env=self.env,
        ).split()[0]

    def given(self, story: dict[str, Any], shop_id: str, url: str | None = None) -> dict[str, Any]:
        """Return a story with its gaps filled in: who tells it, where, and when it happens."""
        text = json.dumps(story, ensure_ascii=False).replace("{shop}", shop_id)
        for days in range(-30, 31):
            instant = (datetime.now(UTC) - timedelta(days=days)).replace(microsecond=0)
            text = text.replace(f"{{days-ago:{days}}}", instant.isoformat().replace("+00:00", "Z"))
        credentials = {
            "platform": self.platform,
            "merchant": self.merchant(shop_id),
            "consumer": self.consumer,
        }
        filled: dict[str, Any] = json.loads(text)
        return {**filled, "url": url or self.url, "credentials": credentials}


@contextmanager
def running_service(folder: Path) -> Iterator[Service]:
    """Run a service on an embedded database in a folder, and stop both at the end."""
    port = _free_port()
    env = {
        "AFTERSALES_DATA_DIR": str(folder),
        "AFTERSALES_HTTP_PORT": str(port),
        "AFTERSALES_LOG_LEVEL": "WARNING",
        "PYTHONPATH": str(ROOT),
    }
    log = folder / "service.log"
    folder.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as written:
        process = subprocess.Popen(
            [*AFTERSALES, "serve"],
            cwd=folder,
            env={**os.environ, **env},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process, log)
        platform = run(
            [*AFTERSALES, "keys", "create", "platform", "--name", "story"], env=env
        ).split()[0]
        consumer = run([*AFTERSALES, "keys", "consumer-token", BUYER], env=env).split()[0]
        yield Service(url, env, platform, consumer)
    finally:
        process.terminate()
        process.wait(60)


def told(command: Sequence[str], given: dict[str, Any], mode: str, file: Path) -> list[Any]:
    """Let a client tell the story and return what it observed, a step each."""
    file.write_text(json.dumps(given, ensure_ascii=False, indent=2), "utf-8")
    return [json.loads(line) for line in run([*command, file, mode]).splitlines() if line]


def _wait_until_ready(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    deadline = time.monotonic() + READY_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/readyz", timeout=5):  # noqa: S310 - our own
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise Broken(f"the service did not become ready:\n{log.read_text('utf-8')[-3_000:]}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""Log lines: one JSON object each, from this code and from libraries alike."""

import json
import subprocess
import sys
from typing import Any

import pytest

PROGRAM = """
import logging
import structlog
from app.logs import configure_logs
from app.settings import Settings
configure_logs(Settings(_env_file=None, log_format={log_format!r}, log_level="INFO"))
structlog.contextvars.bind_contextvars(request_id="r-1")
structlog.get_logger("ours").info("entry_opened", order="订单-1")
logging.getLogger("library").warning("slow: %s", "query")
logging.getLogger("library").debug("never seen")
def broken(secret):
    try:
        {{}}["missing"]
    except KeyError:
        structlog.get_logger("ours").exception("broken")
broken("sesame" + "-opens")
"""


def test_lines_of_ours_and_of_libraries_are_json_with_what_was_bound() -> None:
    ours, library, failure = [json.loads(line) for line in _lines_written("json")]
    assert _named(ours, "event", "level", "logger") == ("entry_opened", "info", "ours")
    assert ours["order"] == "订单-1"
    assert _named(library, "event", "level", "logger") == ("slow: query", "warning", "library")
    assert failure["exception"][0]["exc_type"] == "KeyError"
    for line in (ours, library, failure):
        assert line["request_id"] == "r-1"
        assert line["timestamp"].endswith("Z")


def test_lines_for_a_person_are_readable() -> None:
    first, *_ = _lines_written("console")
    assert "entry_opened" in first
    assert "order=订单-1" in first


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_a_failure_is_logged_without_the_values_at_hand(log_format: str) -> None:
    written = "\n".join(_lines_written(log_format))
    assert "KeyError" in written
    assert "sesame-opens" not in written


def _lines_written(log_format: str) -> list[str]:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(log_format=log_format)],
        check=True,
        capture_output=True,
        text=True,
    )
    assert ended.stdout == ""
    return ended.stderr.splitlines()


def _named(line: dict[str, Any], *names: str) -> tuple[Any, ...]:
    return tuple(line[name] for name in names)

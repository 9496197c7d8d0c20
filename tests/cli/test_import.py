"""`aftersales import` against a real service, over HTTP."""

import json
from pathlib import Path
from typing import Any

from tests.cli.orders import order_line, order_lines
from tests.cli.proxy import Trouble, troubled
from tests.cli.running import aftersales, started
from tests.support.api import Api, until
from tools.importers.lines import LINE_BYTES_MAX

IN_TENS = ("--chunk-lines", "10")


async def test_each_line_has_a_result_and_a_broken_one_its_number_in_the_whole_file(
    tmp_path: Path, importer: dict[str, str]
) -> None:
    lines = order_lines(24).splitlines(keepends=True)
    lines[3] = b"\n"
    lines[11] = b'{"order_id": 1,\n'
    lines[20] = b'{"padding": "' + b"x" * LINE_BYTES_MAX + b'"}\n'
    (tmp_path / "orders.ndjson").write_bytes(b"".join(lines))

    done = await aftersales("import", "orders.ndjson", *IN_TENS, cwd=tmp_path, env=importer)

    results = results_in(done.stdout)
    assert [result["line"] for result in results] == [n for n in range(1, 25) if n != 4]
    refused = {one["line"]: one["code"] for one in results if one["status"] != 201}
    assert refused == {12: "malformed_json", 21: "line_too_long"}
    assert "Line 12: malformed_json" in done.stderr
    assert "23 lines: 21 taken, 0 known before, 2 refused." in done.stderr
    assert done.returncode == 1


async def test_an_import_repeated_takes_nothing_twice(
    tmp_path: Path, importer: dict[str, str], api: Api
) -> None:
    (tmp_path / "orders.ndjson").write_bytes(order_lines(12))

    first = await aftersales("import", "orders.ndjson", cwd=tmp_path, env=importer)
    held = await api.contents()
    second = await aftersales("import", "orders.ndjson", cwd=tmp_path, env=importer)

    assert {one["status"] for one in results_in(first.stdout)} == {201}
    assert {one["status"] for one in results_in(second.stdout)} == {200}
    assert (first.returncode, second.returncode) == (0, 0)
    assert await api.contents() == held
    assert not (tmp_path / "orders.ndjson.import-state").exists()


async def test_a_killed_import_goes_on_where_it_was_with_one_result_a_line(
    tmp_path: Path, importer: dict[str, str]
) -> None:
    lines = order_lines(40)
    (tmp_path / "orders.ndjson").write_bytes(lines)
    state, results = tmp_path / "state", tmp_path / "results.ndjson"
    files = ("--state", str(state), "--results", str(results))
    with started("import", "-", *IN_TENS, *files, cwd=tmp_path, env=importer) as process:
        assert process.stdin is not None
        process.stdin.write(b"".join(lines.splitlines(keepends=True)[:27]).decode())
        process.stdin.flush()

        async def twenty_lines_are_done() -> bool:
            return state.exists() and json.loads(state.read_text())["line"] == 20

        await until(twenty_lines_are_done)
        process.kill()
    # As if it had been killed between writing a chunk's results and its state.
    with results.open("a") as file:
        file.write('{"line": 21, "status": 201}\n')

    done = await aftersales(
        "import", "orders.ndjson", *IN_TENS, *files, "--resume", cwd=tmp_path, env=importer
    )

    assert process.returncode < 0
    assert "Going on after line 20" in done.stderr
    assert "20 lines: 20 taken, 0 known before, 0 refused." in done.stderr
    assert [one["line"] for one in results_in(results.read_text())] == list(range(1, 41))
    assert done.returncode == 0
    assert not state.exists()


async def test_the_state_of_other_lines_is_not_gone_on_with(
    tmp_path: Path, importer: dict[str, str]
) -> None:
    state = tmp_path / "orders.ndjson.import-state"
    (tmp_path / "orders.ndjson").write_bytes(order_lines(3))
    state.write_text('{"line": 2, "digest": "of other lines", "results_bytes": 0}')

    done = await aftersales("import", "orders.ndjson", "--resume", cwd=tmp_path, env=importer)

    assert done.returncode == 2
    assert "is of other lines than these" in done.stderr
    assert done.stdout == ""


async def test_lines_from_a_pipe_begin_where_they_are_told_to(
    tmp_path: Path, importer: dict[str, str]
) -> None:
    done = await aftersales(
        "import", "-", "--from-line", "4", cwd=tmp_path, env=importer, stdin=order_lines(6)
    )

    results = results_in(done.stdout)
    assert [(one["line"], one["order_id"]) for one in results] == [
        (4, "order-4"),
        (5, "order-5"),
        (6, "order-6"),
    ]
    assert done.returncode == 0


async def test_a_network_that_fails_for_a_while_is_waited_for(
    tmp_path: Path, importer: dict[str, str], api: Api
) -> None:
    (tmp_path / "orders.ndjson").write_bytes(order_lines(5))
    troubles = (Trouble.CLOSED, Trouble.BUSY, Trouble.CUT_OFF, Trouble.TOO_MANY)
    async with troubled(api.url, troubles) as url:
        env = {**importer, "AFTERSALES_URL": url}
        done = await aftersales("import", "orders.ndjson", cwd=tmp_path, env=env)

    assert [one["status"] for one in results_in(done.stdout)] == [201] * 5
    assert done.stderr.count("Waiting:") == len(troubles)
    assert done.returncode == 0


async def test_a_key_that_may_not_import_is_told_at_once_with_what_to_do(
    tmp_path: Path, importer: dict[str, str], api: Api
) -> None:
    env = {**importer, "AFTERSALES_API_KEY": api.token("buyer-1")}
    held = await api.contents()

    done = await aftersales("import", "-", cwd=tmp_path, env=env, stdin=order_line(1))

    assert done.returncode == 3
    assert "403 role_not_allowed" in done.stderr
    assert "aftersales keys create platform" in done.stderr
    assert await api.contents() == held


async def test_a_url_that_is_none_is_refused_before_anything_is_sent(
    tmp_path: Path, importer: dict[str, str]
) -> None:
    done = await aftersales("import", "-", "--url", "localhost:8000", cwd=tmp_path, env=importer)

    assert done.returncode == 2
    assert "does not start with http" in done.stderr


def results_in(text: str) -> list[dict[str, Any]]:
    """Read results as they were written, one a line."""
    return [json.loads(line) for line in text.splitlines()]

"""docs/first-hour.md, run as it is written: every block in order, every output as it is shown."""

from pathlib import Path

import pytest

from tests.cli.command_server import REPOSITORY
from tests.cli.running import environment
from tests.docs.blocks import Block, blocks_of, is_shown
from tests.docs.shell import Shell, free_port, shell, terminal
from tests.support.tools import required_tool

GUIDE = REPOSITORY / "docs" / "first-hour.md"
SERVICE_IS_UP = "The service stays up"


def test_the_guide_does_what_it_shows_from_its_first_block_to_its_last(tmp_path: Path) -> None:
    service, *blocks = blocks_of(GUIDE)
    env = environment(
        AFTERSALES_DATA_DIR=str(tmp_path / ".data"), AFTERSALES_HTTP_PORT=str(free_port())
    )
    left_out = {tool for block in blocks if (tool := missing_tool(block))}
    with terminal(service.commands, env, SERVICE_IS_UP), shell(tmp_path, env) as reader:
        for block in blocks:
            if missing_tool(block) is None:
                check(reader, block)
    for tool in left_out:
        required_tool(tool)


@pytest.mark.parametrize(
    ("output", "shown", "fits"),
    [
        ('{"state": "open"}', '{"state": "open"}', True),
        ('{"state": "open"}\n', '\n{"state": "open"}\n', True),
        ('{"state": "closed"}', '{"state": "open"}', False),
        ('{"id": "7", "state": "open"}', '{"id": "…", "state": "open"}', True),
        ('{"id": "7", "state": "closed"}', '{"id": "…", "state": "open"}', False),
        ('{\n  "a": 1,\n  "b": 2,\n  "c": 3\n}', '{\n  "a": 1,\n  …\n  "c": 3\n}', True),
        ('{\n  "a": 1,\n  "b": 2,\n  "c": 4\n}', '{\n  "a": 1,\n  …\n  "c": 3\n}', False),
        ("one\ntwo", "one", False),
        ("one", "one\ntwo", False),
        ("", "…", True),
    ],
)
def test_an_output_is_as_shown_only_if_all_that_is_shown_is_there(
    output: str, shown: str, fits: bool
) -> None:
    assert is_shown(output, shown) is fits


@pytest.mark.parametrize(
    "page",
    [
        "```python\nprint(1)\n```\n",
        "```text\nan output of nothing\n```\n",
        "```sh\necho 1\n```\n\n```text\n1\n```\n\n```text\n1\n```\n",
        "```sh\necho 1\n",
    ],
)
def test_a_block_that_nothing_would_run_or_compare_is_an_error(tmp_path: Path, page: str) -> None:
    (tmp_path / "page.md").write_text(page, "utf-8")
    with pytest.raises(AssertionError):
        blocks_of(tmp_path / "page.md")


def check(reader: Shell, block: Block) -> None:
    """Run a block, and hold what it prints against what the guide shows of it."""
    output = reader.run(block.commands)
    shown = block.shown or ""
    assert is_shown(output, shown), f"line {block.line} shows\n{shown}\nbut it printed\n{output}"


def missing_tool(block: Block) -> str | None:
    """Return the tool a block needs and nobody installed."""
    tool = block.note.removeprefix("needs ") if block.note.startswith("needs ") else ""
    installed = REPOSITORY / ".clients" / "venv" / "bin" / tool
    return None if installed.exists() else tool

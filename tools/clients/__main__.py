"""`make clients`: generate every client, check it, and compare what each observes of one story."""

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console

from app.api.openapi.document import document_text
from app.api.openapi.forms import Form
from app.main import build_app
from app.settings import Settings
from tools.clients.languages import DOCUMENT, DOCUMENT_3_0, GENERATORS, Generator
from tools.clients.names import check_names
from tools.clients.service import Service, running_service, told
from tools.clients.tomorrow import tomorrow
from tools.clients.toolchain import ROOT, WORKPLACE, Broken, Tools, missing, run

out = Console(highlight=False)

EXAMPLES = """examples:
  make clients                             every client
  make clients ARGS="--only go"            those whose name holds a word
  make clients ARGS="--require-all"        fail where a tool is missing, as CI does
"""


def main() -> int:
    """Run the command line; return how the process ends."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.clients",
        description=__doc__,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", default="", help="a word in the names of those wanted")
    parser.add_argument("--require-all", action="store_true", help="a missing tool is a failure")
    asked = parser.parse_args()
    wanted = [generator for generator in GENERATORS if asked.only in generator.name]
    if not wanted:
        parser.error(f"no client is called {asked.only!r}")
    story = json.loads((ROOT / "clients" / "story" / "story.json").read_text("utf-8"))
    tools = Tools(WORKPLACE / "venv")
    make_documents()
    lint(tools)
    with tempfile.TemporaryDirectory() as folder, running_service(Path(folder)) as service:
        results = [_result(one, tools, service, story, asked.require_all) for one in wanted]
    worked, skipped = results.count(True), results.count(None)
    failed = len(results) - worked - skipped
    out.print(f"{worked} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


def make_documents() -> None:
    """Write the forms of the document that clients are made of."""
    app = build_app(Settings(_env_file=None))
    for path, form in ((DOCUMENT, Form.CLIENT), (DOCUMENT_3_0, Form.CLIENT_3_0)):
        path.write_text(document_text(app, form), "utf-8")


def lint(tools: Tools) -> None:
    """Hold every form of the document to Spectral's rules and our own; raises Broken."""
    spectral = tools.node_tool("@stoplight", "spectral-cli", "dist", "index.js")
    documents = (ROOT / Form.FULL.file, DOCUMENT, DOCUMENT_3_0)
    with _step(f"{len(documents)} documents linted"):
        run(
            [
                *spectral,
                "lint",
                "--ruleset",
                "clients/spectral.yaml",
                "--fail-severity",
                "hint",
                *documents,
            ]
        )


def _result(
    generator: Generator, tools: Tools, service: Service, story: dict[str, Any], require_all: bool
) -> bool | None:
    """Try one client; True if all of it works, None if it was skipped."""
    out.print(f"[bold]{generator.name}[/]")
    lacking = missing(*generator.needs)
    if lacking:
        out.print(f"  SKIPPED: this machine has no {' and no '.join(lacking)}", style="bold yellow")
        return False if require_all else None
    slug = "-".join("".join(c if c.isalnum() else " " for c in generator.name).split())
    folder = WORKPLACE / "out" / slug
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    try:
        with _step("generated"):
            generator.generate(tools, folder)
        with _step("checked"):
            generator.check(tools, folder)
        operations, models = check_names(folder, generator.names, DOCUMENT)
        out.print(f"  {operations} operations and {models} models have the document's names")
        with _step("told the story"):
            compare(
                told(
                    generator.story(tools, folder),
                    service.given(story, slug),
                    "tell",
                    folder / "given.json",
                ),
                story["steps"],
            )
        with _step("read tomorrow's answers"), tomorrow(service.url) as url:
            seen = told(
                generator.story(tools, folder),
                service.given(story, slug, url),
                "tomorrow",
                folder / "given-tomorrow.json",
            )
            compare(seen, story["tomorrow_steps"])
    except Broken as broken:
        out.print(str(broken), style="red", markup=False)
        return False
    return True


def compare(seen: list[Any], expected: list[Any]) -> None:
    """Compare what was observed with the one description; raises Broken at the first difference."""
    for number, step in enumerate(expected):
        observed = seen[number] if number < len(seen) else None
        if observed != step:
            raise Broken(
                f"expected {json.dumps(step, ensure_ascii=False)}\n"
                f"observed {json.dumps(observed, ensure_ascii=False)}"
            )
    if len(seen) > len(expected):
        raise Broken(f"observed besides: {seen[len(expected) :]}")


@contextmanager
def _step(name: str) -> Iterator[None]:
    began = time.monotonic()
    with out.status(f"  {name} ..."):
        yield
    out.print(f"  {name} in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Broken as broken:
        sys.exit(str(broken))

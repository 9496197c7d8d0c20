"""`aftersales openapi`: write the contract of the API to a file, or tell whether it is current."""

import difflib
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from app.api.openapi import document_text
from app.commands.failures import CommandFailed, ExitCode
from app.commands.surroundings import err, out
from app.main import build_app
from app.settings import Settings

DIFFERENCE_LINES_MAX = 40


def openapi(
    path: Annotated[Path, typer.Argument(help="The file.", metavar="FILE")] = Path("openapi.json"),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if the file is outdated.")
    ] = False,
) -> None:
    """Write the OpenAPI document of this version to a file, or check that the file is current.

    Example: aftersales openapi --check
    """
    text = document_text(build_app(Settings(_env_file=None)))
    if not check:
        path.write_text(text, "utf-8")
        err.print(f"Wrote {path}.")
    elif difference := _difference(path, text):
        out.print("\n".join(difference), markup=False, soft_wrap=True)
        raise CommandFailed(
            f"{path} is not what this version serves", "run: make openapi", ExitCode.FOUND_FAULTS
        )
    else:
        err.print(f"{path} is current.")


def _difference(path: Path, text: str) -> list[str]:
    kept = path.read_text("utf-8").splitlines() if path.exists() else []
    lines = difflib.unified_diff(kept, text.splitlines(), str(path), "served", lineterm="")
    return list(islice(lines, DIFFERENCE_LINES_MAX))

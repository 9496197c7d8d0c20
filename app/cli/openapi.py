"""`aftersales openapi`: write the contract of the API to files, or tell if they are current."""

import difflib
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from app.api.openapi.document import document_texts
from app.cli.context import err, out
from app.cli.errors import CommandFailed, ExitCode
from app.main import build_app
from app.settings import Settings

DIFFERENCE_LINES_MAX = 40


def openapi(
    folder: Annotated[Path, typer.Argument(help="Where.", metavar="FOLDER")] = Path(),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if a file is outdated.")
    ] = False,
) -> None:
    """Write the OpenAPI documents of this version to a folder, or check that they are current.

    openapi.json is the whole; openapi.client.json leaves out the webhooks, for generators of
    clients; openapi.client-3.0.json says the same in OpenAPI 3.0.3, for older generators.

    Example: aftersales openapi --check
    """
    for name, text in document_texts(build_app(Settings(_env_file=None))).items():
        path = folder / name
        if not check:
            path.write_text(text, "utf-8")
            err.print(f"Wrote {path}.")
        elif difference := _difference(path, text):
            out.print("\n".join(difference), markup=False, soft_wrap=True)
            raise CommandFailed(
                f"{path} is not what this version serves",
                "run: make openapi",
                ExitCode.FOUND_FAULTS,
            )
        else:
            err.print(f"{path} is current.")


def _difference(path: Path, text: str) -> list[str]:
    kept = path.read_text("utf-8").splitlines() if path.exists() else []
    lines = difflib.unified_diff(kept, text.splitlines(), str(path), "served", lineterm="")
    return list(islice(lines, DIFFERENCE_LINES_MAX))

"""`aftersales openapi`: write the OpenAPI document to a file, or check that the file is current."""

import difflib
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from app.api.openapi.document import document_text
from app.api.openapi.forms import Form
from app.cli.console import CommandFailed, ExitCode, err, out
from app.main import build_app
from app.settings import Settings

DIFFERENCE_LINES_MAX = 40


def openapi(
    folder: Annotated[
        Path, typer.Argument(help="The folder to write to.", metavar="FOLDER")
    ] = Path(),
    form: Annotated[
        Form, typer.Option(help="full; client: without webhooks; client-3.0: in OpenAPI 3.0.3.")
    ] = Form.FULL,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 if the file is outdated.")
    ] = False,
) -> None:
    """Write the OpenAPI document of this version to a folder, or check that it is current.

    The forms for generators of clients are openapi.client.json, which leaves out the webhooks, and
    openapi.client-3.0.json, the same in OpenAPI 3.0.3. A running service serves all three.

    Example: aftersales openapi --form client
    """
    text = document_text(build_app(Settings(_env_file=None)), form)
    path = folder / form.file
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

"""Interactive documentation at /docs, with everything it needs served from here: no internet."""

from fastapi import FastAPI


def install_documentation(app: FastAPI) -> None:
    """Serve the documentation pages."""

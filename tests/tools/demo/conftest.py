"""A folder that demos of this module share, as runs of one newcomer do."""

from pathlib import Path

import pytest

from tests.cli.running import environment


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return where a newcomer types the command."""
    return tmp_path


@pytest.fixture
def env(folder: Path) -> dict[str, str]:
    """Return the environment of somebody who set nothing but where the local database lies."""
    return environment(AFTERSALES_DATA_DIR=str(folder / ".data"))

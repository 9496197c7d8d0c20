"""What tests of webhooks stand on."""

import pytest

from app.resources import Resources
from tests.read_models.logged import Logged


@pytest.fixture
def logged(resources: Resources) -> Logged:
    """Return this test's log, with nothing in it."""
    return Logged(resources.pool)

"""The simulation's own tables name everything the service offers, so that nothing goes unplayed."""

from typing import Any

import pytest

from app.api.openapi.document import document
from app.main import build_app
from app.settings import Settings
from tools.oracle.decisions import BATCHED, DECISIONS
from tools.oracle.rules import APPLICATIONS
from tools.simulation.bodies import required_examples

TICKET = "/v1/shops/{shop_id}/tickets/{ticket_id}/"
ORDER = "/v1/shops/{shop_id}/orders/{order_id}/"


@pytest.fixture(scope="module")
def offered() -> dict[str, Any]:
    """Return what the service says it offers."""
    return document(build_app(Settings(_env_file=None)))


def posts_below(offered: dict[str, Any], path: str) -> dict[str, str]:
    """Return the operations that POST below a path, and where each is."""
    return {
        operations["post"]["operationId"]: below.removeprefix(path)
        for below, operations in offered["paths"].items()
        if below.startswith(path) and "post" in operations
    }


def test_every_decision_on_a_ticket_is_played(offered: dict[str, Any]) -> None:
    played = {name: name.replace("_", "-") for name in DECISIONS}
    assert posts_below(offered, TICKET) == played


def test_every_application_is_played(offered: dict[str, Any]) -> None:
    below = posts_below(offered, ORDER)
    applications = {name: path for name, path in below.items() if path.endswith("-requests")}
    assert applications == dict(APPLICATIONS)


def test_every_decision_of_a_batch_is_played(offered: dict[str, Any]) -> None:
    decisions = offered["components"]["schemas"]["BatchDecision"]["discriminator"]["mapping"]
    assert set(decisions) == BATCHED


def test_every_decision_that_needs_a_body_has_an_example_to_send(offered: dict[str, Any]) -> None:
    examples = required_examples(offered)
    assert examples["extend_return_deadline"] == {"days": 3}
    assert not {"withdraw_application", "agree_to_application"} & set(examples)
    assert {"reject_application", "rule_arbitration", "ship_goods_back"} <= set(examples)

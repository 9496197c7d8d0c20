"""What the document tells people: the rules in both languages, and who may ask for what."""

import json
import re
from typing import Any

import pytest

from app.api.problems.catalog import PROBLEMS
from app.domain.order.eligibility import RULES
from tests.cli.command_server import REPOSITORY
from tests.support.inlined import inlined
from tests.support.operations import ROLES

WHOLE = inlined(json.loads((REPOSITORY / "openapi.json").read_text("utf-8")))
OPERATIONS: dict[str, dict[str, Any]] = {
    operation["operationId"]: operation
    for item in WHOLE["paths"].values()
    for operation in item.values()
}


@pytest.mark.parametrize("name", ["get_after_sales_entry", "open_after_sales_entry"])
def test_every_rule_is_told_in_both_languages_where_an_entry_is_looked_at_and_opened(
    name: str,
) -> None:
    rows = re.findall(
        r"^\| `(\w+)` \| (.+) \| (.+) \|$", OPERATIONS[name]["description"], re.MULTILINE
    )
    assert rows == [
        (rule.code.value, rule.failed_text.zh_cn, rule.failed_text.en) for rule in RULES
    ]


def test_every_operation_says_who_may_ask_for_it() -> None:
    told = {
        name: frozenset(
            re.findall(
                r"(\w+) \(",
                "".join(re.findall(r"\*\*For / 可调用方:\*\* (.*); scope", one["description"])),
            )
        )
        for name, one in OPERATIONS.items()
    }
    assert told == {name: roles - {"provider"} for name, roles in ROLES.items()}


def test_every_refusal_is_told_in_both_languages() -> None:
    told = {
        line
        for operation in OPERATIONS.values()
        for status, response in operation["responses"].items()
        if status >= "400"
        for line in response["description"].splitlines()
    }
    titles = {code: PROBLEMS[code].title for code in PROBLEMS}
    known = {f"- `{code}`: {title.en} / {title.zh_cn}" for code, title in titles.items()}
    assert len(told) > 100
    assert told <= known

"""The assistant's rules as requests name them."""

from typing import Any

import httpx

from tests.support.api import SHOP, Api
from tests.support.story import done

RULES = f"/v1/shops/{SHOP}/assistant-rules"


def a_rule_body(
    rule_id: str = "rule-1", action: str = "agree", *, enabled: bool = True, **conditions: Any
) -> dict[str, Any]:
    """Return a rule of these conditions."""
    return {
        "rule_id": rule_id,
        "name": f"规则 {rule_id}",
        "enabled": enabled,
        "conditions": conditions,
        "action": action,
    }


def some_rules(rule_id: str) -> list[dict[str, Any]]:
    """Return a set of one rule, which takes everything past the period."""
    return [a_rule_body(rule_id, overdue=True)]


def history(kind: str = "rejections", at_most: int = 1, *, days: int = 30) -> dict[str, Any]:
    """Return a limit on the buyer's past."""
    return {"kind": kind, "within_days": days, "at_most": at_most}


async def put(
    api: Api, rules: list[dict[str, Any]], *, if_match: str | None = None
) -> httpx.Response:
    """Put rules in force."""
    return await api.merchant.put(RULES, {"rules": rules}, if_match=if_match)


async def rules_of(api: Api) -> list[str]:
    """Return the ids of the rules in force."""
    return [rule["rule_id"] for rule in done(await api.merchant.get(RULES))["rules"]]

"""Adds the eligibility rules and the callers of operations to descriptions, in both languages."""

from collections.abc import Sequence
from typing import Any

from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from app.api.authorization import admission_of
from app.api.request_context import Permission
from app.domain.order.eligibility import RULES
from app.event_store.recorded_event import Role

RULES_HEADING = "**Rules / 规则** (`failed_rules`, `eligibility.rules`), all applied every time:"


def add_rule_texts(document: dict[str, Any]) -> None:
    """Add the table of eligibility rules where an entry is shown and where it is opened."""
    for item in document["paths"].values():
        for operation in item.values():
            if operation["operationId"] in _WITH_RULES:
                operation["description"] += f"\n\n{rule_table()}"


def add_callers(document: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Add to every operation the roles that may call it, and the scope a credential needs."""
    callers_of = {
        route.operation_id or route.name: _callers(route)
        for route in routes
        if isinstance(route, APIRoute)
    }
    for item in document["paths"].values():
        for operation in item.values():
            callers = callers_of[operation["operationId"]]
            if callers is not None:
                operation["description"] += f"\n\n{callers}"


def _callers(route: APIRoute) -> str | None:
    admission = admission_of(route.dependant)
    permission = None if admission is None else admission.admit
    if not isinstance(permission, Permission):
        return None
    named = ", ".join(f"{role.value} ({_ROLES[role]})" for role in permission.roles)
    return f"**For / 可调用方:** {named}; scope `{permission.scope.value}`."


def rule_table() -> str:
    """Return the rules as a table in Markdown: code, and what is wrong when it fails."""
    rows = [
        f"| `{rule.code}` | {rule.failed_text.zh_cn} | {rule.failed_text.en} |" for rule in RULES
    ]
    head = ("| code | zh-CN | en |", "|---|---|---|")
    return "\n".join((RULES_HEADING, "", *head, *rows))


_ROLES = {
    Role.MERCHANT: "商家",
    Role.CONSUMER: "消费者",
    Role.PLATFORM: "平台",
    Role.SYSTEM: "系统",
}
_WITH_RULES = frozenset({"get_after_sales_entry", "open_after_sales_entry"})

"""What a route declares of the problems it answers with, for the OpenAPI document."""

from collections import defaultdict
from typing import Any

from app.api.openapi.headers import headers_of_problem
from app.api.problems.catalog import PROBLEMS
from app.api.problems.problem import PROBLEM_MEDIA_TYPE

EVERYWHERE = (
    "malformed_request",
    "unauthenticated",
    "role_not_allowed",
    "scope_missing",
    "not_found",
    "request_invalid",
    "rate_limited",
    "internal_error",
    "database_unavailable",
)
"""Problems any authenticated route may answer with."""

WITH_BODY = ("malformed_json", "body_incomplete", "body_too_large", "media_type_unsupported")
ATTACHMENT_REFUSALS = (
    "too_many_attachments",
    "attachment_not_https",
    "attachment_url_invalid",
    "attachment_type_not_taken",
    "attachment_too_large",
)
_ORDER = {code: number for number, code in enumerate(PROBLEMS)}
COMMAND = ("idempotency_key_reused", "overloaded", "contended")


def problems(*codes: str, base: tuple[str, ...] = EVERYWHERE) -> dict[int | str, dict[str, Any]]:
    """Declare problems by code, grouped by status, each only as problem+json."""
    by_status: defaultdict[int, list[str]] = defaultdict(list)
    for code in sorted({*base, *codes}, key=_ORDER.__getitem__):
        by_status[PROBLEMS[code].status].append(code)
    counted = "rate_limited" in base
    return {
        status: _declared(status, found, counted=counted)
        for status, found in sorted(by_status.items())
    }


def _declared(status: int, codes: list[str], *, counted: bool) -> dict[str, Any]:
    lines = [
        f"- `{code}`: {PROBLEMS[code].title.en} / {PROBLEMS[code].title.zh_cn}" for code in codes
    ]
    content = {PROBLEM_MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    headers = headers_of_problem(status, codes, counted=counted)
    return {"description": "\n".join(lines), "headers": headers, "content": content}

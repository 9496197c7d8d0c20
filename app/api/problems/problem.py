"""Problems (RFC 9457): raised anywhere in the API, rendered in one place."""

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from app.api.language import Language, in_language, preferred_language
from app.api.problems.catalog import PROBLEMS, TYPE_BASE
from app.api.resources.common import FieldError, ResponseModel
from app.api.resources.entry_models import RuleCheck, rule_on_wire
from app.domain.rejections import Rejection

PROBLEM_MEDIA_TYPE = "application/problem+json"


class Problem(ResponseModel):
    """Why a request was not granted (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    code: str
    """Stable; one code means one cause."""
    request_id: str
    repeatable: bool
    """Whether the same request may succeed later as it is."""
    facts: dict[str, Any]
    """What the refusal is about: ids, limits, amounts, instants."""
    errors: list[FieldError] | None
    """For `request_invalid`: every fault found in the request; for rules that make no sense
    (`rules_contradict`, `rule_never_matches`, ...): every rule concerned."""
    failed_rules: list[RuleCheck] | None
    """For `not_eligible`: every rule that failed."""


class ProblemError(HTTPException):
    """Ends a request with a problem. Of Starlette's own kind, so that nothing between eats it."""

    def __init__(
        self,
        code: str,
        *,
        detail: str | None = None,
        facts: Mapping[str, Any] | None = None,
        errors: Sequence[FieldError] | None = None,
        rejection: Rejection | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(PROBLEMS[code].status, detail=code, headers=headers)
        self.code = code
        self.explanation = detail
        self.facts = dict(facts or {})
        self.errors = errors
        self.rejection = rejection


def rejected(rejection: Rejection) -> ProblemError:
    """Make a problem of a domain refusal."""
    return ProblemError(rejection.code, facts=rejection.facts, rejection=rejection)


def render_problem(
    problem: ProblemError, *, language: Language, instance: str, request_id: str
) -> bytes:
    """Return the problem as JSON in one language."""
    kind = PROBLEMS[problem.code]
    title = in_language(kind.title, language)
    rejection = problem.rejection
    failed_rules = None
    if rejection is not None and rejection.failed_rules:
        failed_rules = [rule_on_wire(rule) for rule in rejection.failed_rules]
    return json_bytes(
        Problem(
            type=TYPE_BASE + kind.code,
            title=title,
            status=kind.status,
            detail=problem.explanation or title,
            instance=instance,
            code=kind.code,
            request_id=request_id,
            repeatable=kind.repeatable,
            facts=problem.facts,
            errors=None if problem.errors is None else list(problem.errors),
            failed_rules=failed_rules,
        )
    )


def problem_response(problem: ProblemError, request: Request) -> Response:
    """Answer a request with a problem, in the language it prefers."""
    language = preferred_language(request.headers.get("accept-language"))
    body = render_problem(
        problem,
        language=language,
        instance=path_of(request),
        request_id=request.scope.get("aftersales.request_id", ""),
    )
    headers = {"Content-Language": language.value, **(problem.headers or {})}
    if PROBLEMS[problem.code].repeatable:
        headers.setdefault("Retry-After", "1")
    return Response(body, problem.status_code, headers, PROBLEM_MEDIA_TYPE)


def path_of(request: Request) -> str:
    """Return the path as it was sent, still percent-encoded: a URI reference whatever is in it."""
    raw_path: bytes = request.scope["raw_path"]
    return raw_path.decode("ascii", "replace")


def json_bytes(model: BaseModel) -> bytes:
    """Return a wire model as JSON."""
    return model.__pydantic_serializer__.to_json(model)

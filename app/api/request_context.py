"""A request with its caller: authorization, commands on its behalf, and their answers."""

import hashlib
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError

from app.access.authentication import Caller, Unauthenticated
from app.access.scopes import Scope
from app.api.authorization import Authorization
from app.api.fast_dispatch import header
from app.api.language import Language, preferred_language
from app.api.problems.problem import (
    PROBLEM_MEDIA_TYPE,
    ProblemError,
    json_bytes,
    path_of,
    rejected,
    render_problem,
)
from app.api.resources.common import (
    ID_PATTERN,
    TICKET_ID_PATTERN,
    InOneLanguage,
    ResponseModel,
    Versioned,
)
from app.api.services import Services, services_of
from app.api.strict_request import StrictRoute
from app.command_handling.requests import (
    Answer,
    History,
    IdempotencyKey,
    OrderRequest,
    Refusal,
    StaleVersion,
)
from app.domain.order.commands import OrderCommand
from app.event_store.recorded_event import Role
from app.projections.orders.fold import fold_history
from app.projections.orders.view import OrderView

ShopId = Annotated[str, Path(pattern=ID_PATTERN, description="The shop (tenant).")]
OrderId = Annotated[str, Path(pattern=ID_PATTERN, description="The order, unique in its shop.")]
TicketId = Annotated[
    str, Path(pattern=TICKET_ID_PATTERN, description="The ticket: its order's id and a number.")
]
RefundId = Annotated[
    str, Path(pattern=TICKET_ID_PATTERN, description="The refund: the id of its ticket.")
]
PayoutId = Annotated[
    str, Path(pattern=r"^[0-9a-f]{32}$", description="The payout, as its ticket names it.")
]

PATH_PARAMETERS: Mapping[str, Any] = {
    "shop_id": ShopId,
    "order_id": OrderId,
    "ticket_id": TicketId,
    "refund_id": RefundId,
    "payout_id": PayoutId,
}
"""What stands in paths, by its name there."""

IDEMPOTENCY_KEY_PATTERN = r'^("[!#-\[\]-~]{1,128}"|[!#-\[\]-~]{1,128})$'
IF_MATCH_PATTERN = r'^"[0-9]{1,18}"$'

Presenter = Callable[[OrderView, datetime], Versioned]
"""Shows what a command made of an order, as it stands at the instant its shop lives in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """An authenticated, allowed request of one caller."""

    request: Request
    services: Services
    caller: Caller
    language: Language

    @property
    def request_id(self) -> str:
        """The id this request is known by in answers, logs and events."""
        return str(self.request.scope["aftersales.request_id"])

    @property
    def open_books(self) -> bool:
        """Whether the caller may see how much money a shop has: all but consumers."""
        return self.caller.buyer_id is None

    async def still_allowed(self) -> bool:
        """Whether the credential is as good as it was: for answers that take long."""
        try:
            now = await self.services.authentication.authenticate(_credential(self.request))
        except Unauthenticated:
            return False
        return now == self.caller

    def order_request(
        self,
        shop_id: str,
        order_id: str,
        *commands: OrderCommand,
        key: str | None = None,
        body: bytes = b"",
        if_match: str | None = None,
    ) -> OrderRequest:
        """Put a command in the caller's name; ``if_match`` is the version it was decided on."""
        return OrderRequest(
            shop_id=shop_id,
            order_id=order_id,
            commands=commands,
            actor=self.caller.actor,
            correlation_id=self.request_id,
            buyer_id=self.caller.buyer_id,
            seen_version=None if if_match is None else int(if_match.strip('"')),
            idempotency=None if key is None else self.idempotency_key(shop_id, key, body),
        )

    async def command(
        self,
        shop_id: str,
        order_id: str,
        command: OrderCommand,
        *,
        render: Presenter,
        created: bool = False,
        key: str | None = None,
        if_match: str | None = None,
        not_found: str = "order_not_found",
    ) -> Response:
        """Issue a command and answer with what it made of the order, or with a problem.

        ``created``: 201 if the command changed anything, for commands that make a resource.
        ``not_found``: the problem for an order that is missing or not the caller's to see.
        """
        order_request = self.order_request(
            shop_id,
            order_id,
            command,
            key=key,
            body=await self.request.body(),
            if_match=if_match,
        )
        answer = await self.services.handler.handle(
            order_request,
            CommandPresenter(
                call=self,
                render=render,
                instance=path_of(self.request),
                created=created,
                not_found=not_found,
            ),
        )
        return answer_response(answer)

    def refusal(self, problem: ProblemError, *, instance: str | None = None) -> Answer:
        """Render a problem as the answer to a command of this call, or to a part of it."""
        body = render_problem(
            problem,
            language=self.language,
            instance=instance or path_of(self.request),
            request_id=self.request_id,
        )
        return Answer(status=problem.status_code, body=body, language=self.language.value)

    def json(self, model: ResponseModel, *, etag: int | None = None) -> Response:
        """Answer with a model as it is."""
        return answer_response(self.answer(model, etag=etag))

    def answer(self, model: ResponseModel, status: int = 200, *, etag: int | None = None) -> Answer:
        """Render a model as an answer that may be kept under a key."""
        return Answer(
            status=status,
            body=json_bytes(model),
            etag=None if etag is None else f'"{etag}"',
            language=self.language.value if isinstance(model, InOneLanguage) else None,
        )

    def key_of_part(self, shop_id: str, key: str, part: str, content: bytes) -> IdempotencyKey:
        """Make a key of the request's for one part of it, which has a name without slashes.

        The key then counts for each part separately, and differs from those of whole requests.
        """
        whole = self.idempotency_key(shop_id, key, content)
        return replace(whole, scope=f"{whole.scope}/parts", key=f"{whole.key}/{part}")

    def idempotency_key(self, shop_id: str, key: str, body: bytes) -> IdempotencyKey:
        """Return a client's key as it is stored, with the fingerprint of its request."""
        path = path_of(self.request)
        fingerprint = hashlib.sha256(f"{self.request.method} {path}\n".encode() + body).digest()
        actor = self.caller.actor
        # The shop is part of the scope, because a key is stored with its shop's partition.
        return IdempotencyKey(
            scope=f"{actor.role.value}/{actor.id}/{shop_id}",
            key=key.strip('"'),
            fingerprint=fingerprint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPresenter:
    """Renders a command's answer from the order as it will be.

    ``instance`` is what problems name as theirs: the path asked for.
    """

    call: RequestContext
    render: Presenter
    instance: str
    created: bool = False
    not_found: str

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:
        """Render what the order has become."""
        model = self.render(fold_history(history), now)
        status = 201 if self.created and changed else 200
        return Answer(status=status, body=json_bytes(model), etag=f'"{model.version}"')

    def refused(self, refusal: Refusal) -> Answer:
        """Render why nothing was done."""
        problem = problem_of(refusal)
        return self.problem(
            ProblemError(self.not_found) if problem.code == "order_not_found" else problem
        )

    def problem(self, problem: ProblemError) -> Answer:
        """Render a problem as an answer."""
        return self.call.refusal(problem, instance=self.instance)


def problem_of(refusal: Refusal) -> ProblemError:
    """Make a problem of a refused command."""
    if isinstance(refusal, StaleVersion):
        return ProblemError("version_stale", facts={"current_version": refusal.current_version})
    return rejected(refusal)


def answer_response(answer: Answer) -> Response:
    """Send a rendered answer, new or kept."""
    headers = {}
    if answer.etag is not None:
        headers["ETag"] = answer.etag
    if answer.language is not None:
        headers["Content-Language"] = answer.language
    if answer.replayed:
        headers["Idempotency-Replayed"] = "true"
    media_type = "application/json" if answer.status < 400 else PROBLEM_MEDIA_TYPE
    return Response(answer.body, answer.status, headers, media_type)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """Authorizes callers of some roles whose credential has a scope; the document shows it too."""

    scope: Scope
    roles: tuple[Role, ...]

    async def __call__(self, request: Request) -> RequestContext:
        """Return the context of a request whose caller may make it; ProblemError if not."""
        return await _allowed(request, self.scope, self.roles)


def allow(scope: Scope, *roles: Role) -> object:
    """Return the dependency of a route open to some roles whose credential has a scope."""
    return Depends(Authorization(Permission(scope=scope, roles=roles)))


async def _allowed(request: Request, scope: Scope, roles: Collection[Role]) -> RequestContext:
    services = services_of(request)
    caller = await _caller(request, services)
    shop_id = request.path_params.get("shop_id")
    if caller.actor.role not in roles:
        raise ProblemError("role_not_allowed")
    if scope not in caller.scopes:
        raise ProblemError("scope_missing", facts={"scope": scope.value})
    if shop_id is not None and not caller.may_see_shop(shop_id):
        raise ProblemError("not_found")
    _refuse_unknown_query(request)
    language = preferred_language(header(request, b"accept-language"))
    return RequestContext(request=request, services=services, caller=caller, language=language)


def _refuse_unknown_query(request: Request) -> None:
    """Refuse what would otherwise be ignored: `as_off` must not be answered like no `as_of`."""
    if not request.scope["query_string"]:
        return
    route = request.scope["route"]
    assert isinstance(route, StrictRoute)  # noqa: S101 - callers are known on no other kind
    unknown = request.query_params.keys() - route.query_names
    if unknown:
        faults = [
            {"type": "extra_forbidden", "loc": ("query", name), "msg": "There is no such parameter"}
            for name in sorted(unknown)
        ]
        raise RequestValidationError(faults)


async def _caller(request: Request, services: Services) -> Caller:
    """Authenticate the caller and count the request, without a credential by its address."""
    try:
        caller = await services.authentication.authenticate(_credential(request))
    except Unauthenticated as error:
        host = request.client.host if request.client else ""
        _count(request, services, f"stranger/{host}")
        raise ProblemError(
            "unauthenticated", detail=str(error), headers={"WWW-Authenticate": "Bearer"}
        ) from error
    _count(request, services, f"{caller.actor.role.value}/{caller.actor.id}")
    return caller


def _credential(request: Request) -> str:
    scheme, _, credential = (header(request, b"authorization") or "").partition(" ")
    return credential.strip() if scheme.lower() == "bearer" else ""


def _count(request: Request, services: Services, name: str) -> None:
    allowance = services.rate_limiter.take(name, time.monotonic())
    request.scope["aftersales.headers"] = allowance.headers()
    if not allowance.granted:
        retry_after = {"Retry-After": str(allowance.reset_seconds)}
        raise ProblemError("rate_limited", headers=retry_after)


IdempotencyKeyHeader = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=IDEMPOTENCY_KEY_PATTERN,
        description="Makes repeating safe: the same key and body get the same answer for 24 hours.",
    ),
]
RequiredIdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        pattern=IDEMPOTENCY_KEY_PATTERN,
        description="Makes repeating safe: the same key and body get the same answer for 24 hours.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(
        alias="If-Match",
        pattern=IF_MATCH_PATTERN,
        description="The ETag the decision was made on; 412 if it has changed since.",
    ),
]

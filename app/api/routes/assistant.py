"""The assistant (售后小助手): a shop's rules for routine applications, and trying them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Query, Response

from app.access.scopes import Scope
from app.api.problems.problem import ProblemError
from app.api.problems.problem_responses import WITH_BODY, problems
from app.api.request_context import IfMatch, RequestContext, ShopId, allow
from app.api.strict_request import StrictRoute
from app.api.wire.assistant import (
    AssistantDryRun,
    AssistantRules,
    AssistantRulesBody,
    RuleIn,
    TryAssistantRulesBody,
    dry_run_on_wire,
    rule_set_on_wire,
    rules_in,
)
from app.api.wire.common import FieldError
from app.domain.assistant import Rule
from app.domain.assistant_faults import FaultyPlace, RuleFaultCode, find_fault
from app.event_store.recorded_event import Role
from app.processes.assistant.dry_run import try_rules
from app.processes.assistant.rule_sets import (
    RulesChanged,
    current_rules,
    rules_of_version,
    save_rules,
)

router = APIRouter(route_class=StrictRoute, tags=["assistant"])

PATH = "/v1/shops/{shop_id}/assistant-rules"
VERSION_MAX = 2**31 - 1
RULE_FAULTS = tuple(code.value for code in RuleFaultCode)

Projection = Annotated[RequestContext, allow(Scope.ORDERS_READ, Role.MERCHANT)]
Writer = Annotated[RequestContext, allow(Scope.ASSISTANT_WRITE, Role.MERCHANT)]


@router.get(
    PATH,
    name="get_assistant_rules",
    summary="Get a shop's assistant rules",
    response_model=AssistantRules,
    responses=problems(),
)
async def get_assistant_rules(
    shop_id: ShopId,
    call: Projection,
    version: Annotated[
        int | None,
        Query(ge=1, le=VERSION_MAX, description="An earlier version; without, that in force."),
    ] = None,
) -> Response:
    """Show the rules in force, or as they were in the version an operation log names."""
    pool = call.services.resources.pool
    if version is None:
        rule_set = await current_rules(pool, shop_id)
    else:
        rule_set = await rules_of_version(pool, shop_id, version)
        if rule_set is None:
            raise ProblemError("not_found")
    shown = rule_set_on_wire(rule_set)
    return call.json(shown, etag=shown.version)


@router.put(
    PATH,
    name="put_assistant_rules",
    summary="Put a shop's assistant rules in force",
    response_model=AssistantRules,
    responses=problems(*WITH_BODY, "version_stale", *RULE_FAULTS),
)
async def put_assistant_rules(
    shop_id: ShopId, body: AssistantRulesBody, call: Writer, if_match: IfMatch = None
) -> Response:
    """Put rules in force as a new version; the same rules again change nothing.

    They are tried on every application made or modified from then on, in the order given, and the
    first that fits speaks. Earlier versions stay readable.
    """
    services = call.services
    try:
        rule_set = await save_rules(
            services.resources.pool,
            shop_id,
            _sensible(body.rules),
            seen_version=None if if_match is None else int(if_match.strip('"')),
            saved_by=call.caller.actor,
            saved_at=services.clock.now(),
        )
    except RulesChanged as changed:
        facts = {"current_version": changed.current_version}
        raise ProblemError("version_stale", facts=facts) from changed
    return call.json(rule_set_on_wire(rule_set), etag=rule_set.version)


@router.post(
    f"{PATH}/dry-run",
    name="try_assistant_rules",
    summary="Try assistant rules on a shop's newest tickets",
    response_model=AssistantDryRun,
    responses=problems(*WITH_BODY, *RULE_FAULTS),
)
async def try_assistant_rules(
    shop_id: ShopId, body: TryAssistantRulesBody, call: Projection
) -> Response:
    """Show what rules would have done with the newest tickets; nothing is saved or changed.

    Each ticket is held against the rules as it was when it was applied for or modified, with the
    buyer's past as it was then.
    """
    services, rules = call.services, _sensible(body.rules)
    run = await try_rules(
        services.resources.pool,
        services.resources.engine,
        services.codec,
        shop_id,
        rules,
        last=body.last,
    )
    return call.json(dry_run_on_wire(run, rules))


def _sensible(given: Sequence[RuleIn]) -> tuple[Rule, ...]:
    """Return the rules, or refuse them with every rule that is part of what is wrong."""
    rules = rules_in(given)
    fault = find_fault(rules)
    if fault is None:
        return rules
    raise ProblemError(
        fault.code,
        facts={"rule_ids": [rules[place.rule].rule_id for place in fault.places]},
        errors=[FieldError(pointer=_pointer(place), detail=place.why) for place in fault.places],
    )


def _pointer(place: FaultyPlace) -> str:
    return "/".join(["#/rules", str(place.rule), *place.part])

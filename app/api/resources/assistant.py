"""The assistant (售后小助手): a shop's rules for routine applications, and trying them."""

from collections.abc import Sequence
from typing import Annotated

from fastapi import Query, Response

from app.api.problems.problem import ProblemError
from app.api.request_context import IfMatch, RequestContext, ShopId
from app.api.resources.assistant_models import (
    AssistantRulesBody,
    RuleIn,
    TryAssistantRulesBody,
    dry_run_on_wire,
    rule_set_on_wire,
    rules_in,
)
from app.api.resources.common import FieldError
from app.domain.assistant import Rule
from app.domain.assistant_faults import FaultyPlace, RuleFaultCode, find_fault
from app.processes.assistant.dry_run import try_rules
from app.processes.assistant.rule_sets import (
    RulesChanged,
    current_rules,
    rules_of_version,
    save_rules,
)

VERSION_MAX = 2**31 - 1
RULE_FAULTS = tuple(code.value for code in RuleFaultCode)


async def get_assistant_rules(
    shop_id: ShopId,
    call: RequestContext,
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


async def put_assistant_rules(
    shop_id: ShopId, body: AssistantRulesBody, call: RequestContext, if_match: IfMatch = None
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


async def try_assistant_rules(
    shop_id: ShopId, body: TryAssistantRulesBody, call: RequestContext
) -> Response:
    """Show what rules would have done with the newest tickets; nothing is saved or changed.

    The rules are applied to each ticket as it was when it was applied for or modified, with the
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

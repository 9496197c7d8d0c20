"""The assistant's rules over HTTP: saved in versions, refused when they make no sense, applied."""

import asyncio
from typing import Any

import pytest

from app.access.keys import create_key
from app.access.scopes import Scope
from app.event_store.recorded_event import Role
from app.processes.assistant.rule_evaluation import Assistant
from app.processes.assistant.worker import AssistantWorker
from tests.support.api import SHOP, Api
from tests.support.rules_on_wire import RULES, a_rule_body, history, put, rules_of, some_rules
from tests.support.story import applied, done, order_path, problem

TYPES = ["refund_only", "return_and_refund", "exchange", "reissue", "repair"]


async def test_a_shop_that_saved_no_rules_has_none_in_version_0(api: Api) -> None:
    answer = await api.merchant.get(RULES)
    assert answer.headers["etag"] == '"0"'
    assert done(answer) == {"version": 0, "rules": [], "saved_at": None, "saved_by": None}


async def test_saved_rules_are_shown_as_they_were_given(api: Api) -> None:
    rule = a_rule_body(
        types=["repair", "refund_only"],
        overdue=True,
        reasons=["other", "damaged"],
        history=[history("rejections", 0)],
    )
    small = a_rule_body("small", amount_max={"amount": 500, "currency": "CNY"}, enabled=False)
    answer = await put(api, [small, rule], if_match='"0"')
    assert answer.headers["etag"] == '"1"'
    saved = done(answer)
    assert saved["version"] == 1
    assert saved["saved_by"]
    nothing: dict[str, Any] = {
        "types": None,
        "overdue": None,
        "amount_max": None,
        "reasons": None,
        "history": [],
    }
    assert saved["rules"] == [
        {**small, "conditions": {**nothing, **small["conditions"]}},
        {
            **rule,
            "conditions": {
                **nothing,
                **rule["conditions"],
                "types": ["refund_only", "repair"],
                "reasons": ["damaged", "other"],
            },
        },
    ]
    assert done(await api.merchant.get(RULES)) == saved


async def test_every_version_stays_readable_and_the_same_rules_again_are_no_new_one(
    api: Api,
) -> None:
    first = done(await put(api, some_rules("one")))
    assert done(await put(api, some_rules("one"))) == first
    second = done(await put(api, some_rules("two")))
    assert second["version"] == 2
    assert done(await put(api, some_rules("two"), if_match='"1"')) == second, "what was asked holds"
    assert done(await api.merchant.get(RULES)) == second
    for version, saved in ((1, first), (2, second)):
        answer = await api.merchant.get(RULES, {"version": version})
        assert answer.headers["etag"] == f'"{version}"'
        assert done(answer) == saved
    problem(await api.merchant.get(RULES, {"version": 3}), 404, "not_found")
    for wrong in (0, 2**31, "x"):
        problem(await api.merchant.get(RULES, {"version": wrong}), 422, "request_invalid")


async def test_rules_changed_in_between_are_not_overwritten(api: Api) -> None:
    done(await put(api, some_rules("one"), if_match='"0"'))
    for stale in ('"0"', '"2"'):
        refused = problem(await put(api, some_rules("mine"), if_match=stale), 412, "version_stale")
        assert refused["facts"] == {"current_version": 1}
    assert await rules_of(api) == ["one"]


async def test_of_ten_who_save_on_one_version_one_succeeds(api: Api) -> None:
    answers = await asyncio.gather(
        *(put(api, some_rules(f"rule-{number}"), if_match='"0"') for number in range(10))
    )
    assert sorted(answer.status_code for answer in answers) == [200] + [412] * 9
    (granted,) = [answer.json() for answer in answers if answer.status_code == 200]
    assert done(await api.merchant.get(RULES)) == granted


@pytest.mark.parametrize(
    ("rules", "code", "pointers"),
    [
        (
            [a_rule_body("a"), a_rule_body("b", "notify_only", types=TYPES)],
            "rules_contradict",
            ["#/rules/0", "#/rules/1"],
        ),
        (
            [a_rule_body("a", overdue=True), a_rule_body("c", types=["repair"], overdue=True)],
            "rule_never_matches",
            ["#/rules/1", "#/rules/0"],
        ),
        (
            [a_rule_body("a", "notify_only"), a_rule_body("b", types=[])],
            "rule_contradicts_itself",
            ["#/rules/1/conditions/types"],
        ),
        (
            [a_rule_body("a", types=["repair"], amount_max={"amount": 1, "currency": "CNY"})],
            "rule_contradicts_itself",
            ["#/rules/0/conditions/amount_max"],
        ),
        (
            [a_rule_body("a", "agree_without_return", types=["refund_only"])],
            "rule_contradicts_itself",
            ["#/rules/0/action"],
        ),
        (
            [a_rule_body("a", overdue=True), a_rule_body("a")],
            "rule_id_repeated",
            ["#/rules/0/rule_id", "#/rules/1/rule_id"],
        ),
    ],
)
async def test_rules_that_make_no_sense_are_refused_by_name_and_nothing_is_saved(
    api: Api, rules: list[dict[str, Any]], code: str, pointers: list[str]
) -> None:
    done(await put(api, some_rules("before")))
    dry_run = await api.merchant.post(f"{RULES}/dry-run", {"rules": rules, "last": 1})
    for answer in (await put(api, rules), dry_run):
        refused = problem(answer, 422, code)
        assert [error["pointer"] for error in refused["errors"]] == pointers
        assert refused["facts"]["rule_ids"] == [
            rules[int(pointer.split("/")[2])]["rule_id"] for pointer in pointers
        ]
    assert await rules_of(api) == ["before"]


@pytest.mark.parametrize(
    ("rule", "pointer"),
    [
        ({"action": "reject"}, "action"),
        ({"name": ""}, "name"),
        ({"name": "a\nb"}, "name"),
        ({"name": "长" * 201}, "name"),
        ({"rule_id": "no spaces"}, "rule_id"),
        ({"enabled": 1}, "enabled"),
        ({"unknown": 1}, "unknown"),
        ({"conditions": None}, "conditions"),
        ({"conditions": {"type": "repair"}}, "conditions/type"),
        ({"conditions": {"types": ["gift"]}}, "conditions/types/0"),
        ({"conditions": {"overdue": "yes"}}, "conditions/overdue"),
        ({"conditions": {"amount_max": 500}}, "conditions/amount_max"),
        ({"conditions": {"reasons": ["because"]}}, "conditions/reasons/0"),
        ({"conditions": {"history": [history("karma", 1)]}}, "conditions/history/0/kind"),
        ({"conditions": {"history": [history(days=0)]}}, "conditions/history/0/within_days"),
        ({"conditions": {"history": [history(days=366)]}}, "conditions/history/0/within_days"),
        ({"conditions": {"history": [history(at_most=-1)]}}, "conditions/history/0/at_most"),
        ({"conditions": {"history": [history(at_most=101)]}}, "conditions/history/0/at_most"),
        ({"conditions": {"history": [history()] * 9}}, "conditions/history"),
    ],
)
async def test_a_malformed_rule_is_pointed_at(api: Api, rule: dict[str, Any], pointer: str) -> None:
    answer = await put(api, [{**a_rule_body(), **rule}])
    pointers = [error["pointer"] for error in problem(answer, 422, "request_invalid")["errors"]]
    assert pointers == [f"#/rules/0/{pointer}"]
    assert await rules_of(api) == []


async def test_a_shop_has_50_rules_at_most(api: Api) -> None:
    rules = [
        a_rule_body(f"rule-{number}", amount_max={"amount": number, "currency": "CNY"})
        for number in range(1, 52)
    ]
    problem(await put(api, rules), 422, "request_invalid")
    assert len(done(await put(api, rules[:50]))["rules"]) == 50


async def test_rules_of_one_shop_are_nothing_to_another(api: Api) -> None:
    done(await put(api, some_rules("ours")))
    problem(await api.other_merchant.get(RULES), 404, "not_found")
    problem(await api.other_merchant.put(RULES, {"rules": []}), 404, "not_found")
    theirs = "/v1/shops/shop-2/assistant-rules"
    assert done(await api.other_merchant.get(theirs))["version"] == 0
    for stranger in (api.consumer(), api.platform):
        problem(await stranger.get(RULES), 403, "role_not_allowed")
        problem(await stranger.put(RULES, {"rules": []}), 403, "role_not_allowed")
    assert await rules_of(api) == ["ours"]


async def test_saving_rules_takes_a_scope_of_its_own(api: Api) -> None:
    reading = await create_key(
        api.resources.pool,
        role=Role.MERCHANT,
        shop_id=SHOP,
        name="reports",
        scopes=[Scope.ORDERS_READ],
    )
    reader = api.bearer(reading)
    done(await reader.get(RULES))
    done(await reader.post(f"{RULES}/dry-run", {"rules": some_rules("one"), "last": 5}))
    refused = problem(await reader.put(RULES, {"rules": []}), 403, "scope_missing")
    assert refused["facts"] == {"scope": "assistant:write"}


@pytest.mark.parametrize(
    ("action", "code"),
    [("agree", "application_agreed_by_rule"), ("notify_only", "assistant_notified")],
)
async def test_the_operation_log_names_rule_and_version_and_the_merchant_is_told(
    api: Api, action: str, code: str
) -> None:
    done(await put(api, some_rules("earlier")))
    rules = [{**a_rule_body("small", action, overdue=True), "name": "小额直接退"}]
    done(await put(api, rules))
    ticket = await applied(api)
    await assistant_works(api)
    line = done(await api.merchant.get(order_path()))["operation_log"][-1]
    assert line["code"] == code
    assert line["actor"] == {"role": "system", "id": "assistant"}
    named = {"rule_id": "small", "rule_name": "小额直接退", "rule_version": 2}
    assert named.items() <= line["facts"].items()
    for text in line["text"].values():
        assert "小额直接退" in text
        assert "2" in text
    looked_up = done(await api.merchant.get(RULES, {"version": line["facts"]["rule_version"]}))
    assert looked_up["rules"][0]["rule_id"] == line["facts"]["rule_id"]
    shown = done(await api.merchant.get(ticket))
    by_rule = {"rule_id": "small", "name": "小额直接退", "version": 2}
    assert shown["agreed_by_rule"] == (by_rule if action == "agree" else None)
    inbox = done(await api.merchant.get(f"/v1/shops/{SHOP}/notifications"))
    assert code in [message["template"] for message in inbox["notifications"]]


async def assistant_works(api: Api) -> None:
    """Let the readers follow and the assistant judge all there is."""
    await api.follow()
    services, pool = api.app.state.services, api.resources.pool
    assistant = Assistant(pool, services.codec, services.handler.handle)
    worker = AssistantWorker(pool, assistant.judge, api.clock)
    while await worker.run_once(api.clock.now()):
        pass
    await api.follow()

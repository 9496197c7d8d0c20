"""Problems: one form, two languages, a code for each cause, and none that nobody ever sees."""

import re
from pathlib import Path

from app.api.language import preferred_language
from app.api.openapi.document import document
from app.api.problems.catalog import PROBLEMS
from app.main import build_app
from app.settings import Settings
from tests.support.api import Api
from tests.support.inlined import inlined
from tests.support.story import done, order_path, orders_of, problem, registered

NOT_PROVOKED_OVER_HTTP = {
    "contended": "needs an order changed by others five times in a row between load and append: "
    "tests/command_handling",
    **dict.fromkeys(
        ("refund_not_in_transit",),
        "no route moves a shop's money yet: tests/domain/funds",
    ),
    "payout_not_under_way": "a callback that comes too late is passed over: tests/domain",
    "reconciliation_too_large": "needs 20,000 refunds, and the bound itself is shown with few: "
    "tests/reconciliation/test_reconciliation.py",
    "decision_of_another_side": "every route speaks for the side of its caller: tests/domain",
}


def test_every_code_is_provoked_by_a_test_or_named_with_the_reason_why_not() -> None:
    tests = [path for path in Path(__file__).parent.glob("test_*.py") if path != Path(__file__)]
    written = "".join(path.read_text() for path in tests)
    missing = {code for code in PROBLEMS if f'"{code}"' not in written}
    assert missing == set(NOT_PROVOKED_OVER_HTTP)


def test_every_problem_has_a_title_of_its_own_in_both_languages() -> None:
    for code, kind in PROBLEMS.items():
        assert kind.code == code
        assert re.search(r"[一-鿿]", kind.title.zh_cn), code
        assert kind.title.en.isascii(), code


def test_every_operation_documents_its_problems_by_code_and_as_problems_only() -> None:
    paths = inlined(document(build_app(Settings(_env_file=None))))["paths"]
    for template, item in paths.items():
        for method, operation in item.items():
            for status, response in operation["responses"].items():
                if int(status) < 400:
                    continue
                assert list(response["content"]) == ["application/problem+json"], template
                codes = re.findall(r"^- `([a-z_]+)`", response["description"], re.MULTILINE)
                assert codes, (method, template, status)
                assert {PROBLEMS[code].status for code in codes} == {int(status)}


PREFERRED = (
    (None, "en"),
    ("", "en"),
    ("fr", "en"),
    ("*", "en"),
    ("zh", "zh-CN"),
    ("zh-CN", "zh-CN"),
    ("ZH-hant-TW", "zh-CN"),
    ("en;q=0.8, zh;q=0.9", "zh-CN"),
    ("zh;q=0.8, en;q=0.9", "en"),
    ("zh;q=0, en;q=0.1", "en"),
    ("fr, zh;q=0.1", "zh-CN"),
    ("zh;q=nan", "en"),
    ("zh;q=", "en"),
    ("," * 5_000 + "zh", "en"),
)


def test_texts_are_in_the_language_preferred() -> None:
    for accepted, language in PREFERRED:
        assert preferred_language(accepted) == language, accepted


async def test_a_problem_reads_the_same_but_for_its_language(api: Api) -> None:
    headers = {"Accept-Language": "zh-CN"}
    chinese = problem(await api.merchant.get(order_path(), headers=headers), 404, "order_not_found")
    english = problem(await api.merchant.get(order_path()), 404, "order_not_found")
    assert chinese["title"] == "资源不存在或不可见"
    assert english["title"] == "There is no such order"
    same = {"title", "detail", "request_id"}
    assert {k: v for k, v in chinese.items() if k not in same} == {
        k: v for k, v in english.items() if k not in same
    }


async def test_a_callers_plain_request_id_is_kept_and_any_other_replaced(api: Api) -> None:
    for sent, kept in (
        ("order-system.4711", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("<script>", False),
        ("", False),
    ):
        answer = await api.merchant.get(order_path(), headers={"X-Request-Id": sent})
        found = problem(answer, 404, "order_not_found")
        assert (found["request_id"] == sent) is kept
        assert found["request_id"]


async def test_the_request_id_leads_from_the_answer_to_the_event(api: Api) -> None:
    headers = {"X-Request-Id": "trace-1"}
    await registered(api)
    fact = {"shipped_at": "2021-03-02T04:00:00Z"}
    done(await api.platform.post(f"{order_path()}/shipment", fact, headers=headers))
    found = await api.resources.pool.fetchval(
        "SELECT metadata->>'correlation_id' FROM after_sales.events WHERE version = 2"
    )
    assert found == "trace-1"


async def test_answers_are_never_kept_by_anything_between(api: Api) -> None:
    await registered(api)
    for answer in (await api.merchant.get(order_path()), await api.nobody.get(order_path())):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["vary"] == "Accept-Language"


async def test_what_nobody_expected_is_a_problem_with_a_request_id_and_no_details(
    api: Api,
) -> None:
    await api.resources.pool.execute("ALTER TABLE after_sales.events RENAME TO events_away")
    for answer in (
        await api.merchant.get(order_path()),
        await api.merchant.get(f"{order_path()}/after-sales-entry"),
        await api.platform.post(f"{order_path()}/shipment", {"shipped_at": "2021-03-02T04:00:00Z"}),
    ):
        found = problem(answer, 500, "internal_error")
        assert found["repeatable"] is True
        assert "events" not in answer.text
    await api.resources.pool.execute("ALTER TABLE after_sales.orders RENAME TO orders_away")
    problem(await api.merchant.get(orders_of()), 500, "internal_error")
    done(await api.client.get("/readyz"))

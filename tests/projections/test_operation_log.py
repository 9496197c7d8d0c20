"""The operation log: one line an event, linked, and in words."""

from string import Formatter

from hypothesis import given

from app.domain.order.eligibility import RuleCode
from app.domain.order.entries import OpenAfterSalesEntry
from app.domain.order.events import OrderEvent
from app.projections.operation_log import LogEntry, log_entries, render
from app.reactions.table import LINES
from tests.domain.search_depth import bounded
from tests.projections.random_histories import histories, recorded
from tests.support.orders import (
    DAY,
    EXPIRES,
    FIRST_TICKET,
    HOUR,
    OPENED,
    History,
    a_photo,
    agree,
    order_with_open_entry,
    order_with_ticket,
    refund_arrived,
    refuse,
)


def log_of(history: History) -> list[LogEntry]:
    """Return the log of a history."""
    return log_entries(recorded(history.events))


@given(histories())
@bounded(examples=150)
def test_every_event_has_a_line_that_can_be_said_in_both_languages(
    events: tuple[OrderEvent, ...],
) -> None:
    log = log_entries(recorded(events))
    assert [line.version for line in log] == list(range(1, len(events) + 1))
    for line in log:
        said = render(line)
        assert said.zh_cn
        assert said.en
        assert "{" not in said.zh_cn + said.en


@given(histories())
@bounded(examples=100)
def test_each_line_goes_on_from_where_the_line_before_left_the_thing(
    events: tuple[OrderEvent, ...],
) -> None:
    states: dict[str, str | None] = {"entry": "never_opened"}
    for line in log_entries(recorded(events)):
        assert line.before == states.get(line.subject)
        states[line.subject] = line.after


def test_every_code_has_a_text_in_both_languages_with_the_same_facts() -> None:
    for text in LINES.values():
        zh_cn, en = (
            {name for _, name, _, _ in Formatter().parse(template) if name}
            for template in (text.zh_cn, text.en)
        )
        assert zh_cn == en


def test_the_line_of_an_opening_holds_every_rule_with_what_was_seen() -> None:
    line = log_of(order_with_open_entry())[-1]
    assert (line.code, line.subject) == ("entry_opened", "entry")
    assert (line.before, line.after) == ("never_opened", "open")
    rules = line.params["rules"]
    assert isinstance(rules, list)
    assert [rule["code"] for rule in rules if isinstance(rule, dict)] == list(RuleCode)
    cost = line.params["acknowledged_cost"]
    assert isinstance(cost, dict)
    assert cost["refundable"] == 10_000


def test_the_line_of_a_rejection_names_reason_evidence_and_both_states() -> None:
    line = log_of(order_with_ticket().then(refuse(), at=OPENED + 2 * HOUR))[-1]
    assert (line.before, line.after) == ("pending_merchant", "rejected")
    assert line.params["reject_reason"] == "no_evidence"
    assert line.params["evidence"] == [
        {"url": a_photo().url, "media_type": "image/jpeg", "size_bytes": a_photo().size_bytes}
    ]
    assert render(line).zh_cn == f"商家拒绝售后单 {FIRST_TICKET}:缺少凭证"
    assert render(line).en == f"Merchant rejected ticket {FIRST_TICKET}: No evidence given"


def test_an_application_past_the_period_says_so_in_words() -> None:
    line = log_of(order_with_ticket())[-1]
    assert line.code == "overdue_ticket_created"
    assert "超期售后" in render(line).zh_cn
    assert "past the after-sales period" in render(line).en


def test_instants_are_said_in_shanghai_time_and_amounts_as_money() -> None:
    refunded = (
        order_with_ticket()
        .then(agree(), at=OPENED + 2 * HOUR)
        .then(refund_arrived(), at=OPENED + 3 * HOUR)
    )
    said = [render(line).en for line in log_of(refunded)]
    # The entry expires at 04:00 UTC, which is noon in Shanghai.
    assert said[3].endswith("open until 2021-03-20 12:00")
    assert said[-1] == f"Refund of CNY 10.00 for ticket {FIRST_TICKET} succeeded"


def test_what_the_clock_did_is_told_apart_from_what_the_merchant_did() -> None:
    by_clock = log_of(order_with_ticket().once_timers_ran(at=OPENED + 3 * DAY))[-1]
    assert by_clock.code == "application_agreed_automatically"
    reminded = order_with_open_entry().once_timers_ran(at=EXPIRES - HOUR)
    unused = log_of(reminded.once_timers_ran(at=EXPIRES))
    assert [line.code for line in unused[-2:]] == [
        "entry_expiring",
        "entry_expired_unused",
    ]
    again = order_with_open_entry().then(OpenAfterSalesEntry(), at=EXPIRES + HOUR)
    assert [line.after for line in log_of(again)[-2:]] == ["closed", "open"]

"""docs/states.md: what the rules say of themselves, kept current and sound for Mermaid."""

import re
from functools import cache

from app.domain.order.tickets import TicketState, TicketType
from app.domain.refunds import PayoutStatus, RefundStatus
from tools.checks.states.__main__ import PAGE
from tools.checks.states.money import REPORTED_BY_FINANCE, UNFUNDED
from tools.checks.states.page import operation_of, page

LABEL = r"[a-z0-9_, ]+"
TRANSITION = re.compile(rf"    (\[\*\]|[a-z_]+) --> (\[\*\]|[a-z_]+)( : {LABEL}(<br/>{LABEL})*)?")


@cache
def page_now() -> str:
    """Return the page as the rules make it, which takes seconds."""
    return page()


def diagrams() -> list[list[str]]:
    """Return the lines of each diagram of the page."""
    return [
        found.splitlines() for found in re.findall(r"```mermaid\n(.*?)```", page_now(), re.DOTALL)
    ]


def test_the_page_is_what_the_rules_say_now() -> None:
    assert PAGE.read_text("utf-8") == page_now(), "run: make states"


def test_every_line_of_a_diagram_is_one_mermaid_cannot_misread() -> None:
    assert diagrams()
    for first, *lines in diagrams():
        assert first == "stateDiagram-v2"
        assert [line for line in lines if TRANSITION.fullmatch(line) is None] == []
        pairs = [line.split(" : ")[0] for line in lines]
        assert len(set(pairs)) == len(pairs)


def test_every_type_has_its_diagram_and_every_state_is_in_one() -> None:
    headings = [line for line in page_now().splitlines() if line.startswith("## ")]
    for ticket_type in TicketType:
        assert sum(ticket_type.text.zh_cn in line for line in headings) == 1
    drawn = {word for lines in diagrams() for line in lines for word in line.split()}
    assert {state.value for state in TicketState} <= drawn


def test_every_status_of_a_refund_and_of_a_payout_is_in_the_diagram_of_the_money() -> None:
    statuses = {f"refund_{status.value}" for status in RefundStatus}
    statuses |= {f"payout_{status.value}" for status in PayoutStatus}
    (money,) = [lines for lines in diagrams() if "    [*] --> unfunded" in lines]
    drawn = {word for line in money for word in line.split(" : ")[0].split()}
    assert drawn - {"stateDiagram-v2", "-->", "[*]"} == statuses | {UNFUNDED, REPORTED_BY_FINANCE}
    ended = {line.split()[0] for line in money if line.endswith("--> [*]")}
    assert ended == {"refund_succeeded", "payout_paid", REPORTED_BY_FINANCE}


def test_a_command_is_named_as_its_operation() -> None:
    assert operation_of("ShipGoodsBack") == "ship_goods_back"

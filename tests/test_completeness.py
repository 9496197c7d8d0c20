"""What no type checker sees: tables of texts without gaps, commands with routes, views compared."""

import ast
from pathlib import Path
from typing import get_args

import app
from app.api.operations import OPERATIONS
from app.domain.order import commands
from app.domain.text import TextEnum
from app.event_types.registry import ENDPOINT_EVENT_TYPES, FUNDS_EVENT_TYPES, ORDER_EVENT_TYPES
from app.projection_registry import READERS, metadata
from app.reactions.table import REACTIONS
from tests.projections.event_log import TABLES

APP = Path(str(app.__file__)).parent
NOT_OF_READERS = {
    *("log_heads", "events", "idempotency_keys", "checkpoints", "api_keys"),
    *("notification_reads", "inbox_marks", "notification_preferences", "devices", "pushes"),
    *("test_clocks", "assistant_rules", "assistant_work"),
    *("webhook_endpoints", "webhook_endpoint_changes", "webhook_queues", "webhook_paces"),
    *("webhook_messages", "webhook_deliveries", "webhook_attempts"),
}


def test_every_code_for_people_has_its_texts() -> None:
    codes = [code for kind in TextEnum.__subclasses__() for code in kind]
    assert {code.value for code in codes} > {"refund_only", "other", "entry.opened", "paid_twice"}
    assert [code for code in codes if not (code.text.zh_cn and code.text.en)] == []


def test_every_stored_event_has_its_row_of_reactions_and_those_of_orders_a_log_line() -> None:
    stored = {*ORDER_EVENT_TYPES, *FUNDS_EVENT_TYPES, *ENDPOINT_EVENT_TYPES}
    assert set(REACTIONS) == stored
    with_lines = {event for event, reaction in REACTIONS.items() if reaction.lines}
    assert with_lines == set(ORDER_EVENT_TYPES)


def test_every_table_of_a_view_is_compared_after_a_replay() -> None:
    tables = {table.name for table in metadata.tables.values()} - NOT_OF_READERS
    assert set(TABLES) == tables
    kept_with_another = {"balances"}
    assert len(READERS) == len(tables - kept_with_another)


def test_every_command_is_issued_somewhere_outside_the_domain() -> None:
    called = {
        node.func.id
        for path in APP.rglob("*.py")
        if "domain" not in path.relative_to(APP).parts
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    offered = {operation.command.__name__ for operation in OPERATIONS if operation.command}
    assert {command.__name__ for command in get_args(commands.OrderCommand)} <= called | offered

"""The story, told with what openapi-python-client generates."""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from aftersales_client import AuthenticatedClient
from aftersales_client.api.after_sales_entry import get_after_sales_entry, open_after_sales_entry
from aftersales_client.api.applications import request_refund
from aftersales_client.api.orders import (
    get_order,
    list_orders,
    record_receipt_confirmation,
    register_order,
)
from aftersales_client.api.tickets import (
    agree_to_application,
    get_ticket,
    list_tickets,
    record_refund_success,
)
from aftersales_client.models import (
    AcknowledgeCostBody,
    CashOnDelivery,
    OnlinePayment,
    OpenEntryBody,
    Order,
    Problem,
    ReceiptConfirmationBody,
    RegisterOrderBody,
    RequestRefundBody,
)
from aftersales_client.types import UNSET, Response, Unset

T = TypeVar("T")


def main(path: str, mode: str) -> None:
    """Tell the story in a file, or look at what tomorrow's service says."""
    given = json.loads(Path(path).read_text("utf-8"))
    (tell if mode == "tell" else look_at_tomorrow)(given)


def tell(given: dict[str, Any]) -> None:
    """Tell the whole story."""
    shop, order_id, other_id = given["shop_id"], given["order_id"], given["other_order_id"]
    platform, merchant = client(given, "platform"), client(given, "merchant")
    consumer = client(given, "consumer")

    for step, name in (("register_order", "order"), ("register_other_order", "other_order")):
        body = RegisterOrderBody.from_dict(given[name])
        registered = register_order.sync_detailed(shop, client=platform, body=body)
        order = wanted(registered, Order)
        payment: OnlinePayment | CashOnDelivery = order.payment
        method: str = payment.method
        amount: int = payment.amount.amount
        observed(step, registered, order_id=order.order_id, method=method, amount=amount)

    future = ReceiptConfirmationBody.from_dict(given["future_receipt_confirmation"])
    refused = record_receipt_confirmation.sync_detailed(
        shop, order_id, client=platform, body=future
    )
    problem = wanted(refused, Problem)
    observed("receipt_in_future", refused, code=problem.code, repeatable=problem.repeatable)
    receipt = ReceiptConfirmationBody.from_dict(given["receipt_confirmation"])
    confirmed = record_receipt_confirmation.sync_detailed(
        shop, order_id, client=platform, body=receipt
    )
    observed("record_receipt_confirmation", confirmed, order_id=wanted(confirmed, Order).order_id)

    checked = get_after_sales_entry.sync_detailed(shop, order_id, client=merchant)
    entry = granted(checked)
    observed(
        "get_after_sales_entry",
        checked,
        state=entry.state,
        eligible=entry.eligibility.eligible,
        rules=len(entry.eligibility.rules),
    )
    opening = OpenEntryBody.from_dict(given["opening"])
    not_eligible = open_after_sales_entry.sync_detailed(
        shop, other_id, client=merchant, body=opening
    )
    problem = wanted(not_eligible, Problem)
    failed: list[str] = sorted(rule.code for rule in problem.failed_rules or [])
    observed("open_refused", not_eligible, code=problem.code, failed_rules=failed)
    key = str(uuid4())
    for step in ("open_after_sales_entry", "open_again_under_the_same_key"):
        opened = open_after_sales_entry.sync_detailed(
            shop, order_id, client=merchant, body=opening, idempotency_key=key
        )
        open_entry = granted(opened)
        observed(
            step,
            opened,
            state=open_entry.state,
            generation=open_entry.generation,
            replayed=opened.headers.get("idempotency-replayed") == "true",
        )

    applied = request_refund.sync_detailed(
        shop,
        order_id,
        client=consumer,
        body=RequestRefundBody.from_dict(given["refund"]),
        idempotency_key=str(uuid4()),
    )
    ticket = granted(applied)
    observed(
        "request_refund",
        applied,
        ticket_id=ticket.ticket_id,
        state=ticket.state,
        overdue=ticket.overdue,
        label=ticket.labels[0].text.zh_cn,
    )
    stale = agree_to_application.sync_detailed(
        shop,
        ticket.ticket_id,
        client=merchant,
        if_match=f'"{ticket.version - 1}"',
        body=AcknowledgeCostBody.from_dict(given["opening"]),
    )
    observed("decide_on_a_stale_version", stale, code=wanted(stale, Problem).code)
    # Everything optional is left out: body, key and version.
    agreed = agree_to_application.sync_detailed(shop, ticket.ticket_id, client=merchant)
    observed("agree_to_application", agreed, state=granted(agreed).state)
    paid = record_refund_success.sync_detailed(
        shop, ticket.ticket_id, client=platform, idempotency_key=str(uuid4())
    )
    observed("record_refund_success", paid, state=granted(paid).state)

    ids, one_each = until(lambda: page_by_page(merchant, shop), lambda found: len(found[0]) == 2)
    print_line("list_orders_by_cursor", 200, orders=sorted(ids), pages_of_one=one_each)
    looked = get_order.sync_detailed(shop, order_id, client=merchant)
    detail = granted(looked)
    logged = sorted(line.code for line in detail.operation_log)
    observed("get_order", looked, tickets=len(detail.tickets), logged=logged)
    missing = get_order.sync_detailed(shop, "nobody-knows-it", client=merchant)
    observed("order_not_found", missing, code=wanted(missing, Problem).code)


def look_at_tomorrow(given: dict[str, Any]) -> None:
    """Read what a later version says: more fields, and values nobody has heard of."""
    shop, order_id, ticket_id = given["shop_id"], given["order_id"], given["ticket_id"]
    merchant = client(given, "merchant")
    looked = get_order.sync_detailed(shop, order_id, client=merchant)
    order = granted(looked)
    observed("get_order", looked, state=order.after_sales_entry.state, tickets=len(order.tickets))
    shown = get_ticket.sync_detailed(shop, ticket_id, client=merchant)
    observed("get_ticket", shown, state=granted(shown).state)
    listed = list_tickets.sync_detailed(shop, client=merchant)
    observed("list_tickets", listed, state=granted(listed).tickets[0].state)
    checked = get_after_sales_entry.sync_detailed(shop, order_id, client=merchant)
    entry = granted(checked)
    observed(
        "get_after_sales_entry", checked, state=entry.state, rules=len(entry.eligibility.rules)
    )
    missing = get_order.sync_detailed(shop, "nobody-knows-it", client=merchant)
    observed("order_not_found", missing, code=wanted(missing, Problem).code)


def page_by_page(merchant: AuthenticatedClient, shop: str) -> tuple[list[str], bool]:
    """List orders one a page; return their ids, and whether no page held more."""
    ids: list[str] = []
    one_each, cursor = True, UNSET
    after: str | Unset = cursor
    while True:
        page = granted(list_orders.sync_detailed(shop, client=merchant, limit=1, cursor=after))
        ids += [order.order_id for order in page.orders]
        one_each = one_each and len(page.orders) <= 1
        if page.next_cursor is None:
            return ids, one_each
        after = page.next_cursor


def client(given: dict[str, Any], role: str) -> AuthenticatedClient:
    """Return a client that calls in somebody's name."""
    return AuthenticatedClient(base_url=given["url"], token=given["credentials"][role])


def wanted(response: "Response[Any]", kind: type[T]) -> T:
    """Return the answer if it is of a kind."""
    if not isinstance(response.parsed, kind):
        raise SystemExit(f"not a {kind.__name__}: {response.status_code} {response.content!r}")
    return response.parsed


def granted(response: "Response[Problem | T]") -> T:
    """Return what was asked for; end with the problem if there is one."""
    if response.parsed is None or isinstance(response.parsed, Problem):
        raise SystemExit(f"refused: {response.status_code} {response.content!r}")
    return response.parsed


def until(ask: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """Ask again until the answer is enough: lists may lag by milliseconds."""
    deadline = time.monotonic() + 20
    while not enough(answer := ask()):
        if time.monotonic() > deadline:
            raise SystemExit(f"still {answer} after 20 s")
    return answer


def observed(step: str, response: "Response[Any]", **values: Any) -> None:
    """Print what was seen."""
    print_line(step, int(response.status_code), **values)


def print_line(step: str, status: int, **values: Any) -> None:
    """Print a line of JSON."""
    print(json.dumps({"step": step, "status": status, **values}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

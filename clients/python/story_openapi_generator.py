"""The story, told with what openapi-generator generates for Python."""

import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from aftersales import (
    AfterSalesEntryApi,
    ApiClient,
    ApiException,
    ApplicationsApi,
    Configuration,
    OpenEntryBody,
    OrdersApi,
    Payment,
    Problem,
    ReceiptConfirmationBody,
    RegisterOrderBody,
    RequestRefundBody,
    TicketsApi,
)

T = TypeVar("T")


def main(path: str, mode: str) -> None:
    """Tell the story in a file, or look at what tomorrow's service says."""
    given = json.loads(Path(path).read_text("utf-8"))
    (tell if mode == "tell" else look_at_tomorrow)(given)


def tell(given: dict[str, Any]) -> None:
    """Tell the whole story."""
    shop, order_id = given["shop_id"], given["order_id"]
    platform, merchant = client(given, "platform"), client(given, "merchant")
    by_platform, orders, entries = (
        OrdersApi(platform),
        OrdersApi(merchant),
        AfterSalesEntryApi(merchant),
    )
    tickets = TicketsApi(merchant)

    for step, name in (("register_order", "order"), ("register_other_order", "other_order")):
        body = taken(RegisterOrderBody.from_dict(given[name]))
        registered = by_platform.register_order_with_http_info(shop, body)
        method, amount = paid(registered.data.payment)
        order = registered.data.order_id
        observed(step, registered.status_code, order_id=order, method=method, amount=amount)
    future = taken(ReceiptConfirmationBody.from_dict(given["future_receipt_confirmation"]))
    status, problem = refused(
        lambda: by_platform.record_receipt_confirmation(shop, order_id, future)
    )
    observed("receipt_in_future", status, code=problem.code, repeatable=problem.repeatable)
    receipt = taken(ReceiptConfirmationBody.from_dict(given["receipt_confirmation"]))
    confirmed = by_platform.record_receipt_confirmation_with_http_info(shop, order_id, receipt)
    observed("record_receipt_confirmation", confirmed.status_code, order_id=confirmed.data.order_id)

    checked = entries.get_after_sales_entry_with_http_info(shop, order_id)
    eligibility = checked.data.eligibility
    observed(
        "get_after_sales_entry",
        checked.status_code,
        state=checked.data.state,
        eligible=eligibility.eligible,
        rules=len(eligibility.rules),
    )
    opening = taken(OpenEntryBody.from_dict(given["opening"]))
    status, problem = refused(
        lambda: entries.open_after_sales_entry(shop, given["other_order_id"], opening)
    )
    failed = sorted(rule.code for rule in problem.failed_rules or [])
    observed("open_refused", status, code=problem.code, failed_rules=failed)
    key = str(uuid4())
    for step in ("open_after_sales_entry", "open_again_under_the_same_key"):
        opened = entries.open_after_sales_entry_with_http_info(
            shop, order_id, opening, idempotency_key=key
        )
        observed(
            step,
            opened.status_code,
            state=opened.data.state,
            generation=opened.data.generation,
            replayed=header(opened.headers, "Idempotency-Replayed") == "true",
        )

    refund = taken(RequestRefundBody.from_dict(given["refund"]))
    applied = ApplicationsApi(client(given, "consumer")).request_refund_with_http_info(
        shop, order_id, str(uuid4()), refund
    )
    ticket = applied.data
    observed(
        "request_refund",
        applied.status_code,
        ticket_id=ticket.ticket_id,
        state=ticket.state,
        overdue=ticket.overdue,
        label=ticket.labels[0].text.zh_cn,
    )
    status, problem = refused(
        lambda: tickets.agree_to_application(
            shop, ticket.ticket_id, if_match=f'"{ticket.version - 1}"'
        )
    )
    observed("decide_on_a_stale_version", status, code=problem.code)
    # Everything optional is left out: body, key and version.
    agreed = tickets.agree_to_application_with_http_info(shop, ticket.ticket_id)
    observed("agree_to_application", agreed.status_code, state=agreed.data.state)
    succeeded = TicketsApi(platform).record_refund_success_with_http_info(
        shop, ticket.ticket_id, str(uuid4())
    )
    observed("record_refund_success", succeeded.status_code, state=succeeded.data.state)

    ids, one_each = until(lambda: page_by_page(orders, shop), lambda found: len(found[0]) == 2)
    observed("list_orders_by_cursor", 200, orders=sorted(ids), pages_of_one=one_each)
    looked = orders.get_order_with_http_info(shop, order_id)
    logged = sorted(line.code for line in looked.data.operation_log)
    observed("get_order", looked.status_code, tickets=len(looked.data.tickets), logged=logged)
    missing(orders, shop)


def look_at_tomorrow(given: dict[str, Any]) -> None:
    """Read what a later version says: more fields, and values nobody has heard of."""
    shop, order_id = given["shop_id"], given["order_id"]
    merchant = client(given, "merchant")
    orders, tickets = OrdersApi(merchant), TicketsApi(merchant)
    order = orders.get_order(shop, order_id)
    state = order.after_sales_entry.state
    observed("get_order", 200, state=state, tickets=len(order.tickets))
    observed("get_ticket", 200, state=tickets.get_ticket(shop, given["ticket_id"]).state)
    observed("list_tickets", 200, state=tickets.list_tickets(shop).tickets[0].state)
    entry = AfterSalesEntryApi(merchant).get_after_sales_entry(shop, order_id)
    rules = len(entry.eligibility.rules)
    observed("get_after_sales_entry", 200, state=entry.state, rules=rules)
    missing(orders, shop)


def missing(orders: OrdersApi, shop: str) -> None:
    """Ask for an order nobody knows."""
    status, problem = refused(lambda: orders.get_order(shop, "nobody-knows-it"))
    observed("order_not_found", status, code=problem.code)


def page_by_page(orders: OrdersApi, shop: str) -> tuple[list[str], bool]:
    """List orders one a page; return their ids, and whether no page held more."""
    ids: list[str] = []
    one_each, cursor = True, None
    while True:
        page = orders.list_orders(shop, limit=1, cursor=cursor)
        ids += [order.order_id for order in page.orders]
        one_each = one_each and len(page.orders) <= 1
        if page.next_cursor is None:
            return ids, one_each
        cursor = page.next_cursor


def header(headers: Mapping[str, str] | None, name: str) -> str | None:
    """Return a header, whose name may be written in any case."""
    return {key.lower(): value for key, value in (headers or {}).items()}.get(name.lower())


def taken(body: T | None) -> T:
    """Return a body that was given; the generated readers take None as well."""
    assert body is not None  # noqa: S101 - the story's file has it
    return body


def paid(payment: Payment) -> tuple[str, int]:
    """Return how and how much was paid."""
    method = payment.actual_instance
    assert method is not None  # noqa: S101 - a payment is one of its kinds
    return method.method, method.amount.amount


def refused(ask: Callable[[], object]) -> tuple[int, Problem]:
    """Return status and problem of a request that is refused."""
    try:
        ask()
    except ApiException as refusal:
        if not isinstance(refusal.data, Problem):
            raise
        return refusal.status, refusal.data
    raise SystemExit("granted")


def client(given: dict[str, Any], role: str) -> ApiClient:
    """Return a client that calls in somebody's name."""
    return ApiClient(Configuration(host=given["url"], access_token=given["credentials"][role]))


def until(ask: Callable[[], T], enough: Callable[[T], bool]) -> T:
    """Ask again until the answer is enough: lists may lag by milliseconds."""
    deadline = time.monotonic() + 20
    while not enough(answer := ask()):
        if time.monotonic() > deadline:
            raise SystemExit(f"still {answer} after 20 s")
        time.sleep(0.05)
    return answer


def observed(step: str, status: int, **values: Any) -> None:
    """Print a line of JSON: what was seen."""
    print(json.dumps({"step": step, "status": status, **values}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Orders, their after-sales entries, and the applications that make tickets of them."""

from datetime import datetime
from functools import partial
from typing import Any

from app.access.scopes import Scope
from app.api.command_operation import REQUIRED, PathValues, Target, command_operation
from app.api.operation import (
    CONSUMER,
    EVERYBODY,
    MERCHANT,
    PLATFORM,
    PLATFORM_PATH,
    SHOP,
    Operation,
    Roles,
    operation,
)
from app.api.request_context import Presenter, RequestContext
from app.api.resources import (
    entries,
    entry_models,
    import_orders,
    order_models,
    orders,
    ticket_bodies,
)
from app.api.resources.ticket_models import Ticket, ticket_on_wire
from app.domain.order import applications, registration
from app.domain.order import entries as domain_entries
from app.projections.orders.view import OrderView

ORDER = f"{SHOP}/orders/{{order_id}}"
ENTRY = f"{ORDER}/after-sales-entry"

_FACT = ("fact_in_future", "fact_before_order", "fact_out_of_order", "fact_conflict")
_APPLICATION = (
    *("entry_not_open", "application_limit_reached", "ticket_already_active"),
    *("item_not_in_order", "item_repeated", "quantity_exceeded"),
    *("amount_exceeds_refundable", "reason_not_for_type"),
)


def _show_order(_call: RequestContext, _path: PathValues) -> Presenter:
    return order_models.order_on_wire


def _show_entry(call: RequestContext, _path: PathValues) -> Presenter:
    return partial(entry_models.opened_entry_on_wire, open_books=call.open_books)


def _show_newest_ticket(_call: RequestContext, _path: PathValues) -> Presenter:
    def present(view: OrderView, _now: datetime) -> Ticket:
        return ticket_on_wire(view.tickets[-1])

    return present


def _registered(
    _call: RequestContext, path_values: PathValues, body: order_models.RegisterOrderBody
) -> registration.RegisterOrder:
    return registration.RegisterOrder(facts=order_models.facts_of(path_values["shop_id"], body))


def _fact(
    command: type[Any], path: str, summary: str, description: str, **options: Any
) -> Operation:
    target = Target(path=f"{SHOP}/orders", present=_show_order)
    given = {"problems": _FACT, **options}
    return command_operation(
        target, command, PLATFORM, summary, description, path=path, tag="orders",
        scope=Scope.ORDERS_WRITE, response=order_models.Order, **given,
    )  # fmt: skip


def _on_entry(
    command: type[Any], path: str, roles: Roles, summary: str, description: str, **options: Any
) -> Operation:
    target = Target(path=ENTRY, present=_show_entry)
    return command_operation(
        target, command, roles, summary, description, path=path, tag="after-sales entry",
        response=entry_models.OpenedEntry, **options,
    )  # fmt: skip


def _application(
    command: type[Any], path: str, summary: str, description: str, *own: str, body: type[Any]
) -> Operation:
    target = Target(path=ORDER, present=_show_newest_ticket)
    return command_operation(
        target, command, CONSUMER, summary, description, path=path, tag="applications",
        scope=Scope.TICKETS_WRITE, response=Ticket, status=201, body=body, key=REQUIRED,
        problems=(*_APPLICATION, *own),
    )  # fmt: skip


# fmt: off
OPERATIONS = (
    _fact(
        registration.RegisterOrder, "", "Register an order",
        """Register an order as the platform's order system knows it.

        The same facts again change nothing; other facts for a known order are a conflict.
        """,
        body=order_models.RegisterOrderBody, make=_registered, status=201,
        responses={200: {
            "model": order_models.Order,
            "description": "The order was registered before with these facts.",
        }},
        problems=("order_facts_conflict", "fact_in_future", "fact_before_order",
                  "items_do_not_add_up", "item_repeated"),
    ),
    _fact(
        registration.RecordShipment, "/{order_id}/shipment", "Report that an order was shipped",
        "Record when the goods were shipped. The same instant again changes nothing.",
        body=order_models.ShipmentBody,
    ),
    _fact(
        registration.RecordReceiptConfirmation, "/{order_id}/receipt-confirmation",
        "Report that the buyer confirmed receipt",
        """Record when receipt was confirmed.

        The after-sales period of 7 days runs from there.
        """,
        body=order_models.ReceiptConfirmationBody,
    ),
    _fact(
        registration.RecordSettlement, "/{order_id}/settlement",
        "Report that an order was settled",
        "Record when the money left escrow for the shop's accounts.",
        body=order_models.SettlementBody,
    ),
    operation(
        "get_order", "GET", ORDER, EVERYBODY, Scope.ORDERS_READ,
        "Get an order with its operation log", orders.get_order,
        tag="orders", response=order_models.OrderDetail, problems=("order_not_found",),
    ),
    operation(
        "list_orders", "GET", f"{SHOP}/orders", EVERYBODY, Scope.ORDERS_READ,
        "List a shop's orders", orders.get_orders,
        tag="orders", response=order_models.OrderPage, problems=("cursor_invalid",),
    ),
    operation(
        "import_shop_orders", "POST", f"{SHOP}/orders/import", PLATFORM, Scope.ORDERS_WRITE,
        "Import orders of one shop", import_orders.import_shop_orders,
        tag="orders", responses={200: import_orders.RESULTS}, openapi_extra=import_orders.BODY,
        problems=("body_incomplete", "media_type_unsupported"),
    ),
    operation(
        "import_orders", "POST", f"{PLATFORM_PATH}/orders/import", PLATFORM, Scope.ORDERS_WRITE,
        "Import orders of any shops", import_orders.import_orders,
        tag="orders", responses={200: import_orders.RESULTS}, openapi_extra=import_orders.BODY,
        problems=("body_incomplete", "media_type_unsupported"),
    ),

    operation(
        "get_after_sales_entry", "GET", ENTRY, EVERYBODY, Scope.ORDERS_READ,
        "Get the entry, its eligibility and the cost of opening it", entries.get_after_sales_entry,
        tag="after-sales entry", response=entry_models.AfterSalesEntryDetail,
        problems=("order_not_found",),
    ),
    _on_entry(
        domain_entries.OpenAfterSalesEntry, "/open", MERCHANT,
        "Open the after-sales entry for five days",
        """Open the entry of one order, once its cost has been acknowledged (打开售后入口).

        An entry that is open stays as it is, with its own expiry. A refusal names every failed
        rule. A shop that owes more than it may opens no entry until a top-up.
        """,
        scope=Scope.ENTRIES_WRITE, body=entry_models.OpenEntryBody, if_match=True,
        problems=("not_eligible", "shop_restricted"),
    ),
    operation(
        "open_after_sales_entries", "POST", f"{SHOP}/after-sales-entries/open", MERCHANT,
        Scope.ENTRIES_WRITE, "Open the entries of up to 100 orders",
        entries.open_after_sales_entries,
        tag="after-sales entry", response=entry_models.OpenEntriesResult,
    ),
    _on_entry(
        domain_entries.RequestEntryReopening, "/reopening-request", CONSUMER,
        "Ask for the closed entry to be opened again",
        "Ask the merchant to open the entry again. While a request waits, another changes nothing.",
        scope=Scope.TICKETS_WRITE, body=entry_models.ReopeningRequestBody,
        problems=("entry_never_opened", "entry_still_open"),
    ),
    _on_entry(
        domain_entries.DeclineEntryReopening, "/decline", MERCHANT,
        "Decline to open the entry again",
        "Decline the consumer's request, for a coded reason that the consumer sees.",
        scope=Scope.ENTRIES_WRITE, body=entry_models.DeclineReopeningBody, if_match=True,
        problems=("reopening_not_requested",),
    ),

    _application(
        applications.RequestRefund, "/refund-requests",
        "Apply for money back, with or without return",
        """Apply for a refund. Past the period this needs an open entry, and the ticket is labelled.

        In the period an order takes 5 applications; through an opened entry they are not counted.
        """,
        "nothing_requested", body=ticket_bodies.RequestRefundBody,
    ),
    _application(
        applications.RequestExchange, "/exchange-requests", "Apply for an exchange",
        "Apply for goods to be exchanged: they go back, others come.",
        body=ticket_bodies.RequestGoodsBody,
    ),
    _application(
        applications.RequestReissue, "/reissue-requests", "Apply for missing goods to be sent",
        "Apply for goods to be sent again; nothing goes back.",
        body=ticket_bodies.RequestGoodsBody,
    ),
    _application(
        applications.RequestRepair, "/repair-requests", "Apply for a repair",
        "Apply for goods to be repaired: they go back and return.",
        body=ticket_bodies.RequestGoodsBody,
    ),
)
# fmt: on

"""Orders, their after-sales entries, and the applications that make tickets of them."""

from datetime import datetime
from functools import partial
from typing import Any

from app.access.scopes import Scope
from app.api.command_operation import REQUIRED, PathValues, Target, command_operation
from app.api.operation import CONSUMER, MERCHANT, PLATFORM, SHOP, Operation, Roles
from app.api.request_context import Presenter, RequestContext
from app.api.wire import applications as wire_applications
from app.api.wire import entries as wire_entries
from app.api.wire import orders as wire_orders
from app.api.wire.tickets import Ticket, ticket_on_wire
from app.domain.order import applications, entries, registration
from app.projections.orders.view import OrderView

ORDER_PATH = f"{SHOP}/orders/{{order_id}}"
ENTRY_PATH = f"{ORDER_PATH}/after-sales-entry"


def _show_order(_call: RequestContext, _path: PathValues) -> Presenter:
    return wire_orders.order_on_wire


def _show_entry(call: RequestContext, _path: PathValues) -> Presenter:
    return partial(wire_entries.opened_entry_on_wire, open_books=call.open_books)


def _show_newest_ticket(_call: RequestContext, _path: PathValues) -> Presenter:
    def present(view: OrderView, _now: datetime) -> Ticket:
        return ticket_on_wire(view.tickets[-1])

    return present


_FACT_PROBLEMS = ("fact_in_future", "fact_before_order")
_TOLD = Target(path=ORDER_PATH, present=_show_order)
_ENTRY = Target(path=ENTRY_PATH, present=_show_entry)
_APPLIED = Target(path=ORDER_PATH, present=_show_newest_ticket)


def _fact(
    command: type[Any], summary: str, description: str, *, target: Target = _TOLD, **options: Any
) -> Operation:
    return command_operation(
        target,
        command,
        PLATFORM,
        summary,
        description,
        tag="orders",
        scope=Scope.ORDERS_WRITE,
        response=wire_orders.Order,
        **options,
    )


def _of_entry(
    command: type[Any],
    roles: Roles,
    scope: Scope,
    summary: str,
    description: str,
    **options: Any,
) -> Operation:
    return command_operation(
        _ENTRY,
        command,
        roles,
        summary,
        description,
        tag="after-sales entry",
        scope=scope,
        response=wire_entries.OpenedEntry,
        **options,
    )


def _application(
    command: type[Any],
    summary: str,
    description: str,
    *,
    problems: tuple[str, ...] = (),
    **options: Any,
) -> Operation:
    return command_operation(
        _APPLIED,
        command,
        CONSUMER,
        summary,
        description,
        tag="applications",
        scope=Scope.TICKETS_WRITE,
        response=Ticket,
        key=REQUIRED,
        status=201,
        problems=(
            "entry_not_open",
            "application_limit_reached",
            "ticket_already_active",
            "item_not_in_order",
            "item_repeated",
            "quantity_exceeded",
            "amount_exceeds_refundable",
            "reason_not_for_type",
            *problems,
        ),
        **options,
    )


def _registered(
    _call: RequestContext, path_values: PathValues, body: wire_orders.RegisterOrderBody
) -> registration.RegisterOrder:
    return registration.RegisterOrder(facts=wire_orders.facts_of(path_values["shop_id"], body))


COMMANDS = (
    _fact(
        registration.RegisterOrder,
        "Register an order",
        """Take note of an order as the platform's order system knows it.

        The same facts again change nothing; other facts for a known order are a conflict.
        """,
        target=Target(path=f"{SHOP}/orders", present=_show_order),
        path="",
        body=wire_orders.RegisterOrderBody,
        make=_registered,
        status=201,
        responses={
            200: {
                "model": wire_orders.Order,
                "description": "The order was registered before with these facts.",
            }
        },
        problems=("order_facts_conflict", *_FACT_PROBLEMS, "items_do_not_add_up", "item_repeated"),
    ),
    *(
        _fact(
            command,
            summary,
            description,
            path=path,
            body=body,
            problems=(*_FACT_PROBLEMS, "fact_out_of_order", "fact_conflict"),
        )
        for command, path, body, summary, description in (
            (
                registration.RecordShipment,
                "/shipment",
                wire_orders.ShipmentBody,
                "Report that an order was shipped",
                "Take note of when the goods were shipped. The same instant again changes nothing.",
            ),
            (
                registration.RecordReceiptConfirmation,
                "/receipt-confirmation",
                wire_orders.ReceiptConfirmationBody,
                "Report that the buyer confirmed receipt",
                "Take note of when receipt was confirmed; the period of 7 days runs from there.",
            ),
            (
                registration.RecordSettlement,
                "/settlement",
                wire_orders.SettlementBody,
                "Report that an order was settled",
                "Take note of when the money left escrow for the shop's accounts.",
            ),
        )
    ),
    _of_entry(
        entries.OpenAfterSalesEntry,
        MERCHANT,
        Scope.ENTRIES_WRITE,
        "Open the after-sales entry for five days",
        """Open the entry of one order, once its cost has been acknowledged (打开售后入口).

        An entry that is open stays as it is, with its own expiry. A refusal names every failed
        rule. A shop that owes more than it may opens no entry until a top-up.
        """,
        path="/open",
        body=wire_entries.OpenEntryBody,
        if_match=True,
        problems=("not_eligible", "shop_restricted"),
    ),
    _of_entry(
        entries.RequestEntryReopening,
        CONSUMER,
        Scope.TICKETS_WRITE,
        "Ask for the closed entry to be opened again",
        "Ask the merchant to open the entry again. While a request waits, another changes nothing.",
        path="/reopening-request",
        body=wire_entries.ReopeningRequestBody,
        problems=("entry_never_opened", "entry_still_open"),
    ),
    _of_entry(
        entries.DeclineEntryReopening,
        MERCHANT,
        Scope.ENTRIES_WRITE,
        "Decline to open the entry again",
        "Answer the consumer's request with no, for a coded reason the consumer is told.",
        path="/decline",
        body=wire_entries.DeclineReopeningBody,
        if_match=True,
        problems=("reopening_not_requested",),
    ),
    _application(
        applications.RequestRefund,
        "Apply for money back, with or without return",
        """Apply for a refund. Past the period this needs an open entry, and the ticket is labelled.

        In the period an order takes 5 applications; through an opened entry they are not counted.
        """,
        path="/refund-requests",
        body=wire_applications.RequestRefundBody,
        problems=("nothing_requested",),
    ),
    _application(
        applications.RequestExchange,
        "Apply for an exchange",
        "Apply for goods to be exchanged: they go back, others come.",
        path="/exchange-requests",
        body=wire_applications.RequestGoodsBody,
    ),
    _application(
        applications.RequestReissue,
        "Apply for missing goods to be sent",
        "Apply for goods to be sent again; nothing goes back.",
        path="/reissue-requests",
        body=wire_applications.RequestGoodsBody,
    ),
    _application(
        applications.RequestRepair,
        "Apply for a repair",
        "Apply for goods to be repaired: they go back and return.",
        path="/repair-requests",
        body=wire_applications.RequestGoodsBody,
    ),
)

"""A request about an order, and the answer the rules say it must get."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tools.oracle.decisions import DECISIONS, Asking, decide
from tools.oracle.order import PlainOrder
from tools.oracle.passing_time import pass_time
from tools.oracle.rules import APPLICATIONS, status_of
from tools.oracle.ticket import PlainTicket, Refused

_ENTRY_ACTS = {
    "open_after_sales_entry": ("after-sales-entry/open", "merchant"),
    "request_entry_reopening": ("after-sales-entry/reopening-request", "consumer"),
    "decline_entry_reopening": ("after-sales-entry/decline", "merchant"),
}
_FACTS = {
    "record_shipment": ("shipment", "shipped", "shipped_at"),
    "record_receipt_confirmation": ("receipt-confirmation", "received", "confirmed_at"),
    "record_settlement": ("settlement", "settled", "settled_at"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A request, named as its operation is.

    ``ticket`` is the number of the ticket it is about, counted from 1, None for the order itself.
    ``stranger``: the credential is of the right role, but another buyer's or another shop's.
    ``if_match`` is the version it is decided on. ``nonsense``: the body has a field too many.
    """

    name: str
    by: str
    key: str
    body: Mapping[str, Any] | None = None
    ticket: int | None = None
    if_match: int | None = None
    stranger: bool = False
    nonsense: bool = False

    def path(self, shop_id: str, order_id: str) -> str:
        """Return where it is asked."""
        shop = f"/v1/shops/{shop_id}"
        if self.ticket is not None:
            decision = self.name.replace("_", "-")
            return f"{shop}/tickets/{order_id}-{self.ticket}/{decision}"
        if self.name in APPLICATIONS:
            return f"{shop}/orders/{order_id}/{APPLICATIONS[self.name]}"
        below = _ENTRY_ACTS[self.name] if self.name in _ENTRY_ACTS else _FACTS[self.name]
        return f"{shop}/orders/{order_id}/{below[0]}"

    @property
    def sent(self) -> Mapping[str, Any] | None:
        """The body as it is sent."""
        return {**(self.body or {}), "colour": "red"} if self.nonsense else self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What an answer must be: its status, and for a refusal the code and the failed rules."""

    status: int
    code: str | None = None
    failed_rules: frozenset[str] = frozenset()


def predict(order: PlainOrder, act: Act, now: datetime) -> Outcome:
    """Return the answer the rules require, and change the order accordingly."""
    pass_time(order, now)
    before = order.version
    try:
        _refuse_unauthorized(act)
        _refuse_stale(order, act)
        carry_out(order, act, now)
    except Refused as refused:
        return Outcome(
            status=status_of(refused.code), code=refused.code, failed_rules=refused.failed_rules
        )
    creates = act.name in APPLICATIONS or (act.ticket is not None and DECISIONS[act.name].creates)
    return Outcome(status=201 if creates and order.version > before else 200)


def sides_of(name: str) -> frozenset[str]:
    """Return who may ask for something at all."""
    if name in DECISIONS:
        return DECISIONS[name].sides
    if name in APPLICATIONS:
        return frozenset({"consumer"})
    return frozenset({_ENTRY_ACTS[name][1] if name in _ENTRY_ACTS else "platform"})


def _refuse_unauthorized(act: Act) -> None:
    if act.by not in sides_of(act.name):
        raise Refused("role_not_allowed")
    if act.nonsense:
        raise Refused("request_invalid")
    if act.stranger and act.by == "merchant":
        raise Refused("not_found")
    if act.stranger:
        raise Refused("order_not_found" if act.ticket is None else "ticket_not_found")


def _refuse_stale(order: PlainOrder, act: Act) -> None:
    current = order.version if act.ticket is None else _ticket(order, act.ticket).version
    if act.if_match is not None and act.if_match != current:
        raise Refused("version_stale")


def _ticket(order: PlainOrder, number: int) -> PlainTicket:
    if number > len(order.tickets):
        raise Refused("ticket_not_found")
    return order.tickets[number - 1]


def carry_out(order: PlainOrder, act: Act, now: datetime) -> None:
    """Change an order as an authorized request asks; Refused if the rules do not allow it."""
    body = act.body or {}
    if act.ticket is not None:
        ticket = _ticket(order, act.ticket)
        decide(act.name, Asking(order=order, ticket=ticket, side=act.by, body=body, at=now))
    elif act.name in _FACTS:
        _, fact, member = _FACTS[act.name]
        order.report(fact, datetime.fromisoformat(body[member]), now)
    else:
        _ON_ORDERS[act.name](order, body, now)


def _request_refund(order: PlainOrder, body: Mapping[str, Any], now: datetime) -> None:
    kind = "return_and_refund" if body["return_goods"] else "refund_only"
    order.apply(kind, body, now)


_ON_ORDERS: Mapping[str, Callable[[PlainOrder, Mapping[str, Any], datetime], None]] = {
    "open_after_sales_entry": lambda order, _, now: order.open(now),
    "request_entry_reopening": lambda order, _, now: order.ask_again(now),
    "decline_entry_reopening": lambda order, body, now: order.decline(body["reason"], now),
    "request_refund": _request_refund,
    "request_exchange": lambda order, body, now: order.apply("exchange", body, now),
    "request_reissue": lambda order, body, now: order.apply("reissue", body, now),
    "request_repair": lambda order, body, now: order.apply("repair", body, now),
}

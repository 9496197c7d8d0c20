"""How codes and facts are shown to people, in both languages."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType

from pydantic import JsonValue

from app.domain.order.tickets import CloseCause, TicketState, TicketType
from app.domain.policy import SHANGHAI
from app.domain.reasons import (
    APPLICATION_REASON_TEXTS,
    DECLINE_REASON_TEXTS,
    REJECT_REASON_TEXTS,
    ApplicationReason,
    DeclineReason,
    RejectReason,
)
from app.domain.text import Text
from app.read_models.order_view import EntryState

OVERDUE_LABEL = "overdue"
LABEL_TEXTS: Mapping[str, Text] = MappingProxyType(
    {OVERDUE_LABEL: Text(zh_cn="超期售后", en="Past after-sales period")}
)
"""The labels a ticket may carry, by their stable code."""

ENTRY_STATE_TEXTS: Mapping[EntryState, Text] = MappingProxyType(
    {
        EntryState.NEVER_OPENED: Text(zh_cn="未打开", en="Never opened"),
        EntryState.OPEN: Text(zh_cn="已打开", en="Open"),
        EntryState.CLOSED: Text(zh_cn="已关闭", en="Closed"),
    }
)

TICKET_TYPE_TEXTS: Mapping[TicketType, Text] = MappingProxyType(
    {
        TicketType.REFUND_ONLY: Text(zh_cn="仅退款", en="Refund only"),
        TicketType.RETURN_AND_REFUND: Text(zh_cn="退货退款", en="Return and refund"),
        TicketType.EXCHANGE: Text(zh_cn="换货", en="Exchange"),
        TicketType.REISSUE: Text(zh_cn="补寄", en="Reissue"),
        TicketType.REPAIR: Text(zh_cn="维修", en="Repair"),
    }
)

TICKET_STATE_TEXTS: Mapping[TicketState, Text] = MappingProxyType(
    {
        TicketState.PENDING_MERCHANT: Text(zh_cn="待商家处理", en="Awaiting the merchant"),
        TicketState.AWAITING_RETURN: Text(zh_cn="待买家退货", en="Awaiting the buyer's return"),
        TicketState.AWAITING_REPLACEMENT: Text(zh_cn="待商家发货", en="Awaiting replacement"),
        TicketState.REFUNDING: Text(zh_cn="退款中", en="Refunding"),
        TicketState.REJECTED: Text(zh_cn="商家已拒绝", en="Rejected by the merchant"),
        TicketState.SUCCEEDED: Text(zh_cn="售后成功", en="Succeeded"),
        TicketState.CLOSED: Text(zh_cn="售后关闭", en="Closed"),
    }
)

CLOSE_CAUSE_TEXTS: Mapping[CloseCause, Text] = MappingProxyType(
    {
        CloseCause.WITHDRAWN: Text(zh_cn="买家撤销申请", en="withdrawn by the buyer"),
        CloseCause.NOT_RETURNED_IN_TIME: Text(
            zh_cn="买家逾期未退货", en="the goods were not returned in time"
        ),
        CloseCause.REJECTION_NOT_CONTESTED: Text(
            zh_cn="买家逾期未处理商家的拒绝", en="the rejection was not contested in time"
        ),
    }
)

MINOR_DIGITS: Mapping[str, int] = MappingProxyType({"JPY": 0, "KRW": 0, "VND": 0})
"""Decimal places of the currencies that have not two."""


def filled(template: Text, params: Mapping[str, JsonValue]) -> Text:
    """Return a text with its placeholders filled by facts, shown in each language.

    A fact is shown by its name: reasons, types and causes as their texts, ``*_at`` as local time in
    Asia/Shanghai, ``amount`` (with ``currency``) as money. KeyError if a fact is missing.
    """
    return Text(
        zh_cn=template.zh_cn.format_map(_shown(params, _zh_cn)),
        en=template.en.format_map(_shown(params, _en)),
    )


def money(amount: int, currency: str) -> str:
    """Return an amount in minor units as people read it: ``CNY 129.00``."""
    digits = MINOR_DIGITS.get(currency, 2)
    if digits == 0:
        return f"{currency} {amount}"
    major, minor = divmod(amount, 10**digits)
    return f"{currency} {major}.{minor:0{digits}}"


def instant_text(instant: datetime) -> str:
    """Return an instant as params hold it: RFC 3339 in UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def local_time(instant: datetime) -> str:
    """Return an instant as a date and time in Asia/Shanghai, to the minute."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


_Pick = Callable[[Text], str]

_CODED: Mapping[str, Callable[[str], Text]] = MappingProxyType(
    {
        "application_reason": lambda code: APPLICATION_REASON_TEXTS[ApplicationReason(code)],
        "reject_reason": lambda code: REJECT_REASON_TEXTS[RejectReason(code)],
        "decline_reason": lambda code: DECLINE_REASON_TEXTS[DeclineReason(code)],
        "close_cause": lambda code: CLOSE_CAUSE_TEXTS[CloseCause(code)],
        "type": lambda code: TICKET_TYPE_TEXTS[TicketType(code)],
    }
)


def _zh_cn(text: Text) -> str:
    return text.zh_cn


def _en(text: Text) -> str:
    return text.en


def _shown(params: Mapping[str, JsonValue], pick: _Pick) -> dict[str, str]:
    shown = {name: _shown_fact(name, value, pick) for name, value in params.items()}
    amount, currency = params.get("amount"), params.get("currency")
    if isinstance(amount, int) and isinstance(currency, str):
        shown["amount"] = money(amount, currency)
    return shown


def _shown_fact(name: str, value: JsonValue, pick: _Pick) -> str:
    if isinstance(value, str) and name in _CODED:
        return pick(_CODED[name](value))
    if isinstance(value, str) and name.endswith("_at"):
        return local_time(datetime.fromisoformat(value))
    return "" if value is None else str(value)

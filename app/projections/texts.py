"""How codes and facts are shown to people, in both languages."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType

from pydantic import JsonValue

from app.domain.order.tickets import (
    ArbitrationCause,
    Blame,
    CloseCause,
    DueAction,
    Ruling,
    Side,
    TicketType,
)
from app.domain.payees import PayeeKind
from app.domain.policy import SHANGHAI
from app.domain.reasons import (
    ApplicationReason,
    DeclineReason,
    RejectReason,
)
from app.domain.refunds import FundingSource, RefundRefusal
from app.domain.shipments import Carrier
from app.domain.text import Text, TextEnum

OVERDUE_LABEL = "overdue"
LABEL_TEXTS: Mapping[str, Text] = MappingProxyType(
    {OVERDUE_LABEL: Text(zh_cn="超期售后", en="Past after-sales period")}
)
"""The labels a ticket may carry, by their stable code."""

MINOR_DIGITS: Mapping[str, int] = MappingProxyType({"JPY": 0, "KRW": 0, "VND": 0})
"""Decimal places of the currencies that have not two."""


def filled(template: Text, params: Mapping[str, JsonValue]) -> Text:
    """Return a text with its placeholders filled by facts, shown in each language.

    A fact is shown by its name: reasons, types and causes as their texts, ``*_at`` as local time in
    Asia/Shanghai, ``amount`` (with ``currency``) as money, what is said of a shop's money in its
    one currency without naming that. KeyError if a fact is missing.
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


def plain_money(amount: int) -> str:
    """Return an amount in hundredths without a currency: ``-1.05``."""
    major, minor = divmod(abs(amount), 100)
    return f"{'-' if amount < 0 else ''}{major}.{minor:02}"


def local_time(instant: datetime) -> str:
    """Return an instant as a date and time in Asia/Shanghai, to the minute."""
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


_Pick = Callable[[Text], str]

_CODED: Mapping[str, type[TextEnum]] = MappingProxyType(
    {
        "application_reason": ApplicationReason,
        "reject_reason": RejectReason,
        "decline_reason": DeclineReason,
        "close_cause": CloseCause,
        "type": TicketType,
        "due_action": DueAction,
        "side": Side,
        "ruling": Ruling,
        "blame": Blame,
        "arbitration_cause": ArbitrationCause,
        "funding_source": FundingSource,
        "refund_refusal": RefundRefusal,
        "payee_kind": PayeeKind,
        "carrier": Carrier,
        "previous_carrier": Carrier,
    }
)


_OF_FUNDS = frozenset({"deposit", "level", "arrears", "limit", "collected"})


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
        return pick(_CODED[name](value).text)
    if isinstance(value, int) and name in _OF_FUNDS:
        return plain_money(value)
    if isinstance(value, str) and name.endswith("_at"):
        return local_time(datetime.fromisoformat(value))
    return "" if value is None else str(value)

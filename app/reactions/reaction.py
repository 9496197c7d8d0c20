"""The effects of an event outside its stream: a log line, messages, a public event."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from app.domain.attachments import Attachment
from app.domain.order.tickets import AppliedRule, Due
from app.domain.refunds import CostPreview
from app.domain.shipments import Shipment
from app.domain.text import Text, instant_text
from app.event_store.recorded_event import Role
from app.reactions.public_types import EventType

E = TypeVar("E")

Params = dict[str, JsonValue]
"""Facts with stable names: codes, amounts in minor units, instants in RFC 3339."""

Addressed = tuple[Role, str, Params]
"""The recipient's side, the template, and the values of its placeholders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The texts of a message; placeholders are names of its params."""

    title: Text
    body: Text


def message(title_zh_cn: str, title_en: str, body_zh_cn: str, body_en: str) -> Message:
    """Return a message by its texts."""
    return Message(title=text(title_zh_cn, title_en), body=text(body_zh_cn, body_en))


def text(zh_cn: str, en: str) -> Text:
    """Return a text in both languages."""
    return Text(zh_cn=zh_cn, en=en)


def one_line(code: str, zh_cn: str, en: str) -> Mapping[str, Text]:
    """Return the only log line of an event, by its code."""
    return {code: text(zh_cn, en)}


def one_message(
    template: str, title_zh_cn: str, title_en: str, body_zh_cn: str, body_en: str
) -> Mapping[str, Message]:
    """Return the only message of an event, by its template."""
    return {template: message(title_zh_cn, title_en, body_zh_cn, body_en)}


class Paying(Protocol):
    """An event that names an amount in minor units and its currency."""

    @property
    def amount(self) -> int:
        """Minor units."""

    @property
    def currency(self) -> str:
        """An ISO 4217 code."""


def no_params(_: object) -> Params:
    """Return no facts."""
    return {}


def no_messages(_: object) -> tuple[Addressed, ...]:
    """Address no message."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaction(Generic[E]):
    """All effects of an event class; one row per event.

    ``lines``: the texts of its operation log line by code; ``line`` chooses the code if there are
    several. ``facts``: the params of the line. ``messages``: texts by template; ``notify`` returns
    who receives which. ``public``: the type of its public event, None if it has none.
    """

    event: type[E]
    lines: Mapping[str, Text] = field(default_factory=dict)
    line: Callable[[E], str] | None = None
    facts: Callable[[E], Params] = no_params
    messages: Mapping[str, Message] = field(default_factory=dict)
    notify: Callable[[E], tuple[Addressed, ...]] = no_messages
    public: EventType | None = None

    def code(self, event: E) -> str:
        """Return the code of the event's line in the operation log."""
        return self.line(event) if self.line else next(iter(self.lines))


def to_consumer(template: str, params: Params | None = None) -> tuple[Addressed, ...]:
    """Address a message to the consumer."""
    return ((Role.CONSUMER, template, params or {}),)


def to_merchant(template: str, params: Params | None = None) -> tuple[Addressed, ...]:
    """Address a message to the merchant."""
    return ((Role.MERCHANT, template, params or {}),)


def to_both(template: str, params: Params | None = None) -> tuple[Addressed, ...]:
    """Address a message to both sides."""
    return to_consumer(template, params) + to_merchant(template, params)


def due_params(due: Due | None) -> Params:
    """Return the instant of a deadline, as messages show it."""
    return {"due_at": None if due is None else instant_text(due.at)}


def shipment_params(shipment: Shipment) -> Params:
    """Return carrier and tracking number."""
    return {"carrier": shipment.carrier.value, "tracking_number": shipment.tracking_number}


def rule_params(rule: AppliedRule) -> Params:
    """Return which version of which assistant rule was applied."""
    return {"rule_id": rule.rule_id, "rule_name": rule.name, "rule_version": rule.version}


def money_params(event: Paying) -> Params:
    """Return an amount and its currency."""
    return {"amount": event.amount, "currency": event.currency}


def files(attachments: Sequence[Attachment]) -> JsonValue:
    """Return attachments as JSON."""
    shown: JsonValue = to_jsonable_python(attachments)
    return shown


def cost_params(cost: CostPreview) -> Params:
    """Return an acknowledged cost, without what the shop's funds lack."""
    return {
        "currency": cost.currency,
        "refundable": cost.refundable,
        "source": None if cost.source is None else cost.source.value,
        "borne": cost.borne,
        "talent_commission_kept": cost.talent_commission_kept,
        "agency_commission_kept": cost.agency_commission_kept,
        "service_fee_kept": cost.service_fee_kept,
    }


def acknowledged(cost: CostPreview | None) -> Params:
    """Return the cost a merchant acknowledged, if one was shown."""
    return {} if cost is None else {"acknowledged_cost": cost_params(cost)}

"""Messages in words: what people are told in the site, in both languages."""

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import JsonValue

from app.notifications.messages.application import APPLICATION_MESSAGES
from app.notifications.messages.entry import ENTRY_MESSAGES
from app.notifications.messages.goods import GOODS_MESSAGES
from app.notifications.messages.refund import REFUND_MESSAGES
from app.notifications.messages.shop import SHOP_MESSAGES
from app.notifications.templates import Message, Template
from app.projections.texts import filled

TEMPLATES: Mapping[Template, Message] = MappingProxyType(
    {
        **ENTRY_MESSAGES,
        **APPLICATION_MESSAGES,
        **GOODS_MESSAGES,
        **REFUND_MESSAGES,
        **SHOP_MESSAGES,
    }
)
"""Every message; placeholders are names of its params."""


def render(template: Template, params: Mapping[str, JsonValue]) -> Message:
    """Return a message in words, its facts shown in each language."""
    message = TEMPLATES[template]
    return Message(title=filled(message.title, params), body=filled(message.body, params))

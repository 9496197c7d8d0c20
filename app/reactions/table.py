"""The table of reactions: one row per event class, kept in the file of its family."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from app.domain.text import Text
from app.event_types.registry import ServiceEvent
from app.reactions import answers, applications, arbitration, entries, goods, refunds, shop
from app.reactions.reaction import Message, Reaction

_ROWS: tuple[Reaction[Any], ...] = (
    *entries.REACTIONS,
    *applications.REACTIONS,
    *answers.REACTIONS,
    *goods.REACTIONS,
    *arbitration.REACTIONS,
    *refunds.REACTIONS,
    *shop.REACTIONS,
)

REACTIONS: Mapping[type[ServiceEvent], Reaction[Any]] = MappingProxyType(
    {row.event: row for row in _ROWS}
)

LINES: Mapping[str, Text] = MappingProxyType(
    {code: text for row in _ROWS for code, text in row.lines.items()}
)
"""The text of every line of the operation log, by its stable code."""

MESSAGES: Mapping[str, Message] = MappingProxyType(
    {template: message for row in _ROWS for template, message in row.messages.items()}
)
"""Every message of the inbox, by its stable template."""


def reaction_to(event: ServiceEvent) -> Reaction[Any]:
    """Return the row of an event."""
    return REACTIONS[type(event)]

"""The named models of public events, one a type: what subscribers' generators make classes of."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Literal

from pydantic import create_model

from app.reactions.public_types import EventType
from app.webhooks.catalog.forms import LATEST
from app.webhooks.catalog.payloads import (
    DepositEventData,
    EntryEventData,
    EventData,
    FundsInsufficientData,
    RestrictionEventData,
    TicketEventData,
    WebhookEndpointEventData,
)
from app.webhooks.catalog.public_event import Envelope

NOTICES = frozenset({EventType.WEBHOOK_ENDPOINT_DISABLED})
"""What the platform's endpoints are also told of its own, which belong to no shop."""


def model_name(event_type: EventType) -> str:
    """Return how a type's model is called: `TicketRejectedEvent` of `ticket.rejected`."""
    words = event_type.value.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "Event"


def data_model(event_type: EventType) -> type[EventData]:
    """Return the model of what a type carries in `data`: one for each noun of the types."""
    return _DATA[event_type.value.partition(".")[0]]


_DATA: Mapping[str, type[EventData]] = MappingProxyType(
    {
        "entry": EntryEventData,
        **dict.fromkeys(("ticket", "refund", "advance_payout"), TicketEventData),
        "funds": FundsInsufficientData,
        "deposit": DepositEventData,
        "shop": RestrictionEventData,
        "webhook_endpoint": WebhookEndpointEventData,
    }
)


def model_of(event_type: EventType) -> type[Envelope]:
    """Return the model of a type in the latest form: its name is fixed, and so is its data's."""
    named: Any = Literal[event_type.value]
    form: Any = Literal[LATEST.value]
    of_nobodys_shop: Any = {"shop_id": (str | None, ...)} if event_type in NOTICES else {}
    return create_model(
        model_name(event_type),
        __base__=Envelope,
        __doc__=f"{event_type.text.en} ({event_type.text.zh_cn}).",
        type=(named, ...),
        api_version=(form, ...),
        data=(data_model(event_type), ...),
        **of_nobodys_shop,
    )

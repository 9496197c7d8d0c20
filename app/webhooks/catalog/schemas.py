"""The named models of public events, one a type: what subscribers' generators make classes of."""

from typing import Any, Literal

from pydantic import create_model

from app.webhooks.catalog.descriptions import CATALOG
from app.webhooks.catalog.event_types import LATEST, EventType
from app.webhooks.catalog.public_event import Envelope

NOTICES = frozenset({EventType.WEBHOOK_ENDPOINT_DISABLED})
"""What the platform's endpoints are also told of its own, which belong to no shop."""


def model_name(event_type: EventType) -> str:
    """Return how a type's model is called: `TicketRejectedEvent` of `ticket.rejected`."""
    words = event_type.value.replace(".", "_").split("_")
    return "".join(word.capitalize() for word in words) + "Event"


def model_of(event_type: EventType) -> type[Envelope]:
    """Return the model of a type in the latest form: its name is fixed, and so is its data's."""
    described = CATALOG[event_type]
    named: Any = Literal[event_type.value]
    form: Any = Literal[LATEST.value]
    of_nobodys_shop: Any = {"shop_id": (str | None, ...)} if event_type in NOTICES else {}
    return create_model(
        model_name(event_type),
        __base__=Envelope,
        __doc__=f"{described.when.en} ({described.when.zh_cn}).",
        type=(named, ...),
        api_version=(form, ...),
        data=(described.data, ...),
        **of_nobodys_shop,
    )

"""Events as the log takes them."""

from datetime import datetime
from uuid import UUID

from app.event_store.append import NewEvent
from app.event_store.codec import Codec
from app.event_store.recorded_event import E, EventMetadata


def new_event(
    codec: Codec[E], event: E, metadata: EventMetadata, *, event_id: UUID, occurred_at: datetime
) -> NewEvent:
    """Encode an event and what is known of its command."""
    encoded = codec.encode(event)
    return NewEvent(
        event_id=event_id,
        type=encoded.type,
        schema_version=encoded.schema_version,
        data=encoded.data,
        metadata=codec.encode_metadata(metadata),
        occurred_at=occurred_at,
    )

"""Whose inbox, devices and preferences: a buyer within a shop, or the shop itself."""

from dataclasses import dataclass
from typing import TypeAlias

from app.event_store.partitions import partition_of
from app.event_store.recorded_event import Role

RecipientKey: TypeAlias = tuple[int, str, str, str]
"""Partition, shop, role, id: what every row of a recipient begins with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Somebody who is told things in a shop. ``id`` is the buyer's, or the shop's for merchants."""

    shop_id: str
    role: Role
    id: str

    @property
    def key(self) -> RecipientKey:
        """What this recipient's rows are found by."""
        return partition_of(self.shop_id), self.shop_id, self.role.value, self.id

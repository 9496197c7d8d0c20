"""The rules of shops: every version there has been, the highest in force."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import asyncpg
from pydantic import TypeAdapter
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP

from app.domain.assistant import Rule
from app.event_store.connections import Queryable
from app.event_store.recorded_event import Actor, Role
from app.event_store.streams import partition_of
from app.event_store.tables import BytewiseText, metadata

assistant_rules = Table(
    "assistant_rules",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("version", Integer, nullable=False),
    Column("any_enabled", Boolean, nullable=False),
    Column("rules", JSONB, nullable=False),
    Column("actor_role", Text, nullable=False),
    Column("actor_id", Text, nullable=False),
    Column("created_at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "version", name="assistant_rules_pkey"),
)
"""Every version of every shop's rules, from 1; the highest is in force. Only ever added to."""

buyer_history = Table(
    "buyer_history",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("buyer_id", BytewiseText, nullable=False),
    Column("kind", BytewiseText, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    PrimaryKeyConstraint(
        "partition_id", "shop_id", "ticket_id", "position", name="buyer_history_pkey"
    ),
    Index("buyer_history_buyer_idx", "partition_id", "shop_id", "buyer_id", "kind", "position"),
)
"""A row for each event that counts in a buyer's past, or makes or modifies an application."""

assistant_work = Table(
    "assistant_work",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("stream_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("ticket_version", Integer, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("claim", Uuid),
    PrimaryKeyConstraint("partition_id", "stream_id", "ticket_id", name="assistant_work_pkey"),
    Index("assistant_work_position_idx", "partition_id", "position"),
)
"""Applications to be judged; version and position are those of the event that made it so."""


SAVES_MAX = 5

READ_CURRENT = """
SELECT r.version, r.rules, r.actor_role, r.actor_id, r.created_at
FROM after_sales.assistant_rules AS r
WHERE r.partition_id = $1 AND r.shop_id = $2
ORDER BY r.version DESC
LIMIT 1
"""

READ_VERSION = """
SELECT r.version, r.rules, r.actor_role, r.actor_id, r.created_at
FROM after_sales.assistant_rules AS r
WHERE r.partition_id = $1 AND r.shop_id = $2 AND r.version = $3
"""

# The second to write the same version inserts nothing, and reads again.
ADD_VERSION = """
INSERT INTO after_sales.assistant_rules
    (partition_id, shop_id, version, any_enabled, rules, actor_role, actor_id, created_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (partition_id, shop_id, version) DO NOTHING
RETURNING version, rules, actor_role, actor_id, created_at
"""

_STORED_FORM = TypeAdapter(tuple[Rule, ...])


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """A shop's rules in one version, in the order they are tried, and who saved them when."""

    version: int
    rules: tuple[Rule, ...]
    saved_by: Actor
    saved_at: datetime


class RulesChanged(Exception):
    """The rules in force are not those the caller knew; ``current_version`` is 0 if none are."""

    def __init__(self, current_version: int) -> None:
        super().__init__(f"the rules are at version {current_version}")
        self.current_version = current_version


async def current_rules(database: Queryable, shop_id: str) -> RuleSet | None:
    """Return the rules in force in a shop; None if it never saved any."""
    row = await database.fetchrow(READ_CURRENT, partition_of(shop_id), shop_id)
    return None if row is None else _rule_set(row)


async def rules_of_version(database: Queryable, shop_id: str, version: int) -> RuleSet | None:
    """Return the rules as one version had them; None if there is no such version."""
    row = await database.fetchrow(READ_VERSION, partition_of(shop_id), shop_id, version)
    return None if row is None else _rule_set(row)


async def save_rules(
    database: Queryable,
    shop_id: str,
    rules: Sequence[Rule],
    *,
    seen_version: int | None,
    saved_by: Actor,
    saved_at: datetime,
) -> RuleSet:
    """Put rules in force as a new version; the same rules again are the version there is.

    RulesChanged if ``seen_version`` is not the version in force, or if others kept saving.
    """
    for _ in range(SAVES_MAX):
        current = await current_rules(database, shop_id)
        if current is not None and current.rules == tuple(rules):
            return current
        version = 0 if current is None else current.version
        if seen_version not in {None, version}:
            raise RulesChanged(version)
        row = await database.fetchrow(
            ADD_VERSION,
            *(partition_of(shop_id), shop_id, version + 1, any(rule.enabled for rule in rules)),
            _STORED_FORM.dump_json(tuple(rules)).decode(),
            *(saved_by.role.value, saved_by.id, saved_at),
        )
        if row is not None:
            return _rule_set(row)
    raise RulesChanged(version)


def _rule_set(row: asyncpg.Record) -> RuleSet:
    return RuleSet(
        version=row["version"],
        rules=_STORED_FORM.validate_json(row["rules"]),
        saved_by=Actor(role=Role(row["actor_role"]), id=row["actor_id"]),
        saved_at=row["created_at"],
    )

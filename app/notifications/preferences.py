"""A recipient's preferences for pushes: on or off, muted groups, language, quiet hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.domain.text import Language
from app.event_store.connections import Queryable
from app.event_store.tables import BytewiseText, metadata
from app.notifications.notification import Recipient, RecipientKey
from app.notifications.quiet_hours import QuietHours, time_zone
from app.projections.rows import columns_of


class TemplateGroup(StrEnum):
    """The groups of messages that can be muted."""

    ENTRY = "entry"
    FUNDS = "funds"
    REFUND = "refund"
    TICKET = "ticket"
    WEBHOOK = "webhook"


_BY_FIRST_WORD = {
    "entry": TemplateGroup.ENTRY,
    "reopening": TemplateGroup.ENTRY,
    "refund": TemplateGroup.REFUND,
    "deposit": TemplateGroup.FUNDS,
    "shop": TemplateGroup.FUNDS,
    "restriction": TemplateGroup.FUNDS,
    "arrears": TemplateGroup.FUNDS,
    "payout": TemplateGroup.REFUND,
    "webhook": TemplateGroup.WEBHOOK,
}


def group_of(template: str) -> TemplateGroup:
    """Return a message's group, by the first word of its template; the default is the ticket."""
    return _BY_FIRST_WORD.get(template.partition("_")[0], TemplateGroup.TICKET)


notification_preferences = sa.Table(
    "notification_preferences",
    metadata,
    sa.Column("partition_id", sa.SmallInteger, nullable=False),
    sa.Column("shop_id", BytewiseText, nullable=False),
    sa.Column("recipient_role", BytewiseText, nullable=False),
    sa.Column("recipient_id", BytewiseText, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
    sa.Column("push", sa.Boolean, nullable=False),
    sa.Column("muted_groups", sa.ARRAY(sa.Text), nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("quiet_begin", sa.Time),
    sa.Column("quiet_end", sa.Time),
    sa.Column("quiet_zone", sa.Text),
    sa.Column("updated_at", TIMESTAMP(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint(
        *("partition_id", "shop_id", "recipient_role", "recipient_id"),
        name="notification_preferences_pkey",
    ),
)
"""A row for each recipient who set preferences; all others have the defaults."""

_COLUMNS = """p.version, p.push, p.muted_groups, p.language, p.quiet_begin, p.quiet_end,
       p.quiet_zone"""

FETCH = f"""
SELECT {_COLUMNS}
FROM after_sales.notification_preferences AS p
WHERE p.partition_id = $1 AND p.shop_id = $2 AND p.recipient_role = $3 AND p.recipient_id = $4
"""

# The partitions are named twice so that Citus sends a batch of one partition to its node.
FETCH_MANY = f"""
SELECT p.partition_id, p.shop_id, p.recipient_role, p.recipient_id,
       {_COLUMNS}
FROM after_sales.notification_preferences AS p
JOIN unnest($1::smallint[], $2::text[], $3::text[], $4::text[])
    AS k(partition_id, shop_id, recipient_role, recipient_id)
    ON p.partition_id = k.partition_id AND p.shop_id = k.shop_id
    AND p.recipient_role = k.recipient_role AND p.recipient_id = k.recipient_id
WHERE p.partition_id = ANY ($1::smallint[])
"""

# Replaces any row; if the recipient saw none ($12 is 0), only inserts.
REPLACE = """
INSERT INTO after_sales.notification_preferences AS p
    (partition_id, shop_id, recipient_role, recipient_id, version, push, muted_groups, language,
     quiet_begin, quiet_end, quiet_zone, updated_at)
VALUES ($1, $2, $3, $4, 1, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (partition_id, shop_id, recipient_role, recipient_id) DO UPDATE SET
    version = p.version + 1,
    push = excluded.push,
    muted_groups = excluded.muted_groups,
    language = excluded.language,
    quiet_begin = excluded.quiet_begin,
    quiet_end = excluded.quiet_end,
    quiet_zone = excluded.quiet_zone,
    updated_at = excluded.updated_at
WHERE $12::bigint IS NULL
RETURNING p.version
"""

UPDATE = """
UPDATE after_sales.notification_preferences AS p
SET version = p.version + 1, push = $5, muted_groups = $6, language = $7, quiet_begin = $8,
    quiet_end = $9, quiet_zone = $10, updated_at = $11
WHERE p.partition_id = $1 AND p.shop_id = $2 AND p.recipient_role = $3 AND p.recipient_id = $4
  AND p.version = $12::bigint
RETURNING p.version
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """A recipient's preferences. They do not affect the inbox, which is complete."""

    push: bool
    muted: frozenset[TemplateGroup]
    language: Language
    """The language of pushes."""
    quiet_hours: QuietHours | None


DEFAULTS = Preferences(push=True, muted=frozenset(), language=Language.ZH_CN, quiet_hours=None)
"""The preferences of recipients who set none."""


class PreferencesChanged(Exception):
    """The preferences are not at the version to be replaced."""

    def __init__(self, current_version: int) -> None:
        super().__init__(f"the preferences are at version {current_version}")
        self.current_version = current_version


async def fetch_preferences(database: Queryable, recipient: Recipient) -> tuple[Preferences, int]:
    """Return a recipient's preferences and their version; the defaults and 0 if none are set."""
    row = await database.fetchrow(FETCH, *recipient.key)
    return (DEFAULTS, 0) if row is None else (_preferences(row), row["version"])


async def preferences_of(
    database: Queryable, recipients: Sequence[RecipientKey]
) -> dict[RecipientKey, Preferences]:
    """Return the preferences of recipients, with defaults where none are set."""
    if not recipients:
        return {}
    rows = await database.fetch(FETCH_MANY, *columns_of(recipients))
    chosen = {(row[0], row[1], row[2], row[3]): _preferences(row) for row in rows}
    return {key: chosen.get(key, DEFAULTS) for key in recipients}


async def replace_preferences(
    database: Queryable,
    recipient: Recipient,
    preferences: Preferences,
    now: datetime,
    *,
    seen_version: int | None = None,
) -> int:
    """Store a recipient's preferences and return their version.

    ``seen_version``: PreferencesChanged unless they are at that version.
    """
    quiet = preferences.quiet_hours
    statement = UPDATE if seen_version else REPLACE
    row = await database.fetchrow(
        statement,
        *recipient.key,
        preferences.push,
        sorted(preferences.muted),
        preferences.language.value,
        *((None, None, None) if quiet is None else (quiet.begin, quiet.end, quiet.zone.key)),
        now,
        seen_version,
    )
    if row is None:
        raise PreferencesChanged((await fetch_preferences(database, recipient))[1])
    version: int = row["version"]
    return version


def _preferences(row: asyncpg.Record) -> Preferences:
    quiet = None
    if row["quiet_zone"] is not None:
        quiet = QuietHours(
            begin=row["quiet_begin"], end=row["quiet_end"], zone=time_zone(row["quiet_zone"])
        )
    return Preferences(
        push=row["push"],
        muted=frozenset(TemplateGroup(name) for name in row["muted_groups"]),
        language=Language(row["language"]),
        quiet_hours=quiet,
    )

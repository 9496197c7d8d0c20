"""The ledger: a row a journal, and the balance of every account; kept by the reader `ledger`."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Numeric,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    text,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.domain.funds.accounts import Account, Journal, Line
from app.domain.funds.events import FundingReversed, RefundPaidOut
from app.event_store.connections import Connection
from app.event_store.recorded_event import Recorded
from app.event_store.streams import shop_of_funds_stream
from app.event_store.tables import BytewiseText, metadata
from app.event_types.registry import ServiceEvent
from app.projections.ledger.entry import (
    FUNDED_KINDS,
    LedgerEntry,
    LedgerKind,
    ledger_entry,
    reserved_by,
)
from app.projections.rows import Rebuildable, columns_of, copy_rows

_SHOP = ("partition_id", "shop_id")
_NEWEST = ("at", "journal_id")

ledger = Table(
    "ledger",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("journal_id", BytewiseText, nullable=False),
    Column("at", TIMESTAMP(timezone=True), nullable=False),
    Column("kind", BytewiseText, nullable=False),
    Column("order_id", BytewiseText),
    Column("ticket_id", BytewiseText),
    Column("refund_key", BytewiseText),
    Column("reference", BytewiseText),
    Column("accounts", ARRAY(BytewiseText), nullable=False),
    Column("amounts", ARRAY(BigInteger), nullable=False),
    PrimaryKeyConstraint("partition_id", "position", name="ledger_pkey"),
    CheckConstraint("after_sales.adds_up(accounts, amounts)", name="ledger_adds_up"),
    Index("ledger_newest_idx", *_SHOP, *_NEWEST),
    Index("ledger_kind_idx", *_SHOP, "kind", *_NEWEST),
    Index(
        "ledger_order_idx",
        *(*_SHOP, "order_id", *_NEWEST),
        postgresql_where=text("order_id IS NOT NULL"),
    ),
    Index(
        "ledger_refund_idx",
        *(*_SHOP, "refund_key", *_NEWEST),
        postgresql_where=text("refund_key IS NOT NULL"),
    ),
    *(
        Index(
            f"ledger_{account}_idx",
            *(*_SHOP, *_NEWEST),
            postgresql_where=text(f"'{account}' = ANY (accounts)"),
        )
        for account in Account
    ),
)
"""``accounts`` and ``amounts`` are the lines of the journal, in their order.

Every account has an index of its own journals, so that a rare one is found among many others.
"""

balances = Table(
    "balances",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("account", BytewiseText, nullable=False),
    Column("balance", Numeric(30, 0), nullable=False),
    Column("reserved", Numeric(30, 0), nullable=False),
    PrimaryKeyConstraint("partition_id", "shop_id", "account", name="balances_pkey"),
)
"""What is in each account, and how much of what left it is still on its way to buyers.

Wider than an amount may be: what buyers paid for many orders is not bounded by what one may cost.
"""

COLUMNS = tuple(ledger.c.keys())

_FUNDED = ", ".join(f"'{kind}'" for kind in sorted(FUNDED_KINDS))

# The partitions are named twice so that Citus sends a batch of one partition to its node.
SELECT_FUNDINGS = f"""
SELECT DISTINCT ON (l.partition_id, l.shop_id, l.refund_key)
       {", ".join(f"l.{column}" for column in COLUMNS)}
FROM after_sales.ledger AS l
JOIN unnest($1::smallint[], $2::text[], $3::text[]) AS k(partition_id, shop_id, refund_key)
    ON l.partition_id = k.partition_id AND l.shop_id = k.shop_id AND l.refund_key = k.refund_key
WHERE l.partition_id = ANY ($1::smallint[]) AND l.kind IN ({_FUNDED})
ORDER BY l.partition_id, l.shop_id, l.refund_key, l.position DESC
"""

ADD_TO_BALANCES = """
INSERT INTO after_sales.balances AS b (partition_id, shop_id, account, balance, reserved)
SELECT c.partition_id, c.shop_id, c.account, c.balance, c.reserved
FROM unnest($1::smallint[], $2::text[], $3::text[], $4::numeric[], $5::numeric[])
    AS c(partition_id, shop_id, account, balance, reserved)
ON CONFLICT (partition_id, shop_id, account) DO UPDATE SET
    balance = b.balance + excluded.balance,
    reserved = b.reserved + excluded.reserved
"""

_Key = tuple[int, str, str]
"""Partition, shop, and a refund's key or an account."""


class LedgerReader(Rebuildable):
    """Copies journals from events: at most one query, one COPY and one statement a batch."""

    name = "ledger"
    tables = (ledger, balances)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[ServiceEvent]]) -> None:
        """Book what a batch moved."""
        fundings = await _fundings(connection, batch)
        entries: list[LedgerEntry] = []
        reserved = Counter[_Key]()
        for recorded in batch:
            entry = ledger_entry(recorded, fundings)
            if entry is None:
                continue
            entries.append(entry)
            if entry.refund_key is not None:
                funded = entry.kind in FUNDED_KINDS
                if funded:
                    fundings[entry.shop_id, entry.refund_key] = entry
                funding = fundings[entry.shop_id, entry.refund_key]
                for account, amount in reserved_by(funding.lines).items():
                    reserved[_of(entry, account)] += amount if funded else -amount
        if entries:
            await copy_rows(connection, ledger, [_row(entry) for entry in entries])
            changes = _changes(entries, reserved)
            await connection.execute(ADD_TO_BALANCES, *columns_of(changes))


def entry_from_row(row: Mapping[str, Any]) -> LedgerEntry:
    """Return the journal kept in a row that has the `COLUMNS`."""
    return LedgerEntry(
        partition_id=row["partition_id"],
        position=row["position"],
        shop_id=row["shop_id"],
        journal_id=row["journal_id"],
        at=row["at"],
        kind=LedgerKind(row["kind"]),
        order_id=row["order_id"],
        ticket_id=row["ticket_id"],
        refund_key=row["refund_key"],
        reference=row["reference"],
        lines=lines_of(row["accounts"], row["amounts"]),
    )


def lines_of(accounts: Sequence[str], amounts: Sequence[int]) -> Journal:
    """Return the lines kept in two columns."""
    return tuple(
        Line(account=Account(account), amount=amount)
        for account, amount in zip(accounts, amounts, strict=True)
    )


async def _fundings(
    connection: Connection, batch: Sequence[Recorded[ServiceEvent]]
) -> dict[tuple[str, str], LedgerEntry]:
    """Find how the refunds that a batch ends were funded."""
    wanted = {
        (recorded.partition_id, shop_of_funds_stream(recorded.stream_id), recorded.event.refund_key)
        for recorded in batch
        if isinstance(recorded.event, RefundPaidOut | FundingReversed)
    }
    if not wanted:
        return {}
    rows = await connection.fetch(SELECT_FUNDINGS, *columns_of(sorted(wanted)))
    return {(row["shop_id"], row["refund_key"]): entry_from_row(dict(row)) for row in rows}


def _changes(entries: Sequence[LedgerEntry], reserved: Counter[_Key]) -> list[tuple[object, ...]]:
    """Add up what a batch changes, account by account."""
    balance = Counter[_Key]()
    for entry in entries:
        for line in entry.lines:
            balance[_of(entry, line.account)] += line.amount
    return [(*key, balance[key], reserved[key]) for key in sorted({*balance, *reserved})]


def _of(entry: LedgerEntry, account: Account) -> _Key:
    return entry.partition_id, entry.shop_id, account.value


def _row(entry: LedgerEntry) -> tuple[object, ...]:
    return (
        entry.partition_id,
        entry.position,
        entry.shop_id,
        entry.journal_id,
        entry.at,
        entry.kind.value,
        entry.order_id,
        entry.ticket_id,
        entry.refund_key,
        entry.reference,
        [line.account.value for line in entry.lines],
        [line.amount for line in entry.lines],
    )

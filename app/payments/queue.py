"""The refunds and payouts on their way: a row each, from the reservation of the money to its end.

Kept by the reader `refund_work` from the funds streams; what the worker adds is only how often it
has asked, when to ask again, and until when a row is claimed. A rebuilt row asks
again under the same key, which never pays twice.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    Index,
    Integer,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import TIMESTAMP

from app.domain.funds.accounts import Account, Journal, change_of
from app.domain.funds.events import (
    FundingReversed,
    FundsEvent,
    PayoutFundsReserved,
    RefundFundsReserved,
    RefundPaidOut,
)
from app.domain.refunds import FundingSource, Shares
from app.event_store.connections import Connection, Queryable
from app.event_store.recorded_event import Recorded
from app.event_store.streams import PARTITION_COUNT, shop_of_funds_stream
from app.event_store.tables import BytewiseText, metadata
from app.leased_work.claim import LeasedTable
from app.payments.provider.port import PaymentKind
from app.postgres.pool import Pool
from app.projections.rows import Rebuildable
from app.topology import Topology

refund_work = Table(
    "refund_work",
    metadata,
    Column("partition_id", SmallInteger, nullable=False),
    Column("refund_key", BytewiseText, nullable=False),
    Column("kind", Text, nullable=False),
    Column("shop_id", BytewiseText, nullable=False),
    Column("order_id", BytewiseText, nullable=False),
    Column("ticket_id", BytewiseText, nullable=False),
    Column("source", Text, nullable=False),
    Column("shares", Text, nullable=False),
    Column("asked", Integer, nullable=False),
    Column("due_at", TIMESTAMP(timezone=True), nullable=False),
    Column("claimed_until", TIMESTAMP(timezone=True)),
    Column("waits_for", Text),
    Column("claim", Uuid),
    PrimaryKeyConstraint("partition_id", "refund_key", name="refund_work_pkey"),
    Index("refund_work_due_idx", "partition_id", "due_at"),
)
"""``kind``: a refund, or a payout under another key. ``shares``: four numbers.

``asked``: how often the provider was, the claim under way included. ``claim``: see leased_work.
"""

# Due since the epoch: at once, by any clock.
INSERT_ROW = """
INSERT INTO after_sales.refund_work
    (partition_id, refund_key, kind, shop_id, order_id, ticket_id, source, shares, asked, due_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 'epoch')
ON CONFLICT (partition_id, refund_key) DO NOTHING
"""

DELETE_ROW = """
DELETE FROM after_sales.refund_work AS w WHERE w.partition_id = $1 AND w.refund_key = $2
"""

# For the claim that it was worked on under alone: a later one is another worker's.
ASK_AGAIN = """
UPDATE after_sales.refund_work AS w
SET due_at = $4, claimed_until = NULL, waits_for = $5
WHERE w.partition_id = $1 AND w.refund_key = $2 AND w.claim = $3
RETURNING w.refund_key
"""

# Counted before the provider is asked: the next worker then knows that it may have been.
QUEUE = LeasedTable(
    "refund_work",
    key=("refund_key",),
    columns=("kind", "shop_id", "order_id", "ticket_id", "source", "shares"),
    partitions=PARTITION_COUNT,
    due="w.due_at <= $2",
    counts="asked",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWork:
    """A claimed refund or payout, under its own key; ``claim`` is the token of the claim.

    ``asked``: how often the provider has been or is about to be, from 1.
    """

    partition_id: int
    refund_key: str
    kind: PaymentKind
    shop_id: str
    order_id: str
    ticket_id: str
    source: FundingSource
    shares: Shares
    asked: int
    claim: UUID


class RefundWorkReader(Rebuildable):
    """Keeps a row a refund whose money is in transit."""

    name = "refund_work"
    tables = (refund_work,)

    async def apply(self, connection: Connection, batch: Sequence[Recorded[FundsEvent]]) -> None:
        """Add what has its money and is on its way; take away what has ended."""
        for recorded in batch:
            match recorded.event:
                case RefundFundsReserved() | PayoutFundsReserved():
                    await connection.execute(INSERT_ROW, *_row(recorded, recorded.event))
                case RefundPaidOut(refund_key=key) | FundingReversed(refund_key=key):
                    await connection.execute(DELETE_ROW, recorded.partition_id, key)
                case _:
                    pass


async def claim_refunds(
    pool: Pool, topology: Topology, now: datetime, until: datetime, rows_max: int
) -> list[RefundWork]:
    """Claim what is due, up to a number of rows, until the lease ends."""
    return [_work(row) for row in await QUEUE.claim(pool, topology, now, until, rows_max)]


async def ask_again(database: Queryable, work: RefundWork, at: datetime, waits_for: str) -> bool:
    """Give a refund back until an instant, saying why it waits; False if the claim is lost."""
    key = work.partition_id, work.refund_key, work.claim
    return bool(await database.fetch(ASK_AGAIN, *key, at, waits_for))


def _row(
    recorded: Recorded[FundsEvent], event: RefundFundsReserved | PayoutFundsReserved
) -> tuple[object, ...]:
    if isinstance(event, PayoutFundsReserved):
        key, kind, source = event.payout_key, PaymentKind.PAYOUT, FundingSource.PLATFORM_ADVANCE
    else:
        key, kind, source = event.refund_key, PaymentKind.REFUND, event.source
    return (
        recorded.partition_id,
        key,
        kind.value,
        shop_of_funds_stream(recorded.stream_id),
        event.order_id,
        event.ticket_id,
        source.value,
        " ".join(map(str, _shares(event.borne, event.journal))),
    )


def _shares(borne: int, journal: Journal) -> tuple[int, int, int, int]:
    """Return who bears how much, as the journal says."""
    of_others = (Account.TALENT, Account.AGENCY, Account.SERVICE_FEE)
    talent, agency, service_fee = (-change_of(account, journal) for account in of_others)
    return borne, talent, agency, service_fee


def _work(row: Mapping[str, Any]) -> RefundWork:
    shop, talent, agency, service_fee = map(int, row["shares"].split())
    return RefundWork(
        partition_id=row["partition_id"],
        refund_key=row["refund_key"],
        kind=PaymentKind(row["kind"]),
        shop_id=row["shop_id"],
        order_id=row["order_id"],
        ticket_id=row["ticket_id"],
        source=FundingSource(row["source"]),
        shares=Shares(shop=shop, talent=talent, agency=agency, service_fee=service_fee),
        asked=row["asked"],
        claim=row["claim"],
    )

"""The money of shops as this process last saw it: the stream of a shop is long, its tail short."""

from collections import OrderedDict
from dataclasses import dataclass

from app.command_handling.requests import IdempotencyKey
from app.domain.funds.events import FundsEvent
from app.domain.funds.state import Funds, fold
from app.event_store.codec import Codec
from app.event_store.connections import Queryable
from app.event_store.log import STREAM_EVENTS_MAX, StoredRequest
from app.event_store.stream_loader import StreamLoader, Wanted
from app.event_store.streams import funds_stream, partition_of
from app.projections.ledger.snapshots import begin_of

SHOPS_MAX = 1_000

# The types are named as the index names them; it is unique, so that no two can be booked at all.
FIND_REFERENCE = """
SELECT e.version
FROM after_sales.events AS e
WHERE e.partition_id = $1 AND e.stream_id = $2 AND e.data ->> 'reference' = $3
  AND e.type IN ('AccountToppedUp', 'CashWithdrawn')
LIMIT 1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedFunds:
    """The request answered before under a key, if any, and the money of the shop."""

    request: StoredRequest | None
    funds: Funds


class FundsStates:
    """Loads shops' money as its last event left it, and remembers it to begin from there again.

    What it remembers is always a beginning of the stream, so it can be old but never wrong.
    """

    def __init__(self, database: Queryable, loads: StreamLoader, codec: Codec[FundsEvent]) -> None:
        self._database = database
        self._loads = loads
        self._codec = codec
        self._known: OrderedDict[str, Funds] = OrderedDict()

    async def load(self, shop_id: str, key: IdempotencyKey | None = None) -> LoadedFunds:
        """Return a shop's money, or the request answered before. One round trip once it is known.

        The first time a snapshot is read before, and more than one page of what came after it only
        where no snapshot was taken for long.
        """
        funds = self._known.get(shop_id) or await begin_of(self._database, shop_id)
        while True:
            wanted = Wanted(
                partition_id=partition_of(shop_id),
                stream_id=funds_stream(shop_id),
                after_version=funds.version,
                scope=key.scope if key else None,
                key=key.key if key else None,
            )
            loaded = await self._loads.load(wanted, self._codec)
            if loaded.request is not None:
                return LoadedFunds(request=loaded.request, funds=funds)
            funds = fold(funds, [recorded.event for recorded in loaded.events])
            if len(loaded.events) < STREAM_EVENTS_MAX:
                self._remember(shop_id, funds)
                return LoadedFunds(request=None, funds=funds)

    async def is_booked(self, shop_id: str, reference: str) -> bool:
        """Tell whether a top-up or a withdrawal is in the log under a reference. One round trip."""
        stream_id = funds_stream(shop_id)
        found = await self._database.fetchrow(
            FIND_REFERENCE, partition_of(shop_id), stream_id, reference
        )
        return found is not None

    def _remember(self, shop_id: str, funds: Funds) -> None:
        known = self._known.get(shop_id)
        if known is None or known.version < funds.version:  # another load may have been faster
            self._known[shop_id] = funds
        self._known.move_to_end(shop_id)
        if len(self._known) > SHOPS_MAX:
            self._known.popitem(last=False)

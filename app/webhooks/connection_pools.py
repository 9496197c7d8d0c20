"""A bounded connection pool for each endpoint (bulkhead)."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore

# Many servers close idle connections after five seconds; reusing one later than this would often
# meet a connection that is just being closed.
IDLE_SECONDS = 4.0


@dataclass(slots=True, kw_only=True)
class _EndpointPool:
    """The pool of one endpoint. ``users``: attempts under way or waiting."""

    pool: httpcore.AsyncConnectionPool
    slots: asyncio.Semaphore
    users: int = 0
    used_at: float = field(default=0.0)


class EndpointConnectionPools:
    """A connection pool for each endpoint; pools that are unused for long are closed."""

    def __init__(
        self,
        backend: httpcore.AsyncNetworkBackend,
        tls: ssl.SSLContext,
        *,
        connections_per_endpoint_max: int,
        endpoints_max: int,
    ) -> None:
        self._backend = backend
        self._tls = tls
        self._connections_max = connections_per_endpoint_max
        self._endpoints_max = endpoints_max
        self._pools: OrderedDict[str, _EndpointPool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._pools)

    @asynccontextmanager
    async def pool_of(self, endpoint_id: str) -> AsyncIterator[httpcore.AsyncConnectionPool]:
        """Give the pool of an endpoint, once a connection is free."""
        connections = self._pools.get(endpoint_id)
        if connections is None:
            connections = self._pools[endpoint_id] = self._new()
        connections.users += 1
        try:
            async with connections.slots:
                yield connections.pool
        finally:
            connections.users -= 1
            connections.used_at = asyncio.get_running_loop().time()
            self._pools.move_to_end(endpoint_id)
            # Removed before the first await, so that no other task begins to use them.
            for unused in [self._pools.pop(idle) for idle in self._unused()]:
                await unused.pool.aclose()

    async def aclose(self) -> None:
        """Close all connections."""
        while self._pools:
            _, connections = self._pools.popitem()
            await connections.pool.aclose()

    def _new(self) -> _EndpointPool:
        pool = httpcore.AsyncConnectionPool(
            ssl_context=self._tls,
            max_connections=self._connections_max,
            keepalive_expiry=IDLE_SECONDS,
            network_backend=self._backend,
        )
        return _EndpointPool(pool=pool, slots=asyncio.Semaphore(self._connections_max))

    def _unused(self) -> list[str]:
        """Return the endpoints idle for too long, and the longest idle if there are too many."""
        now = asyncio.get_running_loop().time()
        unused: list[str] = []
        for endpoint_id, connections in self._pools.items():
            crowded = len(self._pools) - len(unused) > self._endpoints_max
            if not crowded and now - connections.used_at <= IDLE_SECONDS:
                break
            if connections.users == 0:
                unused.append(endpoint_id)
        return unused

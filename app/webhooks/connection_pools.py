"""Connections of each endpoint, apart from those of all others, and bounded."""

import asyncio
import ssl
from collections import OrderedDict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpcore

# A server closes idle connections after seconds (many after five); the one that is not used again
# within this time would often be closed just as it is used.
IDLE_SECONDS = 4.0


@dataclass(slots=True, kw_only=True)
class _EndpointPool:
    """The connections of one endpoint. ``users``: attempts under way or waiting."""

    pool: httpcore.AsyncConnectionPool
    slots: asyncio.Semaphore
    users: int = 0
    used_at: float = field(default=0.0)


class EndpointConnectionPools:
    """A pool of connections for each endpoint; the ones not used for long are closed."""

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
        """Give the connections of an endpoint, once one of them is free."""
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
            # Taken out before anything is awaited: nobody else may begin to use them.
            for unused in [self._pools.pop(one) for one in self._unused()]:
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
        """Name the endpoints idle for long, and the longest idle of too many."""
        now = asyncio.get_running_loop().time()
        unused: list[str] = []
        for endpoint_id, connections in self._pools.items():
            crowded = len(self._pools) - len(unused) > self._endpoints_max
            if not crowded and now - connections.used_at <= IDLE_SECONDS:
                break
            if connections.users == 0:
                unused.append(endpoint_id)
        return unused

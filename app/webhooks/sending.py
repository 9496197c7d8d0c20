"""One attempt to send a message to an endpoint, within bounds of time and memory.

Nothing an endpoint does raises an exception, takes longer than the deadline, or uses more memory
than the limits allow: each attempt ends in one of the outcomes (app/webhooks/outcomes.py).
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpcore
import httpx

from app.clock import Clock
from app.settings import Settings
from app.webhooks import outcomes, ssrf_guard
from app.webhooks.connection_pools import EndpointConnectionPools
from app.webhooks.egress_policy import EgressPolicy, parse_networks
from app.webhooks.endpoint_rules import EndpointUrl, UrlFault, find_header_fault, read_endpoint_url
from app.webhooks.signing import SigningSecret, signature_headers

USER_AGENT = "aftersales-webhooks/1"
MESSAGE_BYTES_MAX = 20_000
PIECES_MAX = 256
"""Pieces read of a response's body: many pieces of one byte would cost as much as megabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingLimits:
    """The limits of one attempt. ``total_seconds``: from connecting to the end of the response.

    ``answer_bytes_max``: bytes read, headers included; ``body_bytes_max``: bytes read of the body,
    enough to reuse most connections; ``kept_bytes_max``: bytes stored of the body.
    """

    total_seconds: float = 15.0
    connect_seconds: float = 5.0
    answer_bytes_max: int = 65_536
    body_bytes_max: int = 8_192
    kept_bytes_max: int = 1_024
    connections_per_endpoint_max: int = 8
    endpoints_max: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """An endpoint. ``secrets``: the valid ones, newest first. ``headers``: the owner's."""

    endpoint_id: str
    url: str
    secrets: Sequence[SigningSecret]
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message. ``id``: the same on every attempt. ``body``: JSON, at most 20,000 bytes."""

    id: str
    body: bytes = field(repr=False)


class Sender:
    """Sends webhooks; see `open_sender`.

    ``clock``: real time even for a shop with a test clock, because receivers compare the timestamp
    with their own clock.
    """

    def __init__(
        self,
        pools: EndpointConnectionPools,
        reach: EgressPolicy,
        limits: SendingLimits,
        clock: Clock,
    ) -> None:
        self._pools = pools
        self._reach = reach
        self._limits = limits
        self._clock = clock

    async def send(self, target: Target, message: Message) -> outcomes.Attempt:
        """Make one attempt. ValueError for an invalid message or invalid headers.

        Waiting for a free connection of the endpoint comes before, and is not counted.
        """
        if len(message.body) > MESSAGE_BYTES_MAX:
            raise ValueError(f"message {message.id} has {len(message.body)} bytes")
        if (fault := find_header_fault(target.headers)) is not None:
            raise ValueError(f"endpoint {target.endpoint_id}: {fault}")
        url = read_endpoint_url(target.url, self._reach)
        if isinstance(url, UrlFault):
            return outcomes.Attempt(
                at=self._clock.now(), latency_seconds=0.0, outcome=outcomes.UrlRefused(fault=url)
            )
        async with self._pools.pool_of(target.endpoint_id) as pool:
            return await self._attempt(pool, url, target, message)

    async def _attempt(
        self, pool: httpcore.AsyncConnectionPool, url: EndpointUrl, target: Target, message: Message
    ) -> outcomes.Attempt:
        loop = asyncio.get_running_loop()
        at, started = self._clock.now(), loop.time()
        signatures = signature_headers(message.id, message.body, target.secrets, at)
        progress = _Progress()
        request = _request(url, {**target.headers, **signatures}, message.body, progress)
        request.extensions["timeout"] = {"connect": self._limits.connect_seconds}
        outcome = await self._outcome(pool, request, progress)
        return outcomes.Attempt(at=at, latency_seconds=loop.time() - started, outcome=outcome)

    async def _outcome(
        self, pool: httpcore.AsyncConnectionPool, request: httpcore.Request, progress: "_Progress"
    ) -> outcomes.Outcome:
        """Send, and return the outcome of any failure."""
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                return await self._answered(pool, request, progress)
        except (TimeoutError, httpcore.TimeoutException):
            return outcomes.TimedOut(phase=progress.phase, status=progress.status)
        except ssrf_guard.NameUnknown:
            return outcomes.NameNotResolved()
        except ssrf_guard.AddressNotAllowed:
            return outcomes.AddressRefused()
        except ssrf_guard.HandshakeFailed as failed:
            return outcomes.TlsFailed(fault=failed.fault)
        except httpcore.ConnectError:
            return outcomes.ConnectFailed()
        except (httpcore.NetworkError, httpcore.RemoteProtocolError, ssrf_guard.AnswerTooLong):
            return outcomes.ConnectionLost(phase=progress.phase, status=progress.status)

    async def _answered(
        self, pool: httpcore.AsyncConnectionPool, request: httpcore.Request, progress: "_Progress"
    ) -> outcomes.Outcome:
        response = await pool.handle_async_request(request)
        progress.phase, progress.status = outcomes.Phase.READING, response.status
        try:
            beginning, whole = await self._beginning(response)
        finally:
            await response.aclose()
        answer = outcomes.read_answer(response.status, response.headers, beginning, cut=not whole)
        return outcomes.classify_response(
            answer, outcomes.retry_after_in(response.headers, self._clock.now())
        )

    async def _beginning(self, response: httpcore.Response) -> tuple[bytes, bool]:
        """Read a body; return its beginning and whether that is all of it."""
        kept_bytes_max, kept, whole = self._limits.kept_bytes_max, bytearray(), True
        pieces = read_bytes = 0
        try:
            async for piece in response.aiter_stream():
                left_bytes = kept_bytes_max - len(kept)
                whole = whole and len(piece) <= left_bytes
                kept += piece[:left_bytes]
                pieces, read_bytes = pieces + 1, read_bytes + len(piece)
                if pieces == PIECES_MAX or read_bytes >= self._limits.body_bytes_max:
                    return bytes(kept), False
        except ssrf_guard.AnswerTooLong:
            whole = False
        return bytes(kept), whole


@asynccontextmanager
async def open_sender(
    reach: EgressPolicy,
    clock: Clock,
    *,
    limits: SendingLimits | None = None,
    resolver: ssrf_guard.Resolver | None = None,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[Sender]:
    """Open a sender, one per process; its connections are closed at the end.

    ``tls``: the trusted authorities; by default those of browsers, or of `SSL_CERT_FILE`.
    """
    own_resolver = ssrf_guard.SystemResolver()
    limits = limits or SendingLimits()
    pools = EndpointConnectionPools(
        ssrf_guard.EgressGuardedBackend(reach, resolver or own_resolver, limits.answer_bytes_max),
        tls or httpx.create_ssl_context(),
        connections_per_endpoint_max=limits.connections_per_endpoint_max,
        endpoints_max=limits.endpoints_max,
    )
    try:
        yield Sender(pools, reach, limits, clock)
    finally:
        await pools.aclose()
        own_resolver.close()


def reach_of(settings: Settings) -> EgressPolicy:
    """Return the egress policy of the settings."""
    return EgressPolicy(
        private=settings.webhooks_allow_private,
        refused=parse_networks(settings.webhooks_refused_networks),
    )


@dataclass(slots=True)
class _Progress:
    """The progress of an attempt."""

    phase: outcomes.Phase = outcomes.Phase.CONNECTING
    status: int | None = None

    async def note(self, event: str, _: dict[str, Any]) -> None:
        """Receive a trace event of httpcore."""
        if event == "http11.send_request_headers.started":
            self.phase = outcomes.Phase.WAITING


def _request(
    url: EndpointUrl, headers: Mapping[str, str], body: bytes, progress: _Progress
) -> httpcore.Request:
    ours = {
        "Host": url.host_header,
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",  # against decompression bombs
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
    }
    return httpcore.Request(
        "POST",
        httpcore.URL(scheme=url.scheme, host=url.host, port=url.port, target=url.target),
        headers=[*ours.items(), *headers.items()],
        content=body,
        extensions={"trace": progress.note},
    )

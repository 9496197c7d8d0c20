"""Connections to allowed addresses only, against server-side request forgery (SSRF).

A name is resolved once per connection; all of its addresses must be allowed, and the connection is
made to a checked address, so DNS rebinding changes nothing. The certificate is verified against the
name. No error contains an address, which could reveal the structure of the internal network.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from enum import StrEnum
from threading import Thread
from typing import Any, Protocol

import httpcore
from httpcore import SOCKET_OPTION

from app.webhooks.egress_policy import EgressPolicy, all_allowed, parse_address

ADDRESSES_TRIED_MAX = 4
READ_BYTES_MAX = 1_024
"""Bytes read at a time: they are parsed in one go, which blocks the event loop."""
LOOKUPS_MAX = 32
"""Concurrent name resolutions per process. The system's resolution cannot be cancelled."""


class Resolver(Protocol):
    """Resolves names."""

    async def addresses(self, host: str) -> Sequence[str]:
        """Return all addresses of a name, in the order to try them; OSError if it has none."""
        ...


class AddressNotAllowed(Exception):
    """One of the addresses is forbidden."""


class NameUnknown(Exception):
    """The name has no address, or could not be resolved."""


class TlsFault(StrEnum):
    """What was wrong with a server's certificate or with the TLS handshake."""

    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_FOR_ANOTHER_NAME = "certificate_for_another_name"
    CERTIFICATE_NOT_TRUSTED = "certificate_not_trusted"
    """Self-signed, or by an unknown authority, or sent without the chain."""
    CERTIFICATE_REFUSED = "certificate_refused"
    HANDSHAKE_FAILED = "handshake_failed"
    """The server does not speak TLS, or only an old version."""


class HandshakeFailed(Exception):
    """The TLS handshake failed."""

    def __init__(self, fault: TlsFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def look_up(host: str) -> Sequence[str]:
    """Return all addresses of a name by the system's resolver, in its order; OSError if none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class SystemResolver:
    """The system's resolver on dedicated threads, one resolution per name at a time.

    A name server that never answers blocks one thread per name and nothing else. The threads are
    daemons, so none keeps the process from ending.
    """

    def __init__(
        self, lookups_max: int = LOOKUPS_MAX, look_up: Callable[[str], Sequence[str]] = look_up
    ) -> None:
        self._look_up = look_up
        self._free = asyncio.Semaphore(lookups_max)
        self._under_way: dict[str, asyncio.Task[Sequence[str]]] = {}

    async def addresses(self, host: str) -> Sequence[str]:
        """Return all addresses of a name; see `Resolver`."""
        task = self._under_way.get(host)
        if task is None:
            task = self._under_way[host] = asyncio.create_task(self._on_a_thread(host))
            task.add_done_callback(lambda ended: self._ended(host, ended))
        return await asyncio.shield(task)

    def close(self) -> None:
        """Cancel waiting for all resolutions."""
        for task in self._under_way.values():
            task.cancel()

    async def _on_a_thread(self, host: str) -> Sequence[str]:
        found: Future[Sequence[str]] = Future()
        found.set_running_or_notify_cancel()  # from here on the waiting can be cancelled, not this

        def work() -> None:
            try:
                found.set_result(self._look_up(host))
            except (OSError, UnicodeError) as error:
                found.set_exception(error)

        async with self._free:
            Thread(target=work, name=f"look-up of {host}", daemon=True).start()
            return await asyncio.wrap_future(found)

    def _ended(self, host: str, ended: asyncio.Task[Sequence[str]]) -> None:
        del self._under_way[host]
        if not ended.cancelled():
            ended.exception()  # retrieved, even if nothing waits for it any more


class AnswerTooLong(Exception):
    """A response is longer than the limit."""


class EgressGuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to allowed addresses only, and reads a bounded part of each response."""

    def __init__(self, reach: EgressPolicy, resolver: Resolver, answer_bytes_max: int) -> None:
        self._reach = reach
        self._resolver = resolver
        self._answer_bytes_max = answer_bytes_max
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connect to a name or address, within a time for each of its addresses.

        Raises NameUnknown, AddressNotAllowed, and httpcore's ConnectError and ConnectTimeout.
        """
        addresses = await self._checked(host)
        failed: Exception = NameUnknown()
        for address in addresses[:ADDRESSES_TRIED_MAX]:
            try:
                stream = await self._network.connect_tcp(
                    address, port, timeout, local_address, socket_options
                )
                return _GuardedStream(stream, self._answer_bytes_max)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = type(error)()  # without the system's message, which contains the address
        raise failed

    async def _checked(self, host: str) -> Sequence[str]:
        addresses: Sequence[str] = [host]
        if parse_address(host) is None:
            try:
                addresses = await self._resolver.addresses(host)
            except (OSError, UnicodeError):
                raise NameUnknown from None
        if not all_allowed(addresses, self._reach):
            raise AddressNotAllowed
        return addresses


class _GuardedStream(httpcore.AsyncNetworkStream):
    """A connection that names TLS faults and bounds the bytes of each response.

    All bytes of a response count, so that endless headers, interim responses (1xx) and chunk
    lengths are bounded too.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, answer_bytes_max: int) -> None:
        self._stream = stream
        self._answer_bytes_max = answer_bytes_max
        self._left_bytes = answer_bytes_max

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> httpcore.AsyncNetworkStream:
        try:
            stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            raise HandshakeFailed(_tls_fault(error.__cause__)) from None
        return _GuardedStream(stream, self._answer_bytes_max)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> bytes:
        if self._left_bytes == 0:
            raise AnswerTooLong
        bytes_max = min(max_bytes, self._left_bytes, READ_BYTES_MAX)
        try:
            read = await self._stream.read(bytes_max, timeout)
        except ssl.SSLError as error:  # which httpcore does not map
            raise httpcore.ReadError from error
        self._left_bytes -= len(read)
        return read

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> None:
        self._left_bytes = self._answer_bytes_max  # a request begins or continues
        try:
            await self._stream.write(buffer, timeout)
        except ssl.SSLError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


# OpenSSL's X509_V_ERR_* numbers, which Python does not name.
_FAULTS = {
    10: TlsFault.CERTIFICATE_EXPIRED,
    18: TlsFault.CERTIFICATE_NOT_TRUSTED,  # self-signed
    19: TlsFault.CERTIFICATE_NOT_TRUSTED,  # self-signed in the chain
    20: TlsFault.CERTIFICATE_NOT_TRUSTED,  # unknown authority
    21: TlsFault.CERTIFICATE_NOT_TRUSTED,  # incomplete chain
    62: TlsFault.CERTIFICATE_FOR_ANOTHER_NAME,
    64: TlsFault.CERTIFICATE_FOR_ANOTHER_NAME,  # an address
}


def _tls_fault(cause: BaseException | None) -> TlsFault:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _FAULTS.get(cause.verify_code, TlsFault.CERTIFICATE_REFUSED)
    return TlsFault.HANDSHAKE_FAILED

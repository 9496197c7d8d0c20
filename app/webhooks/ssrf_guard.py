"""Connections that lead to the public internet only, whatever a name says at the moment.

A name is looked up once a connection; every address it has must be allowed, and the connection is
made to an address that was checked, so nothing can change in between. The certificate is checked
against the name. No error names an address: it could tell a stranger how a network looks inside.
"""

import asyncio
import socket
import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from enum import StrEnum
from functools import partial
from threading import Thread
from typing import Any, Protocol

import httpcore
from httpcore import SOCKET_OPTION

from app.webhooks.egress_policy import EgressPolicy, all_allowed, parse_address

ADDRESSES_TRIED_MAX = 4
READ_BYTES_MAX = 1_024
"""What is read is parsed at once while all else waits, so it is little."""
LOOKUPS_MAX = 32
"""Names looked up at a time, per process. The system's look-up cannot be given up once begun."""


class Resolver(Protocol):
    """Looks up the addresses of a name."""

    async def addresses(self, host: str) -> Sequence[str]:
        """Return all addresses of a name, in the order to try them; OSError if it has none."""
        ...


class AddressNotAllowed(Exception):
    """One of the addresses is none that webhooks may be sent to."""


class NameUnknown(Exception):
    """The name has no address, or none could be found out."""


class TlsFault(StrEnum):
    """What was wrong with a server's certificate, or how TLS began."""

    CERTIFICATE_EXPIRED = "certificate_expired"
    CERTIFICATE_FOR_ANOTHER_NAME = "certificate_for_another_name"
    CERTIFICATE_NOT_TRUSTED = "certificate_not_trusted"
    """Signed by itself, or by an authority that is not known or not sent along."""
    CERTIFICATE_REFUSED = "certificate_refused"
    HANDSHAKE_FAILED = "handshake_failed"
    """No TLS was spoken, or none that is new enough."""


class HandshakeFailed(Exception):
    """TLS could not be begun."""

    def __init__(self, fault: TlsFault) -> None:
        super().__init__(fault.value)
        self.fault = fault


def look_up(host: str) -> Sequence[str]:
    """Return all addresses of a name as the system finds them, in its order; OSError if none."""
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class SystemResolver:
    """Looks up names as the system does, on threads of its own, each name once at a time.

    A name server that never answers holds one thread for each of its names, and none of anything
    else. No thread keeps the process from ending.
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
        """Wait for no look-up any more."""
        for task in self._under_way.values():
            task.cancel()

    async def _on_a_thread(self, host: str) -> Sequence[str]:
        loop = asyncio.get_running_loop()
        found: asyncio.Future[Sequence[str]] = loop.create_future()

        def work() -> None:
            told: Callable[[], None]
            try:
                told = partial(_tell, found, self._look_up(host))
            except (OSError, UnicodeError) as error:
                told = partial(_tell, found, error)
            with suppress(RuntimeError):  # nobody is there any more
                loop.call_soon_threadsafe(told)

        async with self._free:
            Thread(target=work, name=f"look-up of {host}", daemon=True).start()
            return await found

    def _ended(self, host: str, ended: asyncio.Task[Sequence[str]]) -> None:
        del self._under_way[host]
        if not ended.cancelled():
            ended.exception()  # seen, even if everybody who asked has gone


class AnswerTooLong(Exception):
    """More came as an answer to one request than is read."""


class EgressGuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to allowed addresses only, and reads only so much of each answer."""

    def __init__(self, reach: EgressPolicy, resolver: Resolver, answer_bytes_max: int) -> None:
        self._reach = reach
        self._resolver = resolver
        self._answer_bytes_max = answer_bytes_max
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore asks
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
                failed = type(error)()  # without the system's words, which name the address
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
    """A connection that says what was wrong with TLS, and how long an answer may be.

    All bytes of an answer count, so that headers, promises (1xx) and the lengths of chunks without
    end are bounded too.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, answer_bytes_max: int) -> None:
        self._stream = stream
        self._answer_bytes_max = answer_bytes_max
        self._left_bytes = answer_bytes_max

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore asks
    ) -> httpcore.AsyncNetworkStream:
        try:
            stream = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        except httpcore.ConnectError as error:
            raise HandshakeFailed(_tls_fault(error.__cause__)) from None
        return _GuardedStream(stream, self._answer_bytes_max)

    async def read(
        self,
        max_bytes: int,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore asks
    ) -> bytes:
        if self._left_bytes == 0:
            raise AnswerTooLong
        bytes_max = min(max_bytes, self._left_bytes, READ_BYTES_MAX)
        try:
            read = await self._stream.read(bytes_max, timeout)
        except ssl.SSLError as error:  # which httpcore lets through
            raise httpcore.ReadError from error
        self._left_bytes -= len(read)
        return read

    async def write(
        self,
        buffer: bytes,
        timeout: float | None = None,  # noqa: ASYNC109 - as httpcore asks
    ) -> None:
        self._left_bytes = self._answer_bytes_max  # a request begins, or goes on
        try:
            await self._stream.write(buffer, timeout)
        except ssl.SSLError as error:
            raise httpcore.WriteError from error

    async def aclose(self) -> None:
        await self._stream.aclose()

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _tell(
    found: asyncio.Future[Sequence[str]], result: Sequence[str] | OSError | UnicodeError
) -> None:
    if found.done():
        return
    if isinstance(result, Exception):
        found.set_exception(result)
    else:
        found.set_result(result)


# OpenSSL's X509_V_ERR_*: numbers that Python gives no names.
_FAULTS = {
    10: TlsFault.CERTIFICATE_EXPIRED,
    18: TlsFault.CERTIFICATE_NOT_TRUSTED,  # signed by itself
    19: TlsFault.CERTIFICATE_NOT_TRUSTED,  # the authority's, signed by itself
    20: TlsFault.CERTIFICATE_NOT_TRUSTED,  # of an unknown authority
    21: TlsFault.CERTIFICATE_NOT_TRUSTED,  # without its authority's
    62: TlsFault.CERTIFICATE_FOR_ANOTHER_NAME,
    64: TlsFault.CERTIFICATE_FOR_ANOTHER_NAME,  # an address
}


def _tls_fault(cause: BaseException | None) -> TlsFault:
    if isinstance(cause, ssl.SSLCertVerificationError):
        return _FAULTS.get(cause.verify_code, TlsFault.CERTIFICATE_REFUSED)
    return TlsFault.HANDSHAKE_FAILED

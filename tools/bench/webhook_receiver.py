"""A receiver of webhooks in a separate process: takes everything, notes when each id came.

It is the same for the service and for what the service is compared with. Says on standard output
which port it listens on. `GET` answers how many came and when each id did, by the system's clock.
"""

import asyncio
import json
import sys
import time
from typing import cast

import uvloop

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length: "
_ID = b"\r\nwebhook-id: "
_TAKEN = b"HTTP/1.1 204 No Content\r\n\r\n"


class _Receiver(asyncio.Protocol):
    """One connection. Requests come one after the other, each with a length or none."""

    arrived: dict[str, float] = {}  # noqa: RUF012 - of the whole process

    def __init__(self) -> None:
        self._received = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(_END_OF_HEAD)
        if end < 0:
            return
        head = self._received[: end + 2].lower()
        length = int(_value(head, _LENGTH) or 0)
        if len(self._received) < end + len(_END_OF_HEAD) + length:
            return
        self._received = b""
        assert self._transport is not None  # noqa: S101 - data comes after connecting
        if head.startswith(b"get"):
            self._transport.write(_told(self.arrived))
            return
        message_id = _value(head, _ID)
        if message_id is not None:
            self.arrived.setdefault(message_id, time.time())
        self._transport.write(_TAKEN)


def _value(head: bytes, name: bytes) -> str | None:
    at = head.find(name)
    if at < 0:
        return None
    return head[at + len(name) : head.index(b"\r", at + len(name))].decode()


def _told(arrived: dict[str, float]) -> bytes:
    body = json.dumps(arrived).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\ncontent-type: application/json"
    return head.encode() + _END_OF_HEAD + body


async def serve() -> None:
    """Receive until terminated."""
    server = await asyncio.get_running_loop().create_server(_Receiver, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve())

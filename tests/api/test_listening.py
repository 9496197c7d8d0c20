"""The socket the service listens on."""

import asyncio
import socket

from app.cli.listening import listen


async def test_no_answer_waits_for_the_callers_acknowledgement_of_its_first_part() -> None:
    """Without uvloop too: then asyncio looks at what the listening socket says it is."""
    accepted: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def look(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = writer.get_extra_info("socket")
        accepted.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listen("127.0.0.1", 0) as listener:
        async with await asyncio.start_server(look, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await accepted != 0
            writer.close()

"""A process that has loaded all commands, and forks itself for each one it is asked to run.

Loading takes one to five seconds of processor time. A command still has its own process,
environment, folder and standard streams. `python -m tests.cli.command_server SOCKET` serves until
its standard input ends.
"""

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from app.cli.main import COMMANDS, main

REPOSITORY = Path(__file__).parents[2]
REQUEST_BYTES_MAX = 1_000_000
ENDS_WITHIN_SECONDS = 120


def run_command(
    words: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], stdin: bytes
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return how it ended and what it wrote."""
    asked = json.dumps({"words": words, "cwd": str(cwd), "env": dict(env)}).encode()
    with (
        TemporaryFile() as given,
        TemporaryFile() as out,
        TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as server,
    ):
        given.write(stdin)
        given.seek(0)
        server.settimeout(ENDS_WITHIN_SECONDS)
        server.connect(_server())
        socket.send_fds(server, [b"*"], [given.fileno(), out.fileno(), err.fileno()])
        server.sendall(asked)
        server.shutdown(socket.SHUT_WR)
        code = int(server.recv(16))
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(
            ["aftersales", *words], code, out.read().decode(), err.read().decode()
        )


@cache
def _server() -> str:
    """Start the server of this process and return where it listens."""
    folder = TemporaryDirectory(prefix="aftersales-test-")
    place = str(Path(folder.name) / "commands")
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.cli.command_server", place],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"ready\n"
    atexit.register(folder.cleanup)
    atexit.register(process.communicate)
    return place


def serve(place: str) -> None:
    """Fork for each request until standard input ends."""
    for module, _, _ in (found.partition(":") for found, _ in COMMANDS.values()):
        import_module(module)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps what has ended
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(place)
        listening.listen()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while sys.stdin not in select.select([sys.stdin, listening], [], [])[0]:
            connection, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _watch(connection)
            connection.close()


def _watch(connection: socket.socket) -> None:
    """Run what is asked for in a child, and send the code it ended with."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(connection, 1, 3)
    asked = b""
    while part := connection.recv(REQUEST_BYTES_MAX):
        asked += part
    child = os.fork()
    if child == 0:
        connection.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        _become(**json.loads(asked))
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(str(code).encode())
    os._exit(0)


def _become(words: list[str], cwd: str, env: dict[str, str]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["aftersales", *words]
    main()
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1])

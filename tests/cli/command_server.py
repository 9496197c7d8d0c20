"""A process that has loaded all commands, and forks itself for each process it is asked for.

Loading takes one to five seconds of processor time. What it forks still has its own process,
environment, folder and standard streams, and runs a command or a module.
`python -m tests.cli.command_server SOCKET` serves until its standard input ends.
"""

import atexit
import json
import os
import random
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile

from app.cli.main import COMMANDS, main

REPOSITORY = Path(__file__).parents[2]
REQUEST_BYTES_MAX = 1_000_000
ENDS_WITHIN_SECONDS = 120


class Forked:
    """A process that was forked from the one that has loaded the commands."""

    def __init__(
        self,
        words: tuple[str, ...],
        *,
        cwd: Path,
        env: Mapping[str, str],
        streams: tuple[int, int, int],
        module: str | None = None,
    ) -> None:
        """Start a command, or a module as `python -m` does; the streams are its standard ones."""
        asked = {"words": words, "module": module, "cwd": str(cwd), "env": dict(env)}
        with socket.socket(socket.AF_UNIX) as server:
            server.settimeout(ENDS_WITHIN_SECONDS)
            server.connect(_server())
            socket.send_fds(server, [b"*"], list(streams))
            server.sendall(json.dumps(asked).encode())
            server.shutdown(socket.SHUT_WR)
            self._told = server.makefile("r")
        self._pid = int(self._told.readline())
        self._code: int | None = None

    def wait(self) -> int:
        """Wait for its end and return its exit code, negative for the signal that ended it."""
        if self._code is None:
            with self._told:
                self._code = int(self._told.readline())
        return self._code

    def kill(self) -> None:
        """End it at once (SIGKILL), and wait for its end."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        self.wait()


def run_command(
    words: tuple[str, ...], *, cwd: Path, env: Mapping[str, str], stdin: bytes
) -> "subprocess.CompletedProcess[str]":
    """Run a command to its end and return how it ended and what it wrote."""
    with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as err:
        given.write(stdin)
        given.seek(0)
        streams = given.fileno(), out.fileno(), err.fileno()
        code = Forked(words, cwd=cwd, env=env, streams=streams).wait()
        out.seek(0)
        err.seek(0)
        return subprocess.CompletedProcess(
            ["aftersales", *words], code, out.read().decode(), err.read().decode()
        )


def run_module(module: str, *words: str) -> tuple[Forked, int]:
    """Start a module of the repository; return it and where its standard output is read."""
    reading, writing = os.pipe()
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a file without a name
        streams = nothing.fileno(), writing, sys.__stderr__.fileno() if sys.__stderr__ else 2
        try:
            env = os.environ
            return Forked(words, module=module, cwd=REPOSITORY, env=env, streams=streams), reading
        finally:
            os.close(writing)


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
    """Run what is asked for in a child; send its process id, then the code it ended with."""
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
    connection.sendall(f"{child}\n".encode())
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    connection.sendall(f"{code}\n".encode())
    os._exit(0)


def _become(words: list[str], module: str | None, cwd: str, env: dict[str, str]) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    random.seed()
    sys.argv = [module or "aftersales", *words]
    if module is None:
        main()
    else:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve(sys.argv[1])

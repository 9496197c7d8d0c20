"""One embedded server for all processes that name the same folder."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from app.postgres.embedded import EmbeddedPostgresError
from app.postgres.embedded.postgres import PostgresServer


@contextmanager
def shared_postgres(
    folder: Path, *, settings: Mapping[str, str] | None = None, throw_away: bool = False
) -> Iterator[PostgresServer]:
    """Use the server in `folder` together with other processes.

    The first user starts it and the last one stops it. A user that is killed is no user any more;
    a server left running that way is reused by the next one. With `throw_away` the first user
    also deletes the data that earlier ones left, and the last one its own.
    """
    folder.mkdir(parents=True, exist_ok=True)
    server = PostgresServer(folder, settings)
    with _opened(folder / "in-use.lock") as in_use:
        with _turn(folder):
            if throw_away and _alone(in_use):
                server.stop()
                server.remove()
            fcntl.flock(in_use, fcntl.LOCK_SH)
            server.create()
            server.start()
        try:
            yield server
        finally:
            with _turn(folder):
                if _alone(in_use):
                    server.stop()
                    if throw_away:
                        server.remove()


@contextmanager
def _turn(folder: Path) -> Iterator[None]:
    """Lock starting and stopping of the server against other processes."""
    with _opened(folder / "turn.lock") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


def _alone(in_use: int) -> bool:
    """Return whether no other process uses the server; if so, keep the exclusive lock."""
    try:
        fcntl.flock(in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    # The kernel releases a lock however its holder ends, unlike a list of process ids.
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except PermissionError as refusal:
        raise EmbeddedPostgresError(f"{path.parent} belongs to another user") from refusal
    try:
        yield descriptor
    finally:
        os.close(descriptor)

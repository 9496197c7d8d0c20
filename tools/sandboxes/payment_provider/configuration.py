"""What tests set while the sandbox runs; it is kept with the rest and survives a restart."""

import sqlite3

from tools.sandboxes.payment_provider.faults import Faults

READ = "SELECT value FROM configuration WHERE name = ?"
WRITE = """
INSERT INTO configuration (name, value) VALUES (?, ?)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
FORGET = "DELETE FROM configuration WHERE name = ?"


def faults(connection: sqlite3.Connection) -> Faults:
    """Return the faults at random that are set."""
    found = connection.execute(READ, ("faults",)).fetchone()
    return Faults() if found is None else Faults.model_validate_json(found[0])


def set_faults(connection: sqlite3.Connection, new: Faults) -> None:
    """Set the faults at random."""
    connection.execute(WRITE, ("faults", new.model_dump_json()))


def callback_url(connection: sqlite3.Connection) -> str | None:
    """Return where callbacks are sent; None keeps them until it is known."""
    found = connection.execute(READ, ("callback_url",)).fetchone()
    return None if found is None else str(found[0])


def set_callback_url(connection: sqlite3.Connection, url: str | None) -> None:
    """Set where callbacks are sent."""
    if url is None:
        connection.execute(FORGET, ("callback_url",))
    else:
        connection.execute(WRITE, ("callback_url", url))

"""How a command fails: what went wrong, what to do next, and the exit code."""

from enum import IntEnum
from typing import Self


class ExitCode(IntEnum):
    """What a command's exit code means; the same for all of them."""

    DONE = 0
    FOUND_FAULTS = 1
    """The command ran to its end and what it looked at is not all as it should be."""
    WRONG_USE = 2
    """Arguments or settings are wrong; nothing was done."""
    NOT_POSSIBLE = 3
    """Something that is needed is not there: the database, the service, a port, a right."""
    BOOKS_DIFFER = 4
    """Provider, ledger and tickets do not agree; `aftersales reconcile` alone says so."""
    INTERRUPTED = 130


EXIT_CODES_HELP = (
    "Exit codes: 0 done; 1 done, but not all is as it should be (refused lines, a stopped reader, "
    "an outdated file); 2 wrong use; 3 not possible now (no database, no service, no right); "
    "4 books that do not agree (reconcile); 130 interrupted."
)


class CommandFailed(Exception):
    """A command cannot go on; the message says why and `next_step` what to do about it."""

    def __init__(
        self, message: str, next_step: str, exit_code: ExitCode = ExitCode.NOT_POSSIBLE
    ) -> None:
        super().__init__(message)
        self.next_step = next_step
        self.exit_code = exit_code

    @classmethod
    def wrong_use(cls, message: str, next_step: str) -> Self:
        """Build the failure of a command that was called wrongly."""
        return cls(message, next_step, ExitCode.WRONG_USE)


class Interrupted(Exception):
    """Whoever typed the command wants it to end now."""


def not_migrated() -> CommandFailed:
    """Return the failure of a command that finds a database without today's schema."""
    return CommandFailed(
        "the database is not at the schema this version needs", "run: aftersales migrate"
    )

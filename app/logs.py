"""How log lines are written, by this code and by the libraries it uses.

Failures are logged by their kinds, texts and places, without the values that caused them: the texts
of the database, its drivers and pydantic repeat parameters and input, which may be keys, tokens and
buyers' words. Local variables are never shown.
"""

import logging
import sys
import traceback
from collections.abc import Iterator
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from app.settings import Settings


def configure_logs(settings: Settings) -> None:
    """Send every log line of the process to standard error in the chosen format.

    Lines of libraries using the standard library's logging take the same way. Values bound with
    `structlog.contextvars.bind_contextvars` (request id, shop) appear on each line.
    """
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        fields_without_values,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(settings),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(settings.log_level)
    logging.getLogger("httpx").setLevel(max(logging.WARNING, root.level))  # a line a request
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        library = logging.getLogger(name)
        library.handlers = []
        library.propagate = True


def _rendering(settings: Settings) -> list[Processor]:
    if settings.log_format == "console":
        return [failures_as_text, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    return [failures_as_fields, structlog.processors.JSONRenderer(ensure_ascii=False)]


FAILURES_MAX = 20
"""Of one chain; those further down are left out."""

_DATABASE = frozenset({"asyncpg", "sqlalchemy"})
_DATA_EXCEPTION = "22"
"""The class of SQLSTATEs whose texts repeat the value that was refused."""

_LEFT_OUT = "text left out, it may repeat values"


def text_without_values(error: BaseException) -> str:
    """Return the text of a failure without parameters of statements or input of requests."""
    package = type(error).__module__.partition(".")[0]
    if package == "pydantic_core":
        return _LEFT_OUT
    if package not in _DATABASE:
        return str(error)
    statement = getattr(error, "statement", None)
    orig = getattr(error, "orig", None)
    if statement is not None:
        return f"{text_without_values(orig) if orig else _LEFT_OUT} [SQL: {statement}]"
    state = getattr(error, "sqlstate", None) or ""
    if state.startswith(_DATA_EXCEPTION):
        return f"SQLSTATE {state}, {_LEFT_OUT}"
    text = str(error.args[0] if error.args else error).partition("\n")[0]  # DETAIL repeats values
    return f"SQLSTATE {state}: {text}" if state else text


def failures_in_chain(error: BaseException) -> Iterator[tuple[BaseException, str]]:
    """Yield a failure, its causes and the members of its groups, each with its text."""
    left, hidden, seen = [error], False, set[int]()
    while left and len(seen) < FAILURES_MAX:
        failure = left.pop()
        if id(failure) in seen:
            continue
        seen.add(id(failure))
        text = text_without_values(failure)
        yield failure, _LEFT_OUT if hidden else text
        hidden = hidden or _LEFT_OUT in text  # its cause names the same value
        if isinstance(failure, BaseExceptionGroup):
            left.extend(reversed(failure.exceptions))
        cause = failure.__cause__
        if cause is None and not failure.__suppress_context__:
            cause = failure.__context__
        if cause is not None:
            left.append(cause)


def failures_as_fields(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Processor: write a logged failure as a list, the outermost first, each with its frames."""
    if error := _failure_of(event.pop("exc_info", None)):
        event["exception"] = [
            {
                "exc_type": type(failure).__name__,
                "exc_value": text,
                "frames": [
                    {"filename": frame.filename, "lineno": frame.lineno, "name": frame.name}
                    for frame in traceback.extract_tb(failure.__traceback__)
                ],
            }
            for failure, text in failures_in_chain(error)
        ]
    return event


def failures_as_text(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Processor: write a logged failure for a person to read, its first cause first."""
    if error := _failure_of(event.pop("exc_info", None)):
        written = [
            "".join(traceback.format_tb(failure.__traceback__))
            + f"{type(failure).__name__}: {text}"
            for failure, text in failures_in_chain(error)
        ]
        event["exception"] = "\n\n".join(reversed(written))
    return event


def fields_without_values(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """Processor: write failures given as fields of a line (`reason=error`) by kind and text."""
    for name, value in event.items():
        if name != "exc_info" and isinstance(value, BaseException):
            event[name] = f"{type(value).__name__}: {text_without_values(value)}"
    return event


def _failure_of(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        failure = exc_info[1]
        return failure if isinstance(failure, BaseException) else None
    return sys.exception() if exc_info else None

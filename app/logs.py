"""How log lines are written, by this code and by the libraries it uses."""

import logging
import sys

import structlog
from structlog.typing import Processor

from app.log_exceptions import failures_as_fields, failures_as_text, fields_without_values
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

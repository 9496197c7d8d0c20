"""Letting an order act on what has fallen due, on nobody's behalf."""

from datetime import datetime

import structlog

from app.command_handling.requests import DEADLINES, Answer, History, OrderRequest, Refusal
from app.domain.order.commands import ActOnDeadlines

_log = structlog.get_logger(__name__)


def deadlines_request(shop_id: str, order_id: str, correlation_id: str) -> OrderRequest:
    """Ask an order to act on its deadlines; harmless if none has come."""
    return OrderRequest(
        shop_id=shop_id,
        order_id=order_id,
        commands=(ActOnDeadlines(),),
        actor=DEADLINES,
        correlation_id=correlation_id,
    )


class Silent:
    """Answers nobody: a timer waits for no answer. Keeps what it was given to answer to."""

    history: History = ()

    def accepted(self, history: History, *, changed: bool, now: datetime) -> Answer:  # noqa: ARG002
        """Keep the order's history, and say nothing."""
        self.history = history
        return Answer(status=200, body=b"")

    def refused(self, refusal: Refusal) -> Answer:
        """Note what never happens to an order that is there."""
        _log.warning("deadline_refused", refusal=str(refusal))
        return Answer(status=409, body=b"")

"""How the sandbox answers: plainly, or in one of the ways providers fail to."""

import asyncio
from typing import TypeAlias

from fastapi import Request
from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.payments.provider.wire import (
    AcceptedBody,
    KeyReusedBody,
    NotKnownBody,
    RefusedBody,
    SucceededBody,
)
from app.waiting import wait_for_any
from tools.sandboxes.payment_provider.payment import Payment, answer_of

Answer: TypeAlias = SucceededBody | AcceptedBody | RefusedBody | NotKnownBody | KeyReusedBody


class CutOff(Response):
    """The beginning of an answer, and then a closed connection."""

    media_type = "application/json"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        """Announce the whole, send half of it, and leave: the server closes the connection."""
        head = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **head})
        half = bytes(self.body)[: len(self.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})


def json_response(body: BaseModel, status: int = 200) -> Response:
    """Return an answer as JSON."""
    return Response(body.model_dump_json(), status, media_type="application/json")


def ordered(answer: Answer) -> Response:
    """Return the plain answer to an order."""
    statuses = {"accepted": 202, "refused": 422, "key_reused": 409}
    return json_response(answer, statuses.get(answer.status, 200))


def broken(payment: Payment) -> Response:
    """Return a right answer without its end."""
    text = answer_of(payment).model_dump_json()
    return Response(text[: len(text) // 2], media_type="application/json")


def cut_off(payment: Payment) -> Response:
    """Return an answer whose connection is closed in the middle."""
    return CutOff(answer_of(payment).model_dump_json())


def failed() -> Response:
    """Return the 500 of a provider that has lost its way."""
    return Response("<html><body>Internal Server Error</body></html>", 500, media_type="text/html")


async def silence(request: Request, stop: asyncio.Event, seconds_max: float) -> Response:
    """Say nothing until the caller goes away, the sandbox stops, or the time is over."""
    gone = asyncio.Event()

    async def listen() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass
        gone.set()

    listening = asyncio.create_task(listen())
    try:
        await wait_for_any(seconds_max, stop, gone)
    finally:
        listening.cancel()
    return CutOff(b" ")

"""The sandbox as an application: the provider's routes, its book, and what tests may set."""

import asyncio
import hmac
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import httpx
from fastapi import APIRouter, Depends, FastAPI, HTTPException, Query, Request
from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError
from starlette.responses import PlainTextResponse, Response

from app.clock import Clock
from app.payments.provider.port import BookFilter
from app.payments.provider.wire import (
    BODY_BYTES_MAX,
    BOOK_PAGE_ENTRIES_MAX,
    BOOK_PATH,
    PAYMENTS_PATH,
    PAYOUTS_PATH,
    REFUNDS_PATH,
    BookPageBody,
    KeyReusedBody,
    NotKnownBody,
    PayoutBody,
    RefundBody,
)
from tools.sandboxes.payment_provider import answering, book, configuration, outbox, paying
from tools.sandboxes.payment_provider.behaviours import Manner, table
from tools.sandboxes.payment_provider.faults import Faults
from tools.sandboxes.payment_provider.payment import (
    Order,
    accepted_answer_of,
    answer_of,
    order_of_payout,
    order_of_refund,
)
from tools.sandboxes.payment_provider.sending import CallbackSender, Settler
from tools.sandboxes.payment_provider.store import Store, open_store

CALLBACK_CONNECT_SECONDS_MAX = 2.0

Body = TypeVar("Body", RefundBody, PayoutBody)
After = Annotated[int, Query(ge=0, lt=2**63)]
Limit = Annotated[int, Query(ge=1, le=BOOK_PAGE_ENTRIES_MAX)]
Shop = Annotated[str | None, Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxOptions:
    """How one sandbox is run.

    ``secret``: what callers present. ``callback_secrets``: each signs every callback.
    ``callback_url``: None keeps the one set before. ``slow``: until what comes later comes.
    ``silence_seconds_max``: how long a caller that waits is left waiting.
    """

    store: Path
    secret: str
    callback_secrets: Sequence[str]
    callback_url: str | None = None
    slow: timedelta = timedelta(seconds=2)
    silence_seconds_max: float = 60.0


class CallbackTarget(BaseModel):
    """Where callbacks are sent; null keeps them."""

    model_config = ConfigDict(extra="forbid")

    url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    store: Store
    sender: CallbackSender
    settler: Settler
    options: SandboxOptions
    clock: Clock
    stop: asyncio.Event


def create_sandbox(options: SandboxOptions, clock: Clock, stop: asyncio.Event) -> FastAPI:
    """Build the application. ``stop``: set before the server stops."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        client = httpx.AsyncClient(trust_env=False, timeout=CALLBACK_CONNECT_SECONDS_MAX)
        async with open_store(options.store) as store, client, asyncio.TaskGroup() as tasks:
            if options.callback_url is not None:
                await store.run(configuration.set_callback_url, options.callback_url)
            sender = CallbackSender(store, client, options.callback_secrets, clock)
            settler = Settler(store, sender, clock)
            app.state.running = _Running(
                store=store,
                sender=sender,
                settler=settler,
                options=options,
                clock=clock,
                stop=stop,
            )
            tasks.create_task(sender.run(stop))
            tasks.create_task(settler.run(stop))
            try:
                yield
            finally:  # also when one of the two has failed: nothing is served without them
                stop.set()

    app = FastAPI(
        title="Sandbox payment provider", lifespan=lifespan, docs_url=None, redoc_url=None
    )
    app.include_router(_open)
    app.include_router(_guarded)
    return app


def _running(request: Request) -> _Running:
    running: _Running = request.app.state.running
    return running


Sandbox = Annotated[_Running, Depends(_running)]


def _authorized(request: Request, sandbox: Sandbox) -> None:
    given = request.headers.get("authorization", "").encode()
    if not hmac.compare_digest(given, f"Bearer {sandbox.options.secret}".encode()):
        raise HTTPException(401)


_open = APIRouter()
_guarded = APIRouter(dependencies=[Depends(_authorized)])


@_open.get("/livez")
async def live() -> None:
    """Say that it runs."""


@_open.get("/", response_class=PlainTextResponse)
async def behaviours() -> str:
    """Return how orders are met."""
    return table()


@_guarded.post(REFUNDS_PATH)
async def refund(request: Request, sandbox: Sandbox) -> Response:
    """Pay back."""
    return await _pay(request, sandbox, order_of_refund(await _body(request, RefundBody)))


@_guarded.post(PAYOUTS_PATH)
async def payout(request: Request, sandbox: Sandbox) -> Response:
    """Pay out."""
    return await _pay(request, sandbox, order_of_payout(await _body(request, PayoutBody)))


@_guarded.get(PAYMENTS_PATH)
async def payment(sandbox: Sandbox, key: Annotated[str, Query(max_length=200)]) -> Response:
    """Return how the payment of a key stands."""
    found = await sandbox.store.run(paying.find, key)
    if found is None:
        return answering.json_response(NotKnownBody(key=key, status="not_known"), 404)
    return answering.json_response(answer_of(found))


@_guarded.get(BOOK_PATH)
async def book_page(  # noqa: PLR0917 - each is a parameter of the query
    sandbox: Sandbox,
    after: After = 0,
    limit: Limit = 100,
    shop_id: Shop = None,
    key: Shop = None,
    paid_from: AwareDatetime | None = None,
    paid_to: AwareDatetime | None = None,
) -> BookPageBody:
    """List what was paid, in the order it was; `paid_to` is exclusive."""
    wanted = BookFilter(shop_id=shop_id, key=key, paid_from=paid_from, paid_to=paid_to)
    return await sandbox.store.run(book.page, wanted, after, limit)


@_guarded.get(f"{BOOK_PATH}/totals")
async def book_totals(sandbox: Sandbox, shop_id: Shop = None) -> Sequence[book.DayTotal]:
    """Add up what was paid by shop and day."""
    return await sandbox.store.run(book.totals, shop_id)


@_guarded.get("/sandbox/faults")
async def get_faults(sandbox: Sandbox) -> Faults:
    """Return which faults happen at random."""
    return await sandbox.store.run(configuration.faults)


@_guarded.put("/sandbox/faults")
async def set_faults(sandbox: Sandbox, faults: Faults) -> Faults:
    """Set which faults happen at random to orders that ask for none."""
    await sandbox.store.run(configuration.set_faults, faults)
    return faults


@_guarded.put("/sandbox/callback-url")
async def set_callback_url(sandbox: Sandbox, target: CallbackTarget) -> CallbackTarget:
    """Set where callbacks are sent, those that wait included."""
    await sandbox.store.run(configuration.set_callback_url, target.url)
    sandbox.sender.wake.set()
    return target


@_guarded.get("/sandbox/callbacks")
async def callbacks(
    sandbox: Sandbox, after: After = 0, limit: Limit = 100
) -> Sequence[dict[str, str | int | None]]:
    """List callbacks and their outcomes; `due_at` is null when nothing more is tried."""
    return await sandbox.store.run(outbox.listed, after, limit)


async def _pay(request: Request, sandbox: _Running, order: Order) -> Response:
    now = sandbox.clock.now()
    taking = await sandbox.store.run(paying.take, order, now, sandbox.options.slow)
    match taking:
        case paying.OfAnother():
            message = "This key belongs to another order (该单号已用于另一笔订单)"
            return answering.ordered(
                KeyReusedBody(key=order.key, status="key_reused", message=message)
            )
        case paying.Repeated(known):
            return answering.ordered(answer_of(known))
        case paying.Lost(row):
            if row.manner is Manner.ERROR:
                return answering.failed()
            return await _silence(request, sandbox)
        case paying.Taken():
            sandbox.settler.wake.set()
            sandbox.sender.wake.set()
            return await _answer(request, sandbox, taking)


async def _answer(request: Request, sandbox: _Running, taken: paying.Taken) -> Response:
    kept = taken.payment
    match taken.row.manner:
        case Manner.PLAIN:
            return answering.ordered(answer_of(kept))
        case Manner.NONE:
            return await _silence(request, sandbox)
        case Manner.ERROR:
            return answering.failed()
        case Manner.MALFORMED:
            return answering.broken(kept)
        case Manner.CUT:
            return answering.cut_off(kept)
        case Manner.BEHIND_CALLBACK:
            await sandbox.sender.send_now(kept.order.key)
            return answering.ordered(accepted_answer_of(kept))


async def _silence(request: Request, sandbox: _Running) -> Response:
    return await answering.silence(request, sandbox.stop, sandbox.options.silence_seconds_max)


async def _body(request: Request, model: type[Body]) -> Body:
    content = bytearray()
    async for chunk in request.stream():
        content += chunk
        if len(content) > BODY_BYTES_MAX:
            raise HTTPException(413)
    try:
        return model.model_validate_json(content)
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False, include_context=False)
        raise HTTPException(400, detail=faults) from error

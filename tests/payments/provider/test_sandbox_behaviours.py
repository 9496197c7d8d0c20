"""Every behaviour of the sandbox's table, over real sockets, and what the book says of it."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias
from uuid import uuid4

import pytest

from app.payments.provider.callbacks import CallbackRefusal, CallbackRefusalCode
from app.payments.provider.http import HttpPaymentProvider
from app.payments.provider.port import (
    Accepted,
    NotKnown,
    PaymentOutcome,
    QueryOutcome,
    RefusalCode,
    Refused,
    Succeeded,
    Unknown,
    UnknownWhy,
)
from tests.payments.provider.sandbox import (
    Receiver,
    SandboxProcess,
    a_payout,
    a_refund,
    provider_at,
    until,
    whole_book,
)
from tools.sandboxes.payment_provider.behaviours import ROW_OF, Behaviour

IMPATIENCE_SECONDS = 1.0

Seen: TypeAlias = type[Succeeded] | type[Accepted] | type[NotKnown] | RefusalCode | UnknownWhy
Send: TypeAlias = Callable[[HttpPaymentProvider, str, Behaviour], Any]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a caller sees of one behaviour: the first answer, callbacks, and a query at last."""

    answer: Seen
    callbacks: int
    at_last: Seen

    @property
    def booked(self) -> int:
        return int(self.at_last is Succeeded)


CLOSED, SHORT = RefusalCode.BUYER_ACCOUNT_CLOSED, RefusalCode.MERCHANT_BALANCE_INSUFFICIENT
EXPECTED = {
    Behaviour.PAYS: Expected(Succeeded, 0, Succeeded),
    Behaviour.PAYS_LATER: Expected(Accepted, 1, Succeeded),
    Behaviour.REFUSES_LATER: Expected(Accepted, 1, CLOSED),
    Behaviour.REPEATS_CALLBACK: Expected(Accepted, 2, Succeeded),
    Behaviour.CALLS_BEFORE_ANSWERING: Expected(Accepted, 1, Succeeded),
    Behaviour.FORGES_CALLBACK_FIRST: Expected(Accepted, 1, Succeeded),
    Behaviour.BUYER_ACCOUNT_CLOSED: Expected(CLOSED, 0, CLOSED),
    Behaviour.MERCHANT_BALANCE_INSUFFICIENT: Expected(SHORT, 0, SHORT),
    Behaviour.HANGS_AFTER_PAYING: Expected(UnknownWhy.TIMED_OUT, 0, Succeeded),
    Behaviour.HANGS_WITHOUT_PAYING: Expected(UnknownWhy.TIMED_OUT, 0, NotKnown),
    Behaviour.FAILS_BEFORE_PAYING: Expected(UnknownWhy.SERVER_ERROR, 0, NotKnown),
    Behaviour.FAILS_AFTER_PAYING: Expected(UnknownWhy.SERVER_ERROR, 0, Succeeded),
    Behaviour.MALFORMED_AFTER_PAYING: Expected(UnknownWhy.MALFORMED_ANSWER, 0, Succeeded),
    Behaviour.CUT_AFTER_PAYING: Expected(UnknownWhy.CONNECTION_LOST, 0, Succeeded),
}


def by_amount(provider: HttpPaymentProvider, key: str, behaviour: Behaviour) -> Any:
    return provider.refund(a_refund(key, amount=ROW_OF[behaviour].amount or 12_900))


def by_order_id(provider: HttpPaymentProvider, key: str, behaviour: Behaviour) -> Any:
    return provider.refund(a_refund(key, order_id=f"order-7-{behaviour}"))


def by_account(provider: HttpPaymentProvider, key: str, behaviour: Behaviour) -> Any:
    return provider.payout(a_payout(key, account=f"6222-{behaviour}"))


def seen(outcome: PaymentOutcome | QueryOutcome) -> object:
    match outcome:
        case Refused(code=code):
            return code
        case Unknown(why=why):
            return why
        case _:
            return type(outcome)


@pytest.mark.parametrize("behaviour", Behaviour)
async def test_every_behaviour_of_the_table_is_what_the_caller_meets_however_it_asks_for_it(
    behaviour: Behaviour,
    sandbox: SandboxProcess,
    provider: HttpPaymentProvider,
    callbacks: Receiver,
) -> None:
    expected = EXPECTED[behaviour]
    hangs = expected.answer is UnknownWhy.TIMED_OUT

    async def meets(send: Send) -> None:
        key = f"k-{uuid4()}"
        assert seen(await send(sending, key, behaviour)) == expected.answer

        async def told() -> bool:
            return (
                len(callbacks.told_of(key)) == expected.callbacks
                and seen(await provider.query(key)) == expected.at_last
            )

        await until(told)
        assert await booked(provider, key) == expected.booked
        callback_ids = {told.callback_id for told in callbacks.told_of(key)}
        assert len(callback_ids) == min(1, expected.callbacks)
        outcomes = {seen(told.outcome) for told in callbacks.told_of(key)}
        assert outcomes == ({expected.at_last} if expected.callbacks else set())

    seconds = IMPATIENCE_SECONDS if hangs else 10
    async with provider_at(sandbox.url, provider_timeout_seconds=seconds) as sending:
        await asyncio.gather(meets(by_amount), meets(by_order_id), meets(by_account))


@pytest.mark.parametrize(
    "behaviour", [Behaviour.HANGS_WITHOUT_PAYING, Behaviour.FAILS_BEFORE_PAYING]
)
async def test_an_order_that_was_lost_is_paid_when_it_is_sent_again_under_its_key(
    behaviour: Behaviour, sandbox: SandboxProcess, provider: HttpPaymentProvider
) -> None:
    key = f"k-{uuid4()}"
    async with provider_at(sandbox.url, provider_timeout_seconds=IMPATIENCE_SECONDS) as impatient:
        assert isinstance(await by_amount(impatient, key, behaviour), Unknown)
    assert await provider.query(key) == NotKnown()
    paid = await by_amount(provider, key, behaviour)
    assert isinstance(paid, Succeeded)
    assert await provider.query(key) == paid
    assert await booked(provider, key) == 1


async def test_the_callback_that_goes_first_arrives_before_the_answer(
    provider: HttpPaymentProvider, callbacks: Receiver
) -> None:
    key = f"k-{uuid4()}"
    assert await by_amount(provider, key, Behaviour.CALLS_BEFORE_ANSWERING) == Accepted()
    assert len(callbacks.told_of(key)) == 1


async def test_the_forged_callback_comes_first_and_is_refused(
    provider: HttpPaymentProvider, callbacks: Receiver
) -> None:
    key = f"k-{uuid4()}"
    await by_amount(provider, key, Behaviour.FORGES_CALLBACK_FIRST)

    async def told() -> bool:
        return bool(callbacks.told_of(key))

    await until(told)
    (right,) = callbacks.told_of(key)
    forged = CallbackRefusal(code=CallbackRefusalCode.BAD_SIGNATURE)
    assert callbacks.seen.index(forged) < callbacks.seen.index(right)


async def booked(provider: HttpPaymentProvider, key: str) -> int:
    return [entry.key for entry in await whole_book(provider)].count(key)


def test_every_behaviour_is_expected_to_do_something() -> None:
    rows: Sequence[Behaviour] = list(ROW_OF)
    assert set(EXPECTED) == set(Behaviour) == set(rows)
    amounts = [row.amount for row in ROW_OF.values()]
    assert len(set(amounts)) == len(amounts)

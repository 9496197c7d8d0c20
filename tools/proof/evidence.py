"""What each witness says, taken down as it is: plain rows and JSON, none of it interpreted here."""

import asyncio
import json
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tools.proof.calling import Caller
from tools.proof.driver import Agreed, Driver

Row = Mapping[str, Any]

EVENTS = """
SELECT partition_id, position, stream_id, version, event_id::text, type, data::text
FROM after_sales.events ORDER BY partition_id, position
"""
LEDGER = """
SELECT partition_id, position, shop_id, journal_id, kind, refund_key, accounts, amounts
FROM after_sales.ledger ORDER BY partition_id, position
"""
BALANCES = "SELECT shop_id, account, balance::bigint, reserved::bigint FROM after_sales.balances"
HEADS = "SELECT partition_id, position FROM after_sales.log_heads"
CHECKPOINTS = "SELECT partition_id, reader, position, status FROM after_sales.checkpoints"
ON_THEIR_WAY = "SELECT refund_key, asked, waits_for FROM after_sales.refund_work"

BOOK = "SELECT key, shop_id, order_id, amount, provider_reference FROM book ORDER BY position"
PROVIDER_PAYMENTS = "SELECT key, status, refusal_code, amount FROM payments"
TICKETS_AT_ONCE = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Four witnesses and those who used the service; amounts in minor units."""

    agreed: Sequence[Agreed]
    paid_in: Mapping[str, int]
    """By shop."""
    payments: Mapping[tuple[str, str], int]
    """What finance was granted to book, by shop and reference."""

    book: Sequence[Row]
    provider_payments: Sequence[Row]

    tickets: Mapping[str, Row]
    """As the API shows them, by refund key."""
    funds: Mapping[str, Row]
    """As the API shows them, by shop."""

    events: Sequence[Row]
    """The log, ``data`` as JSON."""
    ledger: Sequence[Row]
    balances: Sequence[Row]
    heads: Sequence[Row]
    checkpoints: Sequence[Row]
    on_their_way: Sequence[Row]


async def gather(
    driver: Driver, caller: Caller, shops: Sequence[str], database_url: str, store: Path
) -> Evidence:
    """Ask every witness; ``store`` is the file the provider keeps its book in."""
    tickets = await _tickets(driver, caller)
    funds = {shop: await _funds(caller, shop) for shop in shops}
    connection = await asyncpg.connect(database_url)
    try:
        rows = [
            [dict(row) for row in await connection.fetch(query)]
            for query in (EVENTS, LEDGER, BALANCES, HEADS, CHECKPOINTS, ON_THEIR_WAY)
        ]
    finally:
        await connection.close()
    events, ledger, balances, heads, checkpoints, on_their_way = rows
    return Evidence(
        agreed=driver.agreed,
        paid_in=driver.paid_in,
        payments=driver.payments,
        book=_stored(store, BOOK),
        provider_payments=_stored(store, PROVIDER_PAYMENTS),
        tickets=tickets,
        funds=funds,
        events=[{**event, "data": json.loads(event["data"])} for event in events],
        ledger=ledger,
        balances=balances,
        heads=heads,
        checkpoints=checkpoints,
        on_their_way=on_their_way,
    )


async def _tickets(driver: Driver, caller: Caller) -> Mapping[str, Row]:
    places = asyncio.Semaphore(TICKETS_AT_ONCE)

    async def ticket(refund: Agreed) -> tuple[str, Row]:
        async with places:
            path = f"/v1/shops/{refund.shop_id}/tickets/{refund.ticket_id}"
            answer = await caller.get(path, caller.keys.merchants[refund.shop_id])
            return refund.key, answer.body

    return dict(await asyncio.gather(*map(ticket, driver.agreed)))


async def _funds(caller: Caller, shop_id: str) -> Row:
    answer = await caller.get(f"/v1/shops/{shop_id}/funds", caller.keys.merchants[shop_id])
    shown: Row = answer.body
    return shown


def _stored(store: Path, query: str) -> Sequence[Row]:
    with closing(sqlite3.connect(store)) as connection:
        connection.row_factory = sqlite3.Row
        return [dict(row) for row in connection.execute(query)]

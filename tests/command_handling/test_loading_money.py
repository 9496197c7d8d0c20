"""A decision that looks at the shop's money costs no more round trips than one that does not."""

from collections.abc import AsyncIterator

import pytest

from app.clock import ManualClock
from app.command_handling.funds_states import FundsStates
from app.command_handling.handler import CommandHandler
from app.domain.funds.accounts import Account, Line
from app.domain.funds.events import AccountToppedUp
from app.domain.order.commands import OrderCommand
from app.domain.order.entries import OpenAfterSalesEntry, RequestEntryReopening
from app.domain.policy import POLICY
from app.event_store.append_batcher import AppendBatcher
from app.event_store.connections import OwnConnection
from app.event_store.stream_loader import StreamLoader
from app.event_types.registry import funds_codec, order_codec
from app.postgres.pool import connect
from app.resources import Resources
from app.shop_clocks.clocks import ShopClocks
from tests.command_handling.test_handler import Heard, asking
from tests.command_handling.test_stream_loader import Counting
from tests.conftest import START
from tests.domain.test_cost import settled
from tests.projections.event_log import Logged


@pytest.fixture
def counting(resources: Resources) -> Counting:
    return Counting(resources.pool)


@pytest.fixture
async def handler(
    resources: Resources, clock: ManualClock, counting: Counting
) -> AsyncIterator[CommandHandler]:
    """Handle commands and count what is loaded."""

    async def own_connection() -> OwnConnection:
        return await connect(resources.database_url, resources.settings)

    loads = StreamLoader(counting)
    async with AppendBatcher(own_connection) as batcher:
        yield CommandHandler(
            loads=loads,
            batcher=batcher,
            codec=order_codec(),
            funds=FundsStates(counting, loads, funds_codec()),
            clocks=ShopClocks(resources.pool, clock),
            policy=POLICY,
        )


async def loaded_for(handler: CommandHandler, counting: Counting, command: OrderCommand) -> int:
    """Return how many queries it took to load what a command needs."""
    before = counting.queries
    await handler.handle(asking(command), Heard())
    return counting.queries - before


async def test_money_comes_in_the_same_query_as_the_order_once_the_shop_is_known(
    handler: CommandHandler, counting: Counting, resources: Resources
) -> None:
    logged = Logged(resources.pool)
    await logged.write(settled().events)
    asking_again = RequestEntryReopening(note=None)
    assert await loaded_for(handler, counting, asking_again) == 1, "money plays no part"
    assert await loaded_for(handler, counting, OpenAfterSalesEntry()) == 3, "a snapshot is sought"
    paid_in = AccountToppedUp(
        at=START,
        reference="p-1",
        account=Account.DEPOSIT,
        amount=10_000,
        journal=(
            Line(account=Account.OUTSIDE, amount=-10_000),
            Line(account=Account.DEPOSIT, amount=10_000),
        ),
    )
    await logged.write_funds([paid_in])
    assert await loaded_for(handler, counting, OpenAfterSalesEntry()) == 1

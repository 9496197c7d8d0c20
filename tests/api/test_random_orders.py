"""The whole service beside the oracle: requests at random, and every way to look."""

from datetime import datetime, timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.command_handling.opening import open_command_handler
from app.domain.order.answers import ApplyAssistantRule
from app.domain.order.commands import TRANSITIONS, ActOnDeadlines, OrderCommand, TicketDecision
from app.domain.order.entries import OpenAfterSalesEntry, RequestEntryReopening
from app.domain.order.registration import RecordReceiptConfirmation
from app.domain.order.tickets import TicketType
from app.processes.deadlines import DeadlineWorker
from app.projection_registry import READERS
from app.worker import act_with
from tests.domain.compared_order import a_wish, after_command, allowed_in, expected_order
from tests.domain.pools import ITEMS
from tests.domain.random_commands import sensible
from tests.domain.search_depth import bounded
from tests.projections.event_log import Logged
from tests.support.acts import Json, act_of
from tests.support.api import SHOP, Api
from tests.support.orders import DAY, HOUR
from tests.support.story import an_item, done, instant, order_path, orders_of, registered
from tools.oracle.expected_view import order_view
from tools.oracle.order import PlainOrder
from tools.oracle.passing_time import boundaries
from tools.oracle.ticket import Refused
from tools.simulation.comparing import differences

numbers = count(1)
KINDS: dict[str, type[TicketDecision]] = {
    kind.__name__: kind for kind in TRANSITIONS if kind is not ApplyAssistantRule
}
"""What can be asked for over HTTP; rules of the assistant are applied by its worker alone."""
PAUSES = [timedelta(0), timedelta(seconds=1), HOUR, DAY, 3 * DAY, 9 * DAY]
BEGINNINGS = ["registered", "received", "opened", "opened", "opened"]


class Played:
    """An order on the running service, what the oracle expects of it, and what it was so far."""

    def __init__(self, api: Api, order_id: str) -> None:
        self.api, self.order_id, self.path = api, order_id, order_path(order_id)
        self.keys = count(1)
        self.expected = expected_order(api.clock.now(), order_id)
        self.seen = {1: page_expected(self.expected)}

    async def begin(self, beginning: str) -> None:
        """Have the order registered now, and its entry opened a week later if need be."""
        created = self.api.clock.now()
        items = [an_item(i, quantity=q, amount_paid=a) for i, (q, a) in ITEMS.items()]
        await registered(self.api, self.order_id, items=items, created_at=created.isoformat())
        if beginning != "registered":
            await self.ask(RecordReceiptConfirmation(confirmed_at=created))
        if beginning == "opened":
            self.api.clock.advance(7 * DAY)
            await self.ask(OpenAfterSalesEntry())

    async def step(self, data: st.DataObject) -> None:
        """Let some time pass or none, and ask for something."""
        self.pass_time(data)
        active = self.expected.active
        if active is None or data.draw(st.sampled_from([True, *[False] * 9])):
            applying = a_wish(data.draw(st.sampled_from(TicketType)))
            wishes = [applying, applying, OpenAfterSalesEntry(), RequestEntryReopening(note=None)]
            await self.ask(data.draw(st.sampled_from(wishes)))
            return
        fitting = [name for name in allowed_in(active.state) if name in KINDS]
        name = data.draw(st.sampled_from([*fitting * 5, *KINDS]))
        await self.ask(data.draw(sensible(KINDS[name], active.ticket_id)))

    def pass_time(self, data: st.DataObject) -> None:
        """Move the clock on: by a pause, or onto the next instant at which an answer changes."""
        now = self.api.clock.now()
        ahead = [at for at in boundaries(self.expected) if at > now]
        if ahead and data.draw(st.sampled_from([True, False, False])):
            self.api.clock.advance(min(ahead) - now)
        else:
            self.api.clock.advance(data.draw(st.sampled_from(PAUSES)))

    async def ask(self, command: OrderCommand) -> None:
        """Ask the service and the oracle; what fell due stands even if both refuse."""
        now = self.api.clock.now()
        act = act_of(command, key=f"{self.order_id}-{next(self.keys)}")
        callers = {"merchant": self.api.merchant, "platform": self.api.platform}
        caller = callers.get(act.by) or self.api.consumer()
        answer = await caller.post(act.path(SHOP, self.order_id), act.body, key=act.key)
        try:
            self.expected = after_command(self.expected, command, now)
        except Refused as refused:
            assert answer.json()["code"] == refused.code, answer.text
            self.expected = after_command(self.expected, ActOnDeadlines(), now)
        else:
            assert answer.is_success, answer.text
        await self.look()

    async def tick(self, deadlines: DeadlineWorker) -> None:
        """Let the worker that acts on deadlines have a round, late as it may be."""
        await self.api.follow()
        now = self.api.clock.now()
        await deadlines.run_once(now)
        self.expected = after_command(self.expected, ActOnDeadlines(), now)
        await self.look()

    async def look(self) -> None:
        """See that the order's page is as it should be."""
        page = done(await self.api.merchant.get(self.path))
        self.seen[page["version"]] = expected = page_expected(self.expected)
        assert not differences(self.order_id, "", expected, page)

    async def look_from_everywhere(self) -> None:
        """See that log, lists, ticket pages and every past instant agree with the page."""
        await self.api.follow()
        page = done(await self.api.platform.get(self.path))
        log = page["operation_log"]
        assert [line["version"] for line in log] == list(range(1, page["version"] + 1))
        happened = [instant(line["occurred_at"]) for line in log]
        await self._check_lists(page)
        for at in {*happened}:
            await self._check_past(at, log)

    async def _check_lists(self, page: Json) -> None:
        without_log = {name: page[name] for name in page if name != "operation_log"}
        listed = done(await self.api.merchant.get(orders_of(), {"limit": 200}))["orders"]
        (row,) = (order for order in listed if order["order_id"] == self.order_id)
        assert row == without_log
        for ticket in page["tickets"]:
            path = f"/v1/shops/{SHOP}/tickets"
            assert done(await self.api.consumer().get(f"{path}/{ticket['ticket_id']}")) == ticket
            state = {"state": ticket["state"], "limit": 200}
            rows = done(await self.api.merchant.get(path, state))["tickets"]
            assert ticket in rows

    async def _check_past(self, at: datetime, log: list[Json]) -> None:
        query = {"as_of": at.isoformat()}
        then = done(await self.api.merchant.get(self.path, query))
        assert then["operation_log"] == [line for line in log if instant(line["occurred_at"]) <= at]
        assert then["version"] == len(then["operation_log"])
        if then["version"] in self.seen:
            assert not differences(self.order_id, f"at {at}", self.seen[then["version"]], then)


def page_expected(order: PlainOrder) -> Json:
    """Return what the oracle expects of an order's page, in a shop without a test clock."""
    page = order_view(order)
    page["operation_log"] = [{**line, "clock": "system"} for line in page["operation_log"]]
    return page


@given(data=st.data())
@settings(bounded(examples=12), suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_asked_and_whenever_the_service_answers_as_its_rules_plainly_say(
    api: Api, data: st.DataObject
) -> None:
    order = Played(api, f"order-{next(numbers)}")
    async with open_command_handler(api.resources, api.clock) as handler:
        deadlines = DeadlineWorker(api.resources.pool, act_with(handler), api.clock)
        await order.begin(data.draw(st.sampled_from(BEGINNINGS)))
        for _ in range(data.draw(st.integers(8, 20))):
            await order.step(data)
            if data.draw(st.sampled_from([True, False, False, False])):
                order.pass_time(data)
                await order.tick(deadlines)
    await order.look_from_everywhere()
    logged = Logged(api.resources.pool)
    kept = await logged.tables()
    await logged.begin_again()
    await logged.follow(READERS)
    assert await logged.tables() == kept

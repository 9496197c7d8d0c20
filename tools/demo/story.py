"""The story the demo plays over HTTP: from an order past its period to its money back."""

import json
import shlex
from functools import partial

from tools.demo.calls import (
    Calls,
    Credentials,
    Json,
    Sandbox,
    expect,
    minute,
    money,
    table_of,
    until_seen,
)
from tools.demo.refund import RefundStory, pay_deposit
from tools.samples.orders import ALSO_ELIGIBLE, ELIGIBLE, SAMPLES, SHOP, TOO_LATE, Sample


class Story:
    """Plays the parts of merchant and consumer, and shows what the service answers.

    Raises CommandFailed if the service answers anything else than the story needs.
    """

    def __init__(self, calls: Calls, name: str, pushes: Sandbox, provider: Sandbox) -> None:
        self._calls = calls
        self._console = calls.console
        self._pushes = pushes
        self._provider = provider
        self._name = name
        self._order = f"/v1/shops/{SHOP}/orders/{order_id_of(ELIGIBLE, name)}"
        self._refused_order = f"/v1/shops/{SHOP}/orders/{order_id_of(TOO_LATE, name)}"

    async def play(self) -> None:
        """Play the story from its first step to its last."""
        await pay_deposit(self._calls, SHOP, self._name, ELIGIBLE.amount)
        await self._ineligible_order()
        await self._eligible_order()
        await self._phone_registered()
        await self._entry_opened()
        await self._message_read()
        await self._message_pushed()
        ticket = await self._applied()
        await self._ticket_listed(ticket)
        await RefundStory(self._calls, ticket, self._provider).play()
        await self._log_shown()

    async def _ineligible_order(self) -> None:
        self._say("May the entry of an order be opened? This one may not", self._refused_order)
        entry = await self._calls.get(f"{self._refused_order}/after-sales-entry", by="merchant")
        failed = [rule for rule in entry["eligibility"]["rules"] if not rule["passed"]]
        expect(len(failed) == 3, "three rules stand against the sample order", entry)
        for rule in failed:
            self._console.print(
                f"[red]x[/] [bold]{rule['code']}[/]: {rule['observed']} "
                f"against {rule['threshold']}\n"
                f"  {rule['text']['zh_cn']}\n  {rule['text']['en']}"
            )

    async def _eligible_order(self) -> None:
        self._say("Receipt was confirmed weeks ago, but this one may", self._order)
        entry = await self._calls.get(f"{self._order}/after-sales-entry", by="merchant")
        expect(entry["eligibility"]["eligible"], "the order is eligible", entry)
        cost = entry["cost_preview"]
        currency = cost["currency"]
        self._console.print(
            f"All {len(entry['eligibility']['rules'])} rules pass. A full refund would cost the "
            f"merchant {money(cost['borne'], currency)}, paid from {cost['source']} as things "
            f"stand, and these do not come back: "
            f"talent {money(cost['talent_commission_kept'], currency)}, "
            f"agency {money(cost['agency_commission_kept'], currency)}, "
            f"service fee {money(cost['service_fee_kept'], currency)}."
        )

    async def _phone_registered(self) -> None:
        """Register one phone for all runs: its token is known again."""
        phone = {"platform": "android", "token": "demo-phone", "name": "demo"}
        await self._calls.post(f"/v1/shops/{SHOP}/devices", phone)
        preferences = f"/v1/shops/{SHOP}/notification-preferences"
        await self._calls.put(preferences, {"push": True})  # for any earlier attempt

    async def _entry_opened(self) -> None:
        self._say("The merchant has seen the cost and opens the entry (打开售后入口)")
        body = {"cost_acknowledged": True}
        entry = await self._calls.post(f"{self._order}/after-sales-entry/open", body, by="merchant")
        expect(entry["state"] == "open", "the entry is open", entry)
        self._console.print(
            f"Open until {minute(entry['expires_at'])} (Asia/Shanghai), five days from now."
        )

    async def _message_read(self) -> None:
        self._say("The consumer finds an in-site message (站内信)")
        for language in ("zh-CN", "en"):
            message = await until_seen(partial(self._message, language), "the worker sent it")
            self._console.print(message, markup=False)

    async def _message(self, language: str) -> str | None:
        page = await self._calls.get(f"/v1/shops/{SHOP}/notifications", language=language)
        for message in page["notifications"]:
            if message["order_id"] == self._order_id:
                return f"{language:5}  {message['title']}: {message['body']}"
        return None

    async def _message_pushed(self) -> None:
        self._say("and the same was pushed to the phone, through a sandbox provider")
        push = await until_seen(self._push, "the worker pushed the message")
        text = f"{push['platform']}  {push['title']}: {push['body']}"
        self._console.print(text, markup=False)

    async def _push(self) -> Json | None:
        shown = await self._pushes.ask(self._calls.client)
        own = (one for one in shown["messages"] if one["data"].get("order_id") == self._order_id)
        return next(own, None)

    @property
    def _order_id(self) -> str:
        return self._order.rpartition("/")[2]

    async def _applied(self) -> Json:
        self._say("and applies for a refund")
        body = {
            "items": [{"item_id": "1", "quantity": 1, "amount": ELIGIBLE.amount}],
            "return_goods": False,
            "reason": "quality_problem",
            "description": "不加热了 / It no longer heats",
        }
        ticket = await self._calls.post(f"{self._order}/refund-requests", body, key=self._order_id)
        expect(ticket["overdue"], "the ticket is marked as past the period", ticket)
        amount = money(ticket["amount"]["amount"], ticket["amount"]["currency"])
        self._console.print(f"Ticket {ticket['ticket_id']}, {ticket['type']}, {amount}.")
        return ticket

    async def _ticket_listed(self, ticket: Json) -> None:
        self._say("The merchant's list of tickets shows it with its label")
        query = {"overdue": "true", "order_id": ticket["order_id"]}

        async def listed() -> Json | None:
            page = await self._calls.get(f"/v1/shops/{SHOP}/tickets", by="merchant", params=query)
            return page if page["tickets"] else None

        page = await until_seen(listed, "the list shows the ticket")
        table = table_of("ticket", "state", "label", "if nobody acts")
        for row in page["tickets"]:
            label = " / ".join(text for one in row["labels"] for text in one["text"].values())
            due = f"{row['due']['action']} at {minute(row['due']['at'])}"
            table.add_row(row["ticket_id"], row["state"], f"[bold magenta]{label}[/]", due)
        self._console.print(table)

    async def _log_shown(self) -> None:
        self._say("The order's operation log has every step (操作记录)", self._order)
        order = await self._calls.get(self._order, by="merchant")
        codes = [entry["code"] for entry in order["operation_log"]]
        expect("overdue_ticket_created" in codes, "the log ends with the ticket", order)
        table = table_of("when", "who", "what", "state after")
        for entry in order["operation_log"]:
            text = f"{entry['text']['zh_cn']}\n{entry['text']['en']}"
            who = entry["actor"]["role"]
            when = minute(entry["recorded_at"])[5:]
            table.add_row(when, who, text, entry["after"] or "")
        self._console.print(table)

    def _say(self, text: str, path: str | None = None) -> None:
        self._calls.say(text, path)


def curl_lines(url: str, credentials: Credentials, name: str) -> list[str]:
    """Return three calls that go on where the story ends, with another order of the same buyer."""
    order = f"{url}/v1/shops/{SHOP}/orders/{order_id_of(ALSO_ELIGIBLE, name)}"
    application = {
        "items": [{"item_id": "1", "quantity": 1, "amount": ALSO_ELIGIBLE.amount // 2}],
        "return_goods": True,
        "reason": "not_as_described",
    }
    return [
        _curl(f"{order}/after-sales-entry", credentials.merchant),
        _curl(f"{order}/after-sales-entry/open", credentials.merchant, {"cost_acknowledged": True}),
        _curl(f"{order}/refund-requests", credentials.consumer, application, f"try-{name}"),
    ]


def order_id_of(sample: Sample, name: str) -> str:
    """Return the id of a sample among the orders of a run."""
    return f"{name}-{SAMPLES.index(sample) + 1:02}"


def _curl(url: str, bearer: str, body: Json | None = None, key: str | None = None) -> str:
    words = ["curl", "-H", f"Authorization: Bearer {bearer}"]
    if body is not None:
        words += ["-H", "Content-Type: application/json", "-d", json.dumps(body)]
    if key is not None:
        words += ["-H", f"Idempotency-Key: {key}"]
    return shlex.join([*words, url])

"""The story the demo plays over HTTP: from an order past its period to a ticket 超期售后."""

import asyncio
import json
import shlex
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx
from rich import box
from rich.console import Console
from rich.table import Table

from app.commands.failures import CommandFailed, ExitCode
from app.domain.policy import SHANGHAI
from app.embedded.sample_orders import (
    ALSO_ELIGIBLE,
    ELIGIBLE,
    SAMPLES,
    SHOP,
    TOO_LATE,
    Sample,
)

MESSAGE_POLLS_MAX = 200
POLL_SECONDS = 0.05

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What the three take part with."""

    platform: str
    merchant: str
    consumer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushes:
    """Where it can be seen what was pushed to the consumer's phone."""

    url: str
    secret: str


class Story:
    """Plays the parts of merchant and consumer, and shows what the service answers.

    Raises CommandFailed if the service answers anything else than the story needs.
    """

    def __init__(
        self,
        client: httpx.AsyncClient,
        credentials: Credentials,
        console: Console,
        name: str,
        pushes: Pushes,
    ) -> None:
        self._client = client
        self._pushes = pushes
        self._credentials = credentials
        self._console = console
        self._order = f"/v1/shops/{SHOP}/orders/{order_id_of(ELIGIBLE, name)}"
        self._refused_order = f"/v1/shops/{SHOP}/orders/{order_id_of(TOO_LATE, name)}"
        self._step = 0

    async def play(self) -> None:
        """Play the story from its first step to its last."""
        await self._ineligible_order()
        await self._eligible_order()
        await self._phone_registered()
        await self._entry_opened()
        await self._message_read()
        await self._message_pushed()
        ticket = await self._applied()
        await self._ticket_listed(ticket)
        await self._log_shown()

    async def _ineligible_order(self) -> None:
        self._say("May the entry of an order be opened? This one may not", self._refused_order)
        entry = await self._get(f"{self._refused_order}/after-sales-entry", merchant=True)
        failed = [rule for rule in entry["eligibility"]["rules"] if not rule["passed"]]
        _expect(len(failed) == 3, "three rules stand against the sample order", entry)
        for rule in failed:
            self._console.print(
                f"[red]x[/] [bold]{rule['code']}[/]: {rule['observed']} "
                f"against {rule['threshold']}\n"
                f"  {rule['text']['zh_cn']}\n  {rule['text']['en']}"
            )

    async def _eligible_order(self) -> None:
        self._say("Receipt was confirmed weeks ago, but this one may", self._order)
        entry = await self._get(f"{self._order}/after-sales-entry", merchant=True)
        _expect(entry["eligibility"]["eligible"], "the order is eligible", entry)
        cost = entry["cost_preview"]
        currency = cost["currency"]
        self._console.print(
            f"All {len(entry['eligibility']['rules'])} rules pass. A full refund would cost the "
            f"merchant {_money(cost['refundable'], currency)}, and these do not come back: "
            f"talent {_money(cost['talent_commission_kept'], currency)}, "
            f"agency {_money(cost['agency_commission_kept'], currency)}, "
            f"service fee {_money(cost['service_fee_kept'], currency)}."
        )

    async def _phone_registered(self) -> None:
        """Register one phone for all runs: its token is known again."""
        phone = {"platform": "android", "token": "demo-phone", "name": "demo"}
        await self._post(f"/v1/shops/{SHOP}/devices", phone)

    async def _entry_opened(self) -> None:
        self._say("The merchant has seen the cost and opens the entry (打开售后入口)")
        body = {"cost_acknowledged": True}
        entry = await self._post(f"{self._order}/after-sales-entry/open", body, merchant=True)
        _expect(entry["state"] == "open", "the entry is open", entry)
        self._console.print(
            f"Open until {_minute(entry['expires_at'])} (Asia/Shanghai), five days from now."
        )

    async def _message_read(self) -> None:
        self._say("The consumer finds an in-site message (站内信)")
        order_id = self._order.rpartition("/")[2]
        for _ in range(MESSAGE_POLLS_MAX):
            texts = [await self._message(order_id, language) for language in ("zh-CN", "en")]
            if all(texts):
                for text in texts:
                    self._console.print(text, markup=False)
                return
            await asyncio.sleep(POLL_SECONDS)
        raise _broken("the worker sent no message")

    async def _message_pushed(self) -> None:
        self._say("and the same was pushed to the phone, through a sandbox provider")
        order_id = self._order.rpartition("/")[2]
        headers = {"Authorization": f"Bearer {self._pushes.secret}"}
        for _ in range(MESSAGE_POLLS_MAX):
            shown = _answer(await self._client.get(self._pushes.url, headers=headers))
            for push in shown["messages"]:
                if push["data"].get("order_id") == order_id:
                    text = f"{push['platform']}  {push['title']}: {push['body']}"
                    self._console.print(text, markup=False)
                    return
            await asyncio.sleep(POLL_SECONDS)
        raise _broken("the worker pushed no message")

    async def _message(self, order_id: str, language: str) -> str | None:
        page = await self._get(f"/v1/shops/{SHOP}/notifications", language=language)
        for message in page["notifications"]:
            if message["order_id"] == order_id:
                return f"{language:5}  {message['title']}: {message['body']}"
        return None

    async def _applied(self) -> Json:
        self._say("and applies for a refund")
        body = {
            "items": [{"item_id": "1", "quantity": 1, "amount": ELIGIBLE.amount}],
            "return_goods": False,
            "reason": "quality_problem",
            "description": "不加热了 / It no longer heats",
        }
        key = self._order.rpartition("/")[2]
        ticket = await self._post(f"{self._order}/refund-requests", body, key=key)
        _expect(ticket["overdue"], "the ticket is marked as past the period", ticket)
        amount = _money(ticket["amount"]["amount"], ticket["amount"]["currency"])
        self._console.print(f"Ticket {ticket['ticket_id']}, {ticket['type']}, {amount}.")
        return ticket

    async def _ticket_listed(self, ticket: Json) -> None:
        self._say("The merchant's list of tickets shows it with its label")
        query = {"overdue": "true", "order_id": ticket["order_id"]}
        page: Json = {"tickets": []}
        for _ in range(MESSAGE_POLLS_MAX):
            page = await self._get(f"/v1/shops/{SHOP}/tickets", merchant=True, params=query)
            if page["tickets"]:
                break
            await asyncio.sleep(POLL_SECONDS)
        _expect(len(page["tickets"]) == 1, "the list shows the ticket", page)
        table = _table("ticket", "state", "label", "if nobody acts")
        for row in page["tickets"]:
            label = " / ".join(text for one in row["labels"] for text in one["text"].values())
            due = f"{row['due']['action']} at {_minute(row['due']['at'])}"
            table.add_row(row["ticket_id"], row["state"], f"[bold magenta]{label}[/]", due)
        self._console.print(table)

    async def _log_shown(self) -> None:
        self._say("The order's page tells the whole story (操作记录)", self._order)
        order = await self._get(self._order, merchant=True)
        codes = [entry["code"] for entry in order["operation_log"]]
        _expect("overdue_ticket_created" in codes, "the log ends with the ticket", order)
        table = _table("when", "who", "what", "state after")
        for entry in order["operation_log"]:
            text = f"{entry['text']['zh_cn']}\n{entry['text']['en']}"
            who = entry["actor"]["role"]
            when = _minute(entry["recorded_at"])[5:]
            table.add_row(when, who, text, entry["after"] or "")
        self._console.print(table)

    def _say(self, text: str, path: str | None = None) -> None:
        self._step += 1
        self._console.print()
        self._console.print(f"[bold cyan]{self._step}.[/] [bold]{text}[/]")
        if path is not None:
            self._console.print(path, style="dim", soft_wrap=True)

    async def _get(
        self,
        path: str,
        *,
        merchant: bool = False,
        language: str = "en",
        params: dict[str, str] | None = None,
    ) -> Json:
        headers = {**self._as(merchant=merchant), "Accept-Language": language}
        return _answer(await self._client.get(path, headers=headers, params=params))

    async def _post(
        self, path: str, body: Json, *, merchant: bool = False, key: str | None = None
    ) -> Json:
        headers = self._as(merchant=merchant)
        if key is not None:
            headers["Idempotency-Key"] = key
        return _answer(await self._client.post(path, headers=headers, json=body))

    def _as(self, *, merchant: bool) -> dict[str, str]:
        credentials = self._credentials
        bearer = credentials.merchant if merchant else credentials.consumer
        return {"Authorization": f"Bearer {bearer}"}


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


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _answer(response: httpx.Response) -> Json:
    if response.is_success:
        answer: Json = response.json()
        return answer
    request = response.request
    raise _broken(f"{request.method} {request.url.path}: {response.status_code} {response.text}")


def _expect(holds: bool, what: str, seen: Json) -> None:
    if not holds:
        raise _broken(f"expected that {what}, but saw {seen}")


def _broken(text: str) -> CommandFailed:
    return CommandFailed(
        f"the story broke off: {text}",
        "this is a defect; report it with the text above",
        ExitCode.FOUND_FAULTS,
    )


def _money(amount: int, currency: str) -> str:
    return f"{amount // 100:,}.{amount % 100:02} {currency}"


def _minute(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"

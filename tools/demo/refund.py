"""The money part of the demo's story: a refund finds its source and is paid once."""

from rich.table import Table

from app.payments.provider.wire import BOOK_PATH
from tools.demo.calls import Calls, Json, Sandbox, both, expect, minute, money, table_of, until_seen


class RefundStory:
    """Lets the merchant agree to a ticket's refund, and shows where the money went."""

    def __init__(self, calls: Calls, ticket: Json, provider: Sandbox) -> None:
        self._calls = calls
        self._console = calls.console
        self._provider = provider
        self._shop = f"/v1/shops/{ticket['shop_id']}"
        self._ticket = f"{self._shop}/tickets/{ticket['ticket_id']}"
        self._key = f"{ticket['shop_id']}/{ticket['ticket_id']}"

    async def play(self) -> None:
        """Pay the refund and show ticket, balances and the provider's book."""
        before = await self._funds()
        await self._agreed()
        await self._balances_shown(before)
        await self._book_shown()
        await self._reconciled()

    async def _agreed(self) -> None:
        self._calls.say(
            "The merchant agrees, and the money finds its source (同意退款)", self._ticket
        )
        await self._calls.post(f"{self._ticket}/agree-to-application", by="merchant")
        ticket = await until_seen(self._refunded, "the refund reached the buyer")
        refund = ticket["refund"]
        amount = ticket["amount"]
        self._console.print(
            f"{money(amount['amount'], amount['currency'])}: {both(refund['status_text'])}, "
            f"{both(refund['type_text'])} (抖店 {refund['doudian_type']}), under the provider's "
            f"reference {refund['provider_reference']}.",
            soft_wrap=True,
        )

    async def _refunded(self) -> Json | None:
        ticket = await self._calls.get(self._ticket, by="merchant")
        refused = ticket["refund"] is not None and ticket["refund"]["status"] == "refused"
        expect(not refused, "the provider pays", ticket)
        return ticket if ticket["state"] == "succeeded" else None

    async def _balances_shown(self, before: Json) -> None:
        self._calls.say("Both sides of the books: what the shop had, and what it has now")
        await until_seen(self._booked, "the books followed")
        after = await self._funds()
        self._console.print(_balances(before, after))

    async def _booked(self) -> Json | None:
        query = {"refund_key": self._key, "kind": "refund_paid"}
        page = await self._calls.get(f"{self._shop}/funds/ledger", by="merchant", params=query)
        return page if page["journals"] else None

    async def _book_shown(self) -> None:
        self._calls.say("The provider's own book has it once", f"{self._provider.url}{BOOK_PATH}")
        lines = [line for line in await self._book() if line["key"] == self._key]
        expect(len(lines) == 1, "the provider paid once", {"lines": lines})
        for line in lines:
            amount = money(line["amount"], line["currency"])
            self._console.print(
                f"No. {line['position']}, {minute(line['paid_at'])}: {line['kind']} of {amount} "
                f"under the key {line['key']}, reference {line['provider_reference']}.",
                soft_wrap=True,
            )

    async def _reconciled(self) -> None:
        path = f"{self._shop}/funds/reconciliation"
        self._calls.say("Provider, ledger and tickets are compared (对账)", path)
        shown = await self._calls.get(path, by="platform")
        expect(not shown["differences"], "nothing differs", shown)
        self._console.print(
            f"{shown['keys']} refunds of the shop, {shown['under_way']} under way: no differences."
        )

    async def _book(self) -> list[Json]:
        shop_id, _, _ = self._key.partition("/")
        lines: list[Json] = []
        after = 0
        while True:
            query = f"?shop_id={shop_id}&limit=200&after={after}"
            page = await self._provider.ask(self._calls.client, BOOK_PATH + query)
            lines += page["entries"]
            if page["next_after"] is None:
                return lines
            after = page["next_after"]

    async def _funds(self) -> Json:
        return await self._calls.get(f"{self._shop}/funds", by="merchant")


async def pay_deposit(calls: Calls, shop_id: str, name: str, amount: int) -> None:
    """Let the shop pay into its deposit, once for each run of the demo."""
    body = {"reference": f"deposit-{name}", "account": "deposit", "amount": amount}
    await calls.post(f"/v1/shops/{shop_id}/funds/top-ups", body, by="platform", key=name)
    calls.console.print(f"{shop_id} pays {money(amount)} into its deposit (保证金).")


def _balances(before: Json, after: Json) -> Table:
    table = table_of("account", "before", "after", "change")
    held = {row["account"]: row["available"] for row in before["accounts"]}
    for row in after["accounts"]:
        was, now = held[row["account"]], row["available"]
        change = money(now - was) if now != was else ""
        table.add_row(row["account"], money(was), money(now), change)
    return table

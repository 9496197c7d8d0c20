"""Doing what the players decide, over HTTP, and holding each answer against what was predicted."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from tools.oracle.expected_view import entry_view, order_view, ticket_view
from tools.oracle.order import PlainOrder
from tools.oracle.requests import Act, Outcome, predict
from tools.oracle.rules import APPLICATIONS
from tools.simulation.actors import Play
from tools.simulation.comparing import Difference, differences
from tools.simulation.report import Tally
from tools.simulation.service import Answer, Service
from tools.simulation.together import side_by_side

NOT_KEPT = frozenset(
    {
        *("order_not_found", "ticket_not_found", "not_found", "version_stale"),
        *("role_not_allowed", "request_invalid"),
    }
)
"""Refusals that are not remembered under an `Idempotency-Key`."""

STRANGER = "stranger"


@dataclass(slots=True, kw_only=True)
class Stage:
    """One shop that requests are sent to. An order whose answers differ gets no more of them."""

    service: Service
    tally: Tally
    shop_id: str
    strangers_shop_id: str
    now: datetime
    lost: set[str] = field(default_factory=set)

    async def perform(self, order: PlainOrder, play: Play) -> None:
        """Send the requests of a play and record what differs from the prediction."""
        if order.order_id in self.lost:
            return
        match play.manner:
            case "racing":
                await self._race(order, play.acts)
            case "once":
                await self._do(order, play.acts[0])
            case "repeated" | "key_reused":
                answer, outcome = await self._do(order, play.acts[0])
                if outcome.code not in NOT_KEPT:
                    await self._again(order, play, answer)
        if play.manner != "once":
            self.tally.manners[play.manner] += 1

    def opened_in_bulk(self, order: PlainOrder, result: dict[str, Any]) -> None:
        """Check one order's result of a bulk opening."""
        act = Act(name="open_after_sales_entry", by="merchant", key="")
        outcome = predict(order, act, self.now)
        expected = {
            "order_id": order.order_id,
            "status": outcome.status,
            "code": outcome.code,
            "failed": outcome.failed_rules,
            "entry": None if outcome.code else entry_view(order.entry),
        }
        got = {**result, "failed": frozenset(rule["code"] for rule in result["failed_rules"])}
        about = self.about(order.order_id)
        self.differ(order.order_id, differences(about, "opened in bulk", expected, got))
        self.count(order, act, outcome)

    def differ(self, order_id: str, found: Sequence[Difference]) -> None:
        """Record differences; no more requests are sent about the order."""
        if found:
            self.lost.add(order_id)
            self.tally.differences += found

    def about(self, order_id: str) -> str:
        """Return the name of an order in a difference."""
        return f"{self.shop_id}/{order_id}"

    async def _do(self, order: PlainOrder, act: Act) -> tuple[Answer, Outcome]:
        answer = await self._send(order, act)
        return answer, self._held(order, act, answer)

    async def _again(self, order: PlainOrder, play: Play, first: Answer) -> None:
        """Send what was sent before, or something else, with the same key."""
        act = play.acts[0]
        if play.manner == "key_reused":
            body = act.body or {}
            act = replace(act, body={name: body[name] for name in reversed(list(body))})
        answer = await self._send(order, act)
        got = {"status": answer.status, "replayed": answer.replayed, "body": answer.body}
        expected = {"status": first.status, "replayed": True, "body": first.body}
        if play.manner == "key_reused":
            expected = {"status": 422, "body": {"code": "idempotency_key_reused"}}
            self.tally.refusals["idempotency_key_reused"] += 1
        field_name = f"{act.name} {play.manner}"
        self.differ(
            order.order_id, differences(self.about(order.order_id), field_name, expected, got)
        )

    async def _race(self, order: PlainOrder, acts: Sequence[Act]) -> None:
        """Send several requests at once; the answers must fit one order of them.

        All ask for the same, so that the order's state does not depend on which is first.
        """
        answers = await side_by_side(self._send(order, act) for act in acts)
        for act, answer in sorted(zip(acts, answers, strict=True), key=_place):
            if order.order_id not in self.lost:
                self._held(order, act, answer)

    async def _send(self, order: PlainOrder, act: Act) -> Answer:
        return await self.service.post(
            act.path(self.shop_id, order.order_id),
            self._credential(order, act),
            act.sent,
            key=f"{order.order_id}.{act.key}",
            if_match=act.if_match,
        )

    def _credential(self, order: PlainOrder, act: Act) -> str:
        credentials = self.service.credentials
        if act.by == "platform":
            return credentials.platform()
        if act.by == "merchant":
            return credentials.merchant(self.strangers_shop_id if act.stranger else self.shop_id)
        return credentials.consumer(self.shop_id, STRANGER if act.stranger else order.buyer_id)

    def _held(self, order: PlainOrder, act: Act, answer: Answer) -> Outcome:
        """Compare an answer with the predicted one, and count it."""
        outcome = predict(order, act, self.now)
        about = self.about(order.order_id)
        found = differences(
            about,
            f"answer to {act.name}",
            {"status": outcome.status, "code": outcome.code, "failed_rules": outcome.failed_rules},
            {"status": answer.status, "code": answer.code, "failed_rules": _failed_in(answer)},
        )
        if not found and outcome.code is None:
            found = differences(about, f"answer to {act.name}", _shown(order, act), answer.body)
        self.differ(order.order_id, found)
        self.count(order, act, outcome)
        return outcome

    def count(self, order: PlainOrder, act: Act, outcome: Outcome) -> None:
        """Count the outcome of a request."""
        self.tally.failed_rules.update(outcome.failed_rules)
        if outcome.code is not None:
            self.tally.refusals[outcome.code] += 1
            if outcome.code == "version_stale":
                self.tally.manners["stale version"] += 1
        elif act.name in APPLICATIONS:
            self.tally.applications[order.tickets[-1].type] += 1
        else:
            self.tally.decisions[act.name] += 1


def _shown(order: PlainOrder, act: Act) -> dict[str, Any]:
    """Return how the answer to something granted must show the order, its entry or its ticket."""
    if act.ticket is not None:
        return ticket_view(order, order.tickets[act.ticket - 1])
    if act.name in APPLICATIONS:
        return ticket_view(order, order.tickets[-1])
    if act.name.startswith("record_"):
        picture = order_view(order)
        del picture["operation_log"]
        return picture
    return {**entry_view(order.entry), "order_id": order.order_id, "version": order.version}


def _failed_in(answer: Answer) -> frozenset[str]:
    rules = answer.body.get("failed_rules") if isinstance(answer.body, dict) else None
    return frozenset(rule["code"] for rule in rules or ())


def _place(done: tuple[Act, Answer]) -> tuple[bool, int]:
    """Put what was granted first, in the order of the versions it led to."""
    answer = done[1]
    granted = answer.status < 400
    return not granted, answer.body["version"] if granted else 0

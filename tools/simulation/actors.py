"""The actors of an order: its consumer, merchant and platform, and what each does next."""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from tools.oracle.decisions import BATCHED, DECISIONS
from tools.oracle.order import PlainOrder
from tools.oracle.requests import Act, sides_of
from tools.oracle.rules import APPLICATION_REJECTIONS, APPLICATIONS
from tools.oracle.ticket import PlainTicket
from tools.simulation.bodies import application, decision
from tools.simulation.personas import CONSUMERS, MERCHANTS, PLATFORM, WEIGHTS, Persona

Manner = Literal["once", "repeated", "key_reused", "racing"]

TICKETS_MAX = 12
"""Applications after which a buyer makes no more."""

_PROBABLY_REFUSED = 0.08
_NOTHING_LEFT = 0.05
"""Probability of an application though nothing is left to apply for."""
_SIDES = ("consumer", "merchant", "platform")


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Requests, and how they are sent.

    ``once``; ``repeated`` with the same key; ``key_reused`` for a second, different body; or
    ``racing``: all acts at once.
    """

    acts: tuple[Act, ...]
    manner: Manner = "once"


@dataclass(slots=True, kw_only=True)
class Cast:
    """The actors of one order, with a random generator of the order alone.

    ``examples``: request bodies by operation. ``tried``: whether the merchant has tried to open the
    entry.
    """

    rng: random.Random
    consumer: Persona
    merchant: Persona
    examples: Mapping[str, Any]
    tried: bool = False
    _keys: int = field(default=0)

    @classmethod
    def drawn(cls, rng: random.Random, examples: Mapping[str, Any]) -> "Cast":
        """Choose the personas."""
        consumer, merchant = rng.choice(CONSUMERS), rng.choice(MERCHANTS)
        return cls(rng=rng, consumer=consumer, merchant=merchant, examples=examples)

    def turn(self, order: PlainOrder, now: datetime) -> Iterator[Play]:
        """Yield what is done now, one after another; the order may change in between."""
        personas = {
            "consumer": self.consumer,
            "merchant": self.merchant,
            "platform": PLATFORM,
        }
        for side in self.rng.sample(_SIDES, len(_SIDES)):
            if self.rng.random() < personas[side].readiness:
                yield from self._sensible(side, order, now, personas[side].likes)
        if self.rng.random() < _PROBABLY_REFUSED:
            yield Play(acts=(self._probably_refused(order),))

    def wants_opened(self, order: PlainOrder, now: datetime) -> bool:
        """Whether the merchant opens this order's entry, or tries to; every one once."""
        if not self.tried:
            self.tried = self.rng.random() < 0.4
            return self.tried
        return self.rng.random() < (0.02 if order.failed_rules(now) else 0.25)

    def opening(self, order: PlainOrder) -> Play:
        """Open one entry."""
        act = self._act("open_after_sales_entry", body={"cost_acknowledged": True})
        if self.rng.random() < 0.3:
            act = replace(act, if_match=order.version - (self.rng.random() < 0.3))
        return self._in_some_manner(act)

    def in_a_batch(self, order: PlainOrder) -> Act | None:
        """Return the merchant's decision on this order for a batch, if any."""
        ticket = order.active
        if ticket is None or self.rng.random() < 0.5:
            return None
        names = [name for name in sorted(BATCHED) if ticket.state in DECISIONS[name].states]
        if not names and self.rng.random() < 0.8:
            return None
        name = self.rng.choice(names or sorted(BATCHED))
        return self._perhaps_versioned(self._decision(name, order, ticket, by="merchant"), ticket)

    def _sensible(
        self, side: str, order: PlainOrder, now: datetime, likes: Mapping[str, float]
    ) -> Iterator[Play]:
        ticket = order.active
        if ticket is not None:
            names = [
                name
                for name, row in DECISIONS.items()
                if side in row.sides and ticket.state in row.states
            ]
            name = self._chosen(names, likes)
            if name is not None:
                act = self._decision(name, order, ticket, by=side)
                yield self._in_some_manner(self._perhaps_versioned(act, ticket))
        if ticket is None or side == "platform":
            act_on_order = _ON_ORDERS[side](self, order, now)
            if act_on_order is not None:
                yield self._in_some_manner(act_on_order)

    def _of_consumer(self, order: PlainOrder, now: datetime) -> Act | None:
        may_apply = order.entry.state == "open" or not order.past_period(now)
        if not order.has_units and self.rng.random() > _NOTHING_LEFT:
            return None
        if may_apply and len(order.tickets) < TICKETS_MAX:
            return self._application(order) if self.rng.random() < 0.7 else None
        if order.entry.state == "closed" and self.rng.random() < 0.3:
            note = self.rng.choice((None, "我还没来得及申请"))
            return self._act("request_entry_reopening", body={"note": note})
        return None

    def _of_merchant(self, order: PlainOrder, _now: datetime) -> Act | None:
        if order.entry.asked_at is None:
            return None
        if self.rng.random() < 0.4:
            return self._act("open_after_sales_entry", body={"cost_acknowledged": True})
        reasons = ("outside_promise", "settled_otherwise", "order_too_old", "other")
        body = {"reason": self.rng.choice(reasons), "note": None}
        return self._act("decline_entry_reopening", body=body)

    def _of_platform(self, order: PlainOrder, now: datetime) -> Act | None:
        """Report the facts of the order that are due: shipment, receipt, settlement."""
        reported = order.reported
        if self.rng.random() < 0.6:
            return None
        if "shipped" not in reported:
            return self._act("record_shipment", body={"shipped_at": _hours_before(now, 3)})
        if "received" not in reported and reported["shipped"] + timedelta(hours=6) < now:
            body = {"confirmed_at": _hours_before(now, 2)}
            return self._act("record_receipt_confirmation", body=body)
        if "settled" not in reported and "received" in reported:
            at = max(reported["received"], now - timedelta(hours=1))
            return self._act("record_settlement", body={"settled_at": at.isoformat()})
        return None

    def _probably_refused(self, order: PlainOrder) -> Act:
        """Return any request at all; most are not allowed."""
        rng = self.rng
        if order.tickets and rng.random() < 0.7:
            ticket = rng.choice(order.tickets)
            name = rng.choice(sorted(DECISIONS))
            act = self._decision(name, order, ticket, by=rng.choice(sorted(sides_of(name))))
            if rng.random() < 0.1:
                act = replace(act, ticket=len(order.tickets) + 1)
        else:
            act = rng.choice(
                (
                    self._application(order),
                    self._act("open_after_sales_entry", body={"cost_acknowledged": True}),
                    self._act("request_entry_reopening", body={"note": None}),
                    self._act("decline_entry_reopening", body={"reason": "other", "note": None}),
                )
            )
        return self._as_another(act)

    def _as_another(self, act: Act) -> Act:
        """Perhaps change the request: another side, another's credential, an unknown field."""
        drawn = self.rng.random()
        if drawn < 0.1:
            return replace(act, by=self.rng.choice(_SIDES))
        if drawn < 0.2 and act.by != "platform":
            return replace(act, stranger=True)
        if drawn < 0.3 and act.body is not None:
            return replace(act, nonsense=True)
        return act

    def _application(self, order: PlainOrder) -> Act:
        name = self.rng.choice(("request_refund", *APPLICATIONS))
        kind = name.removeprefix("request_")
        if kind == "refund":
            kind = self.rng.choice(("refund_only", "return_and_refund"))
        return self._act(name, body=application(kind, order, self.rng))

    def _decision(self, name: str, order: PlainOrder, ticket: PlainTicket, *, by: str) -> Act:
        body = decision(name, order, ticket, self.rng, self.examples)
        act = self._act(name, body=body)
        return replace(act, by=by, ticket=order.tickets.index(ticket) + 1)

    def _perhaps_versioned(self, act: Act, ticket: PlainTicket) -> Act:
        drawn = self.rng.random()
        if drawn < 0.15:
            return replace(act, if_match=ticket.version)
        if drawn < 0.2:
            return replace(act, if_match=ticket.version - 1)
        return act

    def _in_some_manner(self, act: Act) -> Play:
        """Send it once, repeated, with a used key, or at the same time as another."""
        drawn = self.rng.random()
        if drawn < 0.08:
            return Play(acts=(act,), manner="repeated")
        if drawn < 0.11 and len(act.body or ()) > 1:
            return Play(acts=(act,), manner="key_reused")
        if drawn < 0.2 and (act.ticket is not None or act.name in APPLICATIONS):
            return Play(acts=(act, self._rival(act)), manner="racing")
        return Play(acts=(act,))

    def _rival(self, act: Act) -> Act:
        """Return the same decision under another key, perhaps for another reason."""
        rival, body = replace(act, key=self._key()), act.body or {}
        if act.name == "reject_application" and body["reason"] in APPLICATION_REJECTIONS:
            return replace(rival, body={**body, "reason": "other"})
        return rival

    def _chosen(self, names: Sequence[str], likes: Mapping[str, float]) -> str | None:
        weights = [WEIGHTS.get(name, 1) * likes.get(name, 1) for name in names]
        return self.rng.choices([*names, None], [*weights, 1])[0]

    def _act(self, name: str, *, body: Mapping[str, Any] | None) -> Act:
        return Act(name=name, by=min(sides_of(name)), key=self._key(), body=body)

    def _key(self) -> str:
        self._keys += 1
        return str(self._keys)


_ON_ORDERS: Mapping[str, Callable[[Cast, PlainOrder, datetime], Act | None]] = {
    "consumer": Cast._of_consumer,
    "merchant": Cast._of_merchant,
    "platform": Cast._of_platform,
}


def _hours_before(now: datetime, hours: int) -> str:
    return (now - timedelta(hours=hours)).isoformat()

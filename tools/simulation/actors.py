"""Who takes part in an order's story, and what each of them makes up their mind to do next."""

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
from tools.simulation.personas import CONSUMERS, MERCHANTS, PLATFORM, WEIGHTS, Temperament

Manner = Literal["once", "repeated", "key_reused", "racing"]

TICKETS_MAX = 12
"""Applications after which a buyer has had enough."""

_NAUGHTY = 0.08
_STUBBORN = 0.05
"""How often somebody applies who has nothing left to apply for."""
_SIDES = ("consumer", "merchant", "platform")


@dataclass(frozen=True, slots=True, kw_only=True)
class Play:
    """Something done, and in which manner.

    ``once``; ``repeated`` with the same key; ``key_reused`` for a second, different body; or
    ``racing``: all acts at once.
    """

    acts: tuple[Act, ...]
    manner: Manner = "once"


@dataclass(slots=True, kw_only=True)
class Cast:
    """Those who take part in one order's story, drawing lots that no other order's story touches.

    ``tried``: whether the merchant has tried to open the entry.
    """

    lots: random.Random
    consumer: Temperament
    merchant: Temperament
    tried: bool = False
    _keys: int = field(default=0)

    @classmethod
    def drawn(cls, lots: random.Random) -> "Cast":
        """Draw the temperaments."""
        return cls(lots=lots, consumer=lots.choice(CONSUMERS), merchant=lots.choice(MERCHANTS))

    def turn(self, order: PlainOrder, now: datetime) -> Iterator[Play]:
        """Say one after the other what is done now; the order is looked at anew in between."""
        temperaments = {
            "consumer": self.consumer,
            "merchant": self.merchant,
            "platform": PLATFORM,
        }
        for side in self.lots.sample(_SIDES, len(_SIDES)):
            if self.lots.random() < temperaments[side].readiness:
                yield from self._sensible(side, order, now, temperaments[side].likes)
        if self.lots.random() < _NAUGHTY:
            yield Play(acts=(self._naughty(order),))

    def wants_opened(self, order: PlainOrder, now: datetime) -> bool:
        """Whether the merchant opens this order's entry, or tries to; every one once."""
        if not self.tried:
            self.tried = self.lots.random() < 0.4
            return self.tried
        return self.lots.random() < (0.02 if order.failed_rules(now) else 0.25)

    def opening(self, order: PlainOrder) -> Play:
        """Open one entry."""
        act = self._act("open_after_sales_entry", body={"cost_acknowledged": True})
        if self.lots.random() < 0.3:
            act = replace(act, if_match=order.version - (self.lots.random() < 0.3))
        return self._in_some_manner(act)

    def in_a_batch(self, order: PlainOrder) -> Act | None:
        """Return what the merchant decides on this order among many others, if anything."""
        ticket = order.active
        if ticket is None or self.lots.random() < 0.5:
            return None
        names = [name for name in sorted(BATCHED) if ticket.state in DECISIONS[name].states]
        if not names and self.lots.random() < 0.8:
            return None
        name = self.lots.choice(names or sorted(BATCHED))
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
        if not order.has_units and self.lots.random() > _STUBBORN:
            return None
        if may_apply and len(order.tickets) < TICKETS_MAX:
            return self._application(order) if self.lots.random() < 0.7 else None
        if order.entry.state == "closed" and self.lots.random() < 0.3:
            note = self.lots.choice((None, "我还没来得及申请"))
            return self._act("request_entry_reopening", body={"note": note})
        return None

    def _of_merchant(self, order: PlainOrder, _now: datetime) -> Act | None:
        if order.entry.asked_at is None:
            return None
        if self.lots.random() < 0.4:
            return self._act("open_after_sales_entry", body={"cost_acknowledged": True})
        reasons = ("outside_promise", "settled_otherwise", "order_too_old", "other")
        body = {"reason": self.lots.choice(reasons), "note": None}
        return self._act("decline_entry_reopening", body=body)

    def _of_platform(self, order: PlainOrder, now: datetime) -> Act | None:
        """Report what has happened to the order meanwhile."""
        told = order.told
        if self.lots.random() < 0.6:
            return None
        if "shipped" not in told:
            return self._act("record_shipment", body={"shipped_at": _hours_before(now, 3)})
        if "received" not in told and told["shipped"] + timedelta(hours=6) < now:
            body = {"confirmed_at": _hours_before(now, 2)}
            return self._act("record_receipt_confirmation", body=body)
        if "settled" not in told and "received" in told:
            at = max(told["received"], now - timedelta(hours=1))
            return self._act("record_settlement", body={"settled_at": at.isoformat()})
        return None

    def _naughty(self, order: PlainOrder) -> Act:
        """Try anything at all: mostly it is not allowed."""
        lots = self.lots
        if order.tickets and lots.random() < 0.7:
            ticket = lots.choice(order.tickets)
            name = lots.choice(sorted(DECISIONS))
            act = self._decision(name, order, ticket, by=lots.choice(sorted(sides_of(name))))
            if lots.random() < 0.1:
                act = replace(act, ticket=len(order.tickets) + 1)
        else:
            act = lots.choice(
                (
                    self._application(order),
                    self._act("open_after_sales_entry", body={"cost_acknowledged": True}),
                    self._act("request_entry_reopening", body={"note": None}),
                    self._act("decline_entry_reopening", body={"reason": "other", "note": None}),
                )
            )
        return self._spoilt(act)

    def _spoilt(self, act: Act) -> Act:
        """Perhaps ask it as somebody else, or in a form nobody understands."""
        lot = self.lots.random()
        if lot < 0.1:
            return replace(act, by=self.lots.choice(_SIDES))
        if lot < 0.2 and act.by != "platform":
            return replace(act, stranger=True)
        if lot < 0.3 and act.body is not None:
            return replace(act, nonsense=True)
        return act

    def _application(self, order: PlainOrder) -> Act:
        name = self.lots.choice(("request_refund", *APPLICATIONS))
        kind = name.removeprefix("request_")
        if kind == "refund":
            kind = self.lots.choice(("refund_only", "return_and_refund"))
        return self._act(name, body=application(kind, order, self.lots))

    def _decision(self, name: str, order: PlainOrder, ticket: PlainTicket, *, by: str) -> Act:
        body = decision(name, order, ticket, self.lots)
        act = self._act(name, body=body)
        return replace(act, by=by, ticket=order.tickets.index(ticket) + 1)

    def _perhaps_versioned(self, act: Act, ticket: PlainTicket) -> Act:
        lot = self.lots.random()
        if lot < 0.15:
            return replace(act, if_match=ticket.version)
        if lot < 0.2:
            return replace(act, if_match=ticket.version - 1)
        return act

    def _in_some_manner(self, act: Act) -> Play:
        """Do it once, or as people and networks do: again, with a key that is taken, in a race."""
        lot = self.lots.random()
        if lot < 0.08:
            return Play(acts=(act,), manner="repeated")
        if lot < 0.11 and len(act.body or ()) > 1:
            return Play(acts=(act,), manner="key_reused")
        if lot < 0.2 and (act.ticket is not None or act.name in APPLICATIONS):
            return Play(acts=(act, self._rival(act)), manner="racing")
        return Play(acts=(act,))

    def _rival(self, act: Act) -> Act:
        """Return the same decision of a colleague, who may give another reason for it."""
        rival, body = replace(act, key=self._key()), act.body or {}
        if act.name == "reject_application" and body["reason"] in APPLICATION_REJECTIONS:
            return replace(rival, body={**body, "reason": "other"})
        return rival

    def _chosen(self, names: Sequence[str], likes: Mapping[str, float]) -> str | None:
        weights = [WEIGHTS.get(name, 1) * likes.get(name, 1) for name in names]
        return self.lots.choices([*names, None], [*weights, 1])[0]

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

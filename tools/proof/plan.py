"""What is to happen, all of it drawn from one seed: orders, refunds, payments of shops, faults."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from random import Random

SHOPS = 5
CHANNELS = ("alipay", "wechat", "aggregate")
ACCOUNTS = ("cash_alipay", "cash_wechat", "cash_aggregate", "deposit")
DEPOSITS = (0, 3_000, 20_000, 200_000, 2_000_000)
"""What each shop begins with, in minor units: some cannot pay long."""


class Settled(StrEnum):
    """When an order is settled, as seen from its refund."""

    BEFORE = "before"
    BESIDE = "beside"
    """While its refund is on its way."""
    NEVER = "never"


class Fault(StrEnum):
    """What is done to the service."""

    KILL_API = "API killed"
    KILL_WORKER = "worker killed"
    FREEZE_WORKER = "worker frozen beyond its leases"
    KILL_PROVIDER = "provider killed"
    KILL_POSTGRES = "Postgres killed"
    RESTART_POSTGRES = "Postgres restarted"
    CUT_DATABASE = "connections to Postgres cut"
    ABANDON_DATABASE = "connections to Postgres gone without its knowing"
    CUT_PROVIDER = "connections to the provider cut"
    CUT_CLIENTS = "connections of clients cut"


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money a shop pays in, or takes out if below zero, in minor units."""

    reference: str
    account: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedOrder:
    """One order and the refunds its buyer asks for, one after the other, in minor units."""

    shop_id: str
    order_id: str
    buyer_id: str
    channel: str
    paid: int
    refunds: tuple[int, ...]
    overdue: bool
    settled: Settled
    basis_points: tuple[int, int, int]
    """Of talent, agency and service fee."""
    drained_to: int | None
    """How much of its channel's cash the shop leaves there before the merchant agrees."""
    beside: Payment | None
    """What finance reports of the shop while the first refund is on its way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strike:
    """A fault, and what it hits if there are several.

    It comes so many answers of the service after the one before, and then some seconds later, so
    that it meets a service at work however busy the machine is; none are waited for where it is to
    meet one that is still down.
    """

    fault: Fault
    target: int
    after_answers: int
    after_seconds: float
    down_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything the seed decides."""

    seed: int
    shops: Sequence[str]
    deposits: Sequence[Payment]
    """A shop each, in their order."""
    orders: Sequence[PlannedOrder]
    strikes: Sequence[Strike]

    @property
    def refunds(self) -> int:
        """How many refunds are asked for."""
        return sum(len(order.refunds) for order in self.orders)


def make_plan(*, seed: int, refunds: int, faults: int) -> Plan:
    """Draw a plan with so many refunds and faults; every kind of fault comes, if there is room."""
    random = Random(seed)  # noqa: S311 - to be repeatable, not to be unguessable
    shops = [f"shop-{number}" for number in range(1, SHOPS + 1)]
    orders: list[PlannedOrder] = []
    left = refunds
    while left > 0:
        orders.append(_order(random, len(orders) + 1, shops, left))
        left -= len(orders[-1].refunds)
    return Plan(
        seed=seed,
        shops=shops,
        deposits=[
            Payment(reference=f"deposit-of-{shop}", account="deposit", amount=amount)
            for shop, amount in zip(shops, DEPOSITS, strict=True)
        ],
        orders=orders,
        strikes=_strikes(random, faults),
    )


def _order(random: Random, number: int, shops: Sequence[str], left: int) -> PlannedOrder:
    paid = random.randrange(500, 60_000)
    whole = random.random() < 0.4
    first = paid if whole else random.randrange(1, paid)
    again = left > 1 and not whole and random.random() < 0.5
    shop_id = random.choice(shops)
    return PlannedOrder(
        shop_id=shop_id,
        order_id=f"order-{number}",
        buyer_id=f"buyer-{random.randrange(1, 30)}",
        channel=random.choice(CHANNELS),
        paid=paid,
        refunds=(first, random.randrange(1, paid - first + 1)) if again else (first,),
        overdue=random.random() < 0.6,
        settled=random.choices(list(Settled), weights=(5, 3, 2))[0],
        basis_points=random.choice([(1_000, 200, 60), (0, 0, 500), (3_333, 333, 33), (0, 0, 0)]),
        drained_to=random.choice([0, first - 1, first, paid]) if random.random() < 0.4 else None,
        beside=_payment(random, number) if random.random() < 0.5 else None,
    )


def _payment(random: Random, number: int) -> Payment:
    account, amount = random.choice(ACCOUNTS), random.randrange(1, 30_000)
    out = account != "deposit" and random.random() < 0.7
    return Payment(
        reference=f"payment-{number}", account=account, amount=-amount if out else amount
    )


def _strikes(random: Random, faults: int) -> Sequence[Strike]:
    kinds: list[Fault] = []
    while len(kinds) < faults:
        kinds += random.sample(list(Fault), len(Fault))
    return [
        Strike(
            fault=kind,
            target=random.randrange(1_000),
            after_answers=0 if random.random() < 0.2 else random.randrange(10, 40),
            after_seconds=random.uniform(0.0, 0.4),
            down_seconds=random.uniform(0.0, 0.6),
        )
        for kind in kinds[:faults]
    ]

"""The states of a ticket's money: the refund, and after its refusal the advance payouts.

Explored breadth first like the ticket: every command is asked of `decide` in every place.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace
from functools import cache
from types import MappingProxyType
from typing import Any, get_args

from app.domain.order.decide import Accepted, decide
from app.domain.order.evolve import fold
from app.domain.order.payouts import PayoutCommand, StartAdvancePayout
from app.domain.order.refunds import RecordRefundSuccess, RefundCommand
from app.domain.order.state import Order
from app.domain.order.tickets import TicketState, TicketType
from app.domain.payees import PayeeKind, SealedPayee
from app.domain.policy import POLICY, Policy
from app.domain.refunds import FundingSource, PayoutStatus, RefundRefusal, RefundStatus, Shares
from app.domain.rejections import RejectionCode
from tools.checks.states.explore import PAUSE, explore, ticket_of

MoneyCommand = RefundCommand | PayoutCommand
COMMANDS: tuple[type[Any], ...] = (*get_args(RefundCommand), *get_args(PayoutCommand))

ABOVE_LIMIT = replace(POLICY, payout_dual_control_above=0)
"""Under which every payout needs a second person."""

UNFUNDED, REPORTED_BY_FINANCE = "unfunded", "refund_reported_by_finance"

_VALUES: MappingProxyType[str, Any] = MappingProxyType(
    {
        "refund_key": "shop-1/order-1-1",
        "source": FundingSource.ESCROW,
        "insufficient": False,
        "shares": Shares(shop=1_000, talent=0, agency=0, service_fee=0),
        "why": "timeout",
        "refusal": RefundRefusal.BUYER_ACCOUNT_CLOSED,
        "provider_text": "ACCOUNT_CLOSED",
        "provider_reference": "provider-1",
        "payee": SealedPayee(
            kind=PayeeKind.ALIPAY,
            account_masked="138****1234",
            holder_masked="*明",
            sealed="c2VhbGVk",
        ),
        "note": None,
        "requested_by": "agent-1",
        "approved_by": "agent-2",
        "declined_by": "agent-2",
    }
)
"""By the name of a command's field."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyMove:
    """A command that is granted in a place and leads to another, or leaves it where it is."""

    start: str
    end: str
    command: type[Any]
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MoneyLife:
    """All that a ticket's money can go through: places in order of finding, moves, refusals."""

    ends: dict[str, bool]
    """By place, whether the ticket has ended there."""
    moves: tuple[MoneyMove, ...]
    refusals: dict[tuple[type[Any], str], RejectionCode]


@cache
def explore_money() -> MoneyLife:
    """Follow every command from a ticket that waits for its refund."""
    begun = next(
        order
        for place, order in explore(TicketType.REFUND_ONLY).orders.items()
        if place.state is TicketState.REFUNDING
    )
    orders = {place_of(begun): begun}
    queue, moves = deque(orders), dict[MoneyMove, None]()
    refusals: dict[tuple[type[Any], str], RejectionCode] = {}
    while queue:
        start = queue.popleft()
        for command, detail, policy in _asked(orders[start]):
            outcome = decide(command, orders[start], orders[start].updated_at + PAUSE, policy)
            if not isinstance(outcome, Accepted):
                refusals.setdefault((type(command), start), outcome.code)
                continue
            after = fold(orders[start], outcome.all_events)
            assert isinstance(after, Order)  # noqa: S101 - it was registered
            end = place_of(after)
            moves[MoneyMove(start=start, end=end, command=type(command), detail=detail)] = None
            if end not in orders:
                orders[end] = after
                queue.append(end)
    ends = {place: not ticket_of(order).active for place, order in orders.items()}
    return MoneyLife(ends=ends, moves=tuple(moves), refusals=refusals)


def place_of(order: Order) -> str:
    """Return the status of the latest payout, or of the refund if there is none."""
    ticket = ticket_of(order)
    if ticket.last_payout is not None:
        return f"payout_{ticket.last_payout.status.value}"
    if ticket.refund is not None:
        return f"refund_{ticket.refund.status.value}"
    return UNFUNDED if ticket.active else REPORTED_BY_FINANCE


def _asked(order: Order) -> Iterator[tuple[MoneyCommand, str, Policy]]:
    """Return every command as it is valid here, with what is special and the policy."""
    ticket = ticket_of(order)
    last = f"payout-{len(ticket.payouts)}"
    for command in COMMANDS:
        names = {field.name for field in fields(command)}
        values = {**_VALUES, "ticket_id": ticket.ticket_id, "payout_key": last}
        if command is RecordRefundSuccess and ticket.refund is None:
            values |= {"refund_key": None, "provider_reference": None}
        if command is StartAdvancePayout:
            values["payout_key"] = f"payout-{len(ticket.payouts) + 1}"
        made = command(**{name: values[name] for name in names})
        if command is StartAdvancePayout:
            yield made, "", POLICY
            yield made, "above the limit of one person", ABOVE_LIMIT
        else:
            yield made, "", POLICY


def money_section() -> Iterator[str]:
    """Write the section of the page: the diagram, the statuses, the commands."""
    life = explore_money()
    yield "## Refund and advance payout (退款、先行赔付)"
    yield ""
    yield "What happens to the money while a ticket is `refunding`. `refund_` is the status of its"
    yield "refund. Once the provider has refused it, `payout_` is the status of the latest advance"
    yield "payout to another account. The payment worker records the provider's answers."
    yield ""
    yield from _diagram(life)
    yield ""
    yield "| status | | while the ticket is | next |"
    yield "|---|---|---|---|"
    for place, ended in life.ends.items():
        ends = dict.fromkeys(move.end for move in life.moves if move.start == place != move.end)
        after = _places(ends)
        state = TicketState.SUCCEEDED if ended else TicketState.REFUNDING
        yield f"| `{place}` | {_text(place)} | `{state.value}` | {after} |"
    yield ""
    yield "| command | leads on from | changes nothing in | elsewhere refused with |"
    yield "|---|---|---|---|"
    for command in COMMANDS:
        moves = [move for move in life.moves if move.command is command]
        onward = _places(move.start for move in moves if move.start != move.end)
        still = _places(move.start for move in moves if move.start == move.end)
        codes = {code for (kind, _), code in life.refusals.items() if kind is command}
        refused = ", ".join(f"`{code.value}`" for code in RejectionCode if code in codes)
        yield f"| `{_operation(command)}` | {onward} | {still} | {refused or '-'} |"


def _places(places: Iterable[str]) -> str:
    return ", ".join(f"`{place}`" for place in dict.fromkeys(places)) or "-"


def _diagram(life: MoneyLife) -> Iterator[str]:
    labels: dict[tuple[str, str], list[str]] = defaultdict(list)
    for move in life.moves:
        if move.start != move.end:
            label = ", ".join(part for part in (_operation(move.command), move.detail) if part)
            labels[move.start, move.end].append(label)
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {UNFUNDED}"
    for (start, end), said in labels.items():
        yield f"    {start} --> {end} : {'<br/>'.join(said)}"
    for place, ended in life.ends.items():
        if ended:
            yield f"    {place} --> [*]"
    yield "```"


def _text(place: str) -> str:
    known: dict[str, RefundStatus | PayoutStatus] = {
        **{f"refund_{each.value}": each for each in RefundStatus},
        **{f"payout_{each.value}": each for each in PayoutStatus},
    }
    if place in known:
        text = known[place].text
        return f"{text.zh_cn}, {text.en.lower()}"
    if place == UNFUNDED:
        return "待出资, no source of the money chosen yet"
    return "财务登记已退, paid outside of the provider"


def _operation(command: type[Any]) -> str:
    name = command.__name__
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name).lstrip("_")

"""The page itself: diagrams, states, decisions, in Markdown as GitHub shows it."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import timedelta

from app.domain.order.arbitration import WithdrawArbitration
from app.domain.order.commands import TRANSITIONS, TicketDecision
from app.domain.order.tickets import (
    DOUDIAN_CODES,
    FINAL_STATES,
    ArbitrationCause,
    Due,
    DueAction,
    Side,
    TicketState,
    TicketType,
    concerned_by,
    due_in,
)
from app.domain.policy import POLICY
from app.domain.rejections import RejectionCode
from tools.checks.states.explore import BEGAN, Life, Move, explore
from tools.checks.states.money import money_section

ASSISTANT = "assistant"
"""Who decides where no side does: the shop's rules."""

OUTCOMES = {
    DueAction.AGREE: "agreed",
    DueAction.CLOSE: "closed",
    DueAction.CONFIRM_RETURN: "return confirmed",
    DueAction.ESCALATE: "escalated to the platform",
    DueAction.COMPLETE: "completed",
    DueAction.RULE_FOR_BUYER: "ruled for the buyer",
}

Edge = tuple[TicketState, TicketState]

_ACTIVE = frozenset(TicketState) - FINAL_STATES
_ANYWHERE = [command for command, row in TRANSITIONS.items() if row.states == _ACTIVE]

INTRODUCTION = """\
# The states of a ticket

Made by `make states` from the rules: every decision of every side, and every deadline, in every
state that a ticket of each type can reach. `make check` fails when this page is outdated. Do not
edit it.

An arrow says who moves a ticket by which command, or after how long it moves automatically. What
leaves the state as it is, such as a remark, is in the tables only. The flow is the same in and past
the after-sales period. An application modified into another type goes on in that type's flow.
"""


def page() -> str:
    """Return the whole page; the same rules give the same page to the letter."""
    lives = [explore(ticket_type) for ticket_type in TicketType]
    return "\n".join(
        [
            INTRODUCTION,
            *_diagrams(lives),
            *money_section(),
            "",
            "## States",
            "",
            *_states(lives),
            "",
            "## Decisions",
            "",
            *_decisions(lives),
            "",
        ]
    )


def _diagrams(lives: Sequence[Life]) -> Iterator[str]:
    """Draw a diagram for each type, and one for types that do not differ."""
    drawn: dict[tuple[str, ...], list[TicketType]] = defaultdict(list)
    for life in lives:
        drawn[tuple(_diagram(life))].append(life.type)
    for lines, types in drawn.items():
        texts = [ticket_type.text for ticket_type in types]
        names = [texts[0].en, *(text.en.lower() for text in texts[1:])]
        yield f"## {', '.join(names)} ({'、'.join(text.zh_cn for text in texts)})"
        yield ""
        yield from lines
        yield ""


def _diagram(life: Life) -> Iterator[str]:
    labels = _labels([move for move in life.moves if move.start.state is not move.end.state])
    yield "```mermaid"
    yield "stateDiagram-v2"
    yield f"    [*] --> {TicketState.PENDING_MERCHANT.value}"
    for start, end in sorted(labels, key=_order_of_states):
        yield f"    {start.value} --> {end.value} : {'<br/>'.join(labels[start, end])}"
    for state in sorted({end for _, end in labels if end in FINAL_STATES}):
        yield f"    {state.value} --> [*]"
    yield "```"


def _labels(moves: Sequence[Move]) -> dict[Edge, list[str]]:
    """Label each way from state to state; what one label leaves open is added to it."""
    ends: dict[tuple[TicketState, str], set[TicketState]] = defaultdict(set)
    for move in moves:
        ends[move.start.state, _label(move)].add(move.end.state)
    labels: dict[Edge, list[str]] = defaultdict(list)
    for move in moves:
        label = _label(move)
        if len(ends[move.start.state, label]) > 1:
            label += _history(move)
        if label not in labels[move.start.state, move.end.state]:
            labels[move.start.state, move.end.state].append(label)
    return labels


def _history(move: Move) -> str:
    place = move.start
    if move.decision is WithdrawArbitration:
        return ""  # leads back to where it came from, which the arrow shows
    if place.cause is ArbitrationCause.REPLACEMENT_NOT_SHIPPED:
        return ", if escalated"
    return ", if the goods are back" if place.return_settled else ""


def _order_of_states(edge: Edge) -> tuple[int, ...]:
    states = list(TicketState)
    return tuple(states.index(state) for state in edge)


def _label(move: Move) -> str:
    """Say who and what, without any sign that means something to Mermaid."""
    if move.decision is None:
        due = _due_in(move.start.state)
        return f"after {_span(due.at - BEGAN)}, {OUTCOMES[due.action]}"
    parts = [move.side or ASSISTANT, operation_of(move.decision.__name__), move.detail]
    return ", ".join(part for part in parts if part)


def operation_of(command: str) -> str:
    """Return a command's name as operation ids and logs write it."""
    return "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in command).lstrip("_")


def _states(lives: Sequence[Life]) -> Iterator[str]:
    for command in _ANYWHERE:
        who = ", ".join(_sides(command))
        yield f"Until a ticket is final: `{operation_of(command.__name__)}` by {who}."
    yield ""
    yield "| state | 抖店 | who may do what | at the deadline | reminder |"
    yield "|---|---|---|---|---|"
    for state in TicketState:
        text = state.text
        name = f"`{state.value}`<br/>{text.zh_cn}, {text.en.lower()}"
        code, doing = DOUDIAN_CODES[state], _who_may(state)
        yield f"| {name} | {code} | {doing} | {_by_itself(state, lives)} | {_reminder(state)} |"


def _who_may(state: TicketState) -> str:
    if state in FINAL_STATES:
        return "final"
    by_side: dict[str, list[str]] = defaultdict(list)
    for command, row in TRANSITIONS.items():
        for side in _sides(command) if state in row.states and command not in _ANYWHERE else ():
            by_side[side].append(f"`{operation_of(command.__name__)}`")
    sides = [side for side in (*Side, ASSISTANT) if side in by_side]
    return "<br/>".join(f"{side}: {', '.join(by_side[side])}" for side in sides)


def _sides(command: type[TicketDecision]) -> list[str]:
    return sorted(side.value for side in TRANSITIONS[command].sides) or [ASSISTANT]


def _by_itself(state: TicketState, lives: Sequence[Life]) -> str:
    due = due_in(state, BEGAN, POLICY)
    if due is None:
        return "-"
    stopped_by = {
        f"`{operation_of(move.decision.__name__)}` by the {move.side}"
        for life in lives
        for move in life.moves
        if move.decision and move.start.state is move.end.state is state
        if move.start.due and not move.end.due
    }
    ends = {
        f"`{move.end.state.value}`"
        for life in lives
        for move in life.moves
        if move.decision is None and move.start.state is state
    }
    unless = f", unless {' or '.join(sorted(stopped_by))} came first" if stopped_by else ""
    outcome = OUTCOMES[due.action]
    return f"{_span(due.at - BEGAN)}: {outcome}{unless}<br/>leads to {', '.join(sorted(ends))}"


def _reminder(state: TicketState) -> str:
    due = due_in(state, BEGAN, POLICY)
    if due is None or due.remind_at is None:
        return "-"
    return f"{concerned_by(due.action)}, {_span(due.at - due.remind_at)} before"


def _due_in(state: TicketState) -> Due:
    due = due_in(state, BEGAN, POLICY)
    if due is None:
        raise ValueError(f"nothing falls due in {state.value}")
    return due


def _span(span: timedelta) -> str:
    short = span <= timedelta(hours=48)
    return f"{span // timedelta(hours=1)} h" if short else f"{span // timedelta(days=1)} d"


def _decisions(lives: Sequence[Life]) -> Iterator[str]:
    """List each decision; the last column is what was refused where the state itself allowed it."""
    yield "In a final state every decision is refused with `ticket_final`."
    yield ""
    yield "| command | side | taken in | leads to | elsewhere refused with | also refused with |"
    yield "|---|---|---|---|---|---|"
    for command, row in TRANSITIONS.items():
        ends = {move.end.state for life in lives for move in life.moves if move.decision is command}
        also = {
            refusal.code
            for life in lives
            for refusal in life.refusals
            if refusal.decision == command.__name__ and refusal.state in row.states
        }
        cells = (
            f"`{operation_of(command.__name__)}`",
            ", ".join(_sides(command)),
            _names(row.states),
            _names(ends),
            f"`{row.refusal.value}`",
            _codes(code for code in RejectionCode if code in also),
        )
        yield f"| {' | '.join(cells)} |"


def _names(states: Collection[TicketState]) -> str:
    if states == _ACTIVE:
        return "every state but the final ones"
    return _codes(state for state in TicketState if state in states)


def _codes(codes: Iterable[TicketState | RejectionCode]) -> str:
    return ", ".join(f"`{code.value}`" for code in codes) or "-"
